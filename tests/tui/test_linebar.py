"""Lines at the edge of the screen: what gives way where there is little room."""

from __future__ import annotations

from tui.format import header
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
