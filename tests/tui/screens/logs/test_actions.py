"""What is asked of the log: a time, a file, a trace over logs and streams."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis
from textual.events import Key

from agentdash.core.logs.model import Level, LogLine, LogRing
from agentdash.core.queries import TraceFound, TraceOf
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import Message
from collectors.streams import trace as streams_trace
from tests.support import until
from tests.tui import scene
from tests.tui.test_keys import SIZE, board
from tui.format.logs import trace
from tui.screens.dialogs.prompt import Prompt
from tui.screens.factories import line_screen
from tui.screens.logs.actions import moment, write
from tui.widgets.log.pane import LogPane

NOW = int(datetime(2026, 11, 20, 14, 0, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("13:59", "2026-11-20T13:59:00"),
        ("13:59:30", "2026-11-20T13:59:30"),
        ("14:30", "2026-11-19T14:30:00"),
        ("2026-11-18 9:05", "2026-11-18T09:05:00"),
        ("10m", "2026-11-20T13:50:00"),
        ("2 h ago", "2026-11-20T12:00:00"),
        ("25:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_time_as_a_person_says_it(text: str, at: str | None) -> None:
    wanted = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1000) if at else None
    assert moment(text, NOW, UTC) == wanted


def test_what_is_written_is_new_private_and_whole(tmp_path: Path) -> None:
    lines = [
        LogLine("web", 0, NOW, "it broke", at=NOW, level=Level.ERROR, service="shop"),
        LogLine("web", 9, NOW, "at f (a.js:1)", continues=0),
    ]
    write(tmp_path / "a.log", lines, UTC)
    assert (tmp_path / "a.log").read_text() == "14:00:00.000 shop ERROR it broke\n    at f (a.js:1)\n"
    assert stat.S_IMODE((tmp_path / "a.log").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write(tmp_path / "a.log", [], UTC)


async def test_export_asks_where_to_and_says_where(tmp_path: Path) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("6", "x")
        assert isinstance(app.screen, Prompt)
        app.screen.query_one("#answer").value = str(tmp_path / "out.log")  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(lambda: (tmp_path / "out.log").exists() and (tmp_path / "out.log").read_text())
        pane = board(app).pane(Topic.LOGS)
        assert isinstance(pane, LogPane)
        assert len((tmp_path / "out.log").read_text().splitlines()) == len(pane.log_view.lines())


async def test_search_highlights_and_hides_nothing() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        pane = board(app).pane(Topic.LOGS)
        assert isinstance(pane, LogPane)
        await pilot.press("6")
        before = pane.log_view.shown
        word = pane.log_view.lines()[0].message.split()[0]
        await pilot.press("asterisk", *word, "enter")
        await pilot.pause()
        assert pane.log_view.search_text == word
        assert pane.log_view.shown == before
        assert pane.log_view.current_line is not None
        assert word.lower() in pane.log_view.current_line.message.lower()


async def test_a_search_begins_at_the_newest_line_and_esc_ends_it() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        pane = board(app).pane(Topic.LOGS)
        assert isinstance(pane, LogPane)
        await pilot.press("6")
        lines = pane.log_view.lines()
        word = next(
            w for line in lines for w in line.message.split() if sum(w in o.message for o in lines) > 1
        )
        await pilot.press("asterisk", *word, "enter")
        newest = [line for line in lines if word.lower() in line.message.lower()][-1]
        assert pane.log_view.current_line is newest
        assert f"n N: “{word}” · esc: clear" in pane.summary
        await pilot.press("escape")
        assert pane.log_view.search_text == ""
        assert "esc clears" not in pane.summary


async def test_keys_that_are_typed_ahead_are_for_the_pane_that_was_asked_for() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        pane = board(app).pane(Topic.LOGS)
        assert isinstance(pane, LogPane)
        for key in "6k":
            app.post_message(Key(key, key))
        await pilot.pause()
        assert not pane.log_view.following


async def test_a_filter_that_nothing_passes_says_what_can_be_asked() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        pane = board(app).pane(Topic.LOGS)
        await pilot.press("6", "slash", *"level:fatal xyz", "enter")
        words = "".join(text for para in pane.state.notice for text, _ in para.parts)
        assert "matches the filter" in words
        assert "from:web" in words
        await pilot.press("escape")
        assert pane.state.notice == ()


def test_a_line_is_opened_with_its_trace_that_stays() -> None:
    lines = [
        LogLine("web", 0, NOW, "it broke", at=NOW, level=Level.ERROR),
        LogLine("web", 9, NOW, "  at f (a.js:1)", continues=0),
    ]
    store = Store()
    store.logs.extend(lines)
    screen = line_screen(scene.app(), lines[0])
    for _ in range(2):
        words = ["".join(text for text, _ in para.parts).strip() for para in screen._writer(store, NOW)]
        assert words.index("at f (a.js:1)") == words.index("it broke") + 1
        store.logs.extend([LogLine("db", n, NOW, "much") for n in range(store.logs.limit)])


def test_a_trace_weaves_lines_and_entries_by_time() -> None:
    ring = LogRing()
    ring.extend(
        [
            LogLine("web", 0, NOW, "begun", at=NOW, correlation_id="o-7"),
            LogLine("web", 10, NOW + 900, "failed o-7", at=NOW + 900, level=Level.ERROR),
            LogLine("web", 20, NOW + 900, "at f", continues=10),
            LogLine("web", 30, NOW + 950, "other", at=NOW + 950),
        ]
    )
    message = Message(f"{NOW + 500}-0", ((b"order", b"o-7"), (b"password", b"hunter22")))
    found = TraceFound(((b"orders", message),), 10, 1, 1)
    paras = trace.page("o-7", trace.lines_of(ring, "o-7"), found, UTC)
    texts = ["".join(text for text, _ in para.parts) for para in paras]
    assert "3 lines · 1 entry, among the newest 10 of 1 stream" in texts[0]
    assert [next(w for w in ("begun", "orders", "failed", "at f") if w in text) for text in texts[2:]] == [
        "begun",
        "orders",
        "failed",
        "at f",
    ]
    assert "hunter22" not in "".join(texts)


async def test_the_entries_of_all_streams_that_hold_an_id(client: Redis) -> None:
    for number in range(20):
        await client.xadd("orders", {"corr": f"o-{number}", "n": number})
        await client.xadd("bills", {"json": '{"order": "o-7"}' if number == 7 else "{}"})
    await client.set("plain", "o-7")
    query = TraceOf("o-7", (b"orders", b"bills", b"plain", b"gone"), 100)
    found = await streams_trace.trace(client, query, NOW)
    assert [name for name, _ in found.entries] == [b"orders", b"bills"]
    assert (found.scanned, found.streams, found.of) == (40, 3, 4)
