"""Lines at the edge of the screen: what gives way where there is little room."""

from __future__ import annotations

from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tui.format.board import header
from tui.widgets.linebar import LineBar, Word

STEPS = ("Streams", "orders", "billing", "billing-1", "1732112345118-0")


def said(word: Word) -> str:
    return "".join(text for text, _ in word.parts)


def test_a_trail_keeps_its_end_and_what_it_is_about() -> None:
    whole = header.trail(STEPS, "docs-sweep")
    told = {room: said(whole.within(room)) for room in (90, 64, 50, 40, 30, 10)}
    assert told == {
        90: "docs-sweep ⇢ Streams › orders › billing › billing-1 › 1732112345118-0",
        64: "Streams › orders › billing › billing-1 › 1732112345118-0",
        50: "orders › billing › billing-1 › 1732112345118-0",
        40: "orders › … › billing-1 › 1732112345118-0",
        30: "orders › … › 1732112345118-0",
        10: "… › 1732112345118-0",
    }
    assert said(header.trail(("Runs",)).within(2)) == "Runs"


def test_light_words_give_way_first_and_heavy_ones_stay() -> None:
    def key(name: str, weight: int = 1) -> Word:
        return Word(((name, ""),), weight=weight)

    words = (key("esc back", 2), key("p pause", 0), key("o open"), key("a needs me"), key("? help", 2))
    bar = LineBar()

    def shown(room: int) -> list[str]:
        return [text for text, _ in bar._join(words, room) if text.strip()]

    assert shown(80) == ["esc back", "p pause", "o open", "a needs me", "? help"]
    assert shown(38) == ["esc back", "o open", "a needs me", "? help"]
    assert shown(30) == ["esc back", "o open", "? help"]
    assert shown(16) == ["esc back", "? help"]


def test_runs_at_a_glance_are_those_of_now() -> None:
    now, hour = 1_732_112_345_000, 3_600_000
    found = (
        Run("a", "a", status=RunStatus.RUNNING),
        Run("b", "b", status=RunStatus.UNKNOWN, status_text="dancing"),
        Run("c", "c", status=RunStatus.FAILED, ended_at=now - hour + 1),
        Run("d", "d", status=RunStatus.FAILED, ended_at=now - hour),
        Run("e", "e", status=RunStatus.COMPLETED),
    )
    store = Store()
    store.put(Topic.RUNS, RunsSnapshot(now, "box", found, len(found)))
    word = header.runs(store, now)
    assert word is not None
    assert said(word) == "runs 1 ● 1 ? 1 ✗"
