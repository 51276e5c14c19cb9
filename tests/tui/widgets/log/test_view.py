"""The log under keys, mouse, filters and new lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Region

from agentdash.core.logs.model import Level, LogLine, LogRing
from tests.tui.widgets.test_cells import NASTY, stream_actions
from tui.widgets.log.view import LogView

AT = 1732112345000


def line(number: int, message: str | None = None, **more: object) -> LogLine:
    values: dict[str, object] = {"at": AT + number, "level": Level.INFO, "service": "api", **more}
    text = f"line {number}" if message is None else message
    return LogLine(source="f", offset=number, seen_at=AT, message=text, **values)  # type: ignore[arg-type]


def lines(numbers: Iterable[int]) -> list[LogLine]:
    return [line(number) for number in numbers]


def trace(number: int, count: int) -> list[LogLine]:
    return [
        line(number, "TimeoutError", level=Level.ERROR),
        *(line(number + 1 + i, f"at frame {i}", continues=number, level=None, at=None) for i in range(count)),
    ]


class LogApp(App[None]):
    CSS = "LogView { height: 1fr; }"

    def __init__(self, limit: int = 5000) -> None:
        super().__init__()
        self.ring = LogRing(limit)
        self.view = LogView(self.ring, tz=UTC)
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        self.chosen.append(message.line.message)

    def add(self, new: Iterable[LogLine]) -> None:
        self.ring.extend(new)
        self.view.feed()

    def seen(self) -> list[str]:
        size = self.view.size
        strips = self.view.render_lines(Region(0, 0, size.width, size.height))
        return [
            text[29:] if text[:2] == "14" or text[:1] == " " else text
            for s in strips
            if (text := s.text.rstrip())
        ]

    def current(self) -> str | None:
        return self.view.current_line.message if self.view.current_line else None


async def test_it_follows() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add(lines(range(3)))
        await pilot.pause()
        assert app.seen() == ["line 0", "line 1", "line 2"]
        app.add(lines(range(3, 100)))
        await pilot.pause()
        assert app.seen() == [f"line {n}" for n in range(94, 100)]
        assert (app.view.shown, app.view.total) == (100, 100)
        assert app.current() == "line 99"


async def test_paused_nothing_moves_while_lines_come_and_go() -> None:
    app = LogApp(limit=50)
    async with app.run_test(size=(70, 6)) as pilot:
        app.add(lines(range(50)))
        await pilot.press("up")
        assert not app.view.following
        assert app.current() == "line 48"
        seen = app.seen()
        drawn = app.view.painter.repaints
        for first in range(50, 90, 4):
            app.add(lines(range(first, first + 4)))
            await pilot.pause()
            assert app.seen() == seen
        assert app.view.painter.repaints == drawn, "what does not change is not drawn again"
        assert app.view.model.unseen == 40
        assert app.view.model.dropped == 0
        app.add(lines(range(90, 97)))
        await pilot.pause()
        assert app.view.model.dropped == 3
        assert app.seen()[:2] == ["… older lines dropped: 3 (buffer 50)", "line 47"]
        app.add(lines(range(97, 300)))
        await pilot.pause()
        assert (app.view.model.unseen, app.view.model.dropped) == (250, 206)
        assert app.current() == "line 250"
        await pilot.press("G")
        assert app.view.following
        assert (app.view.model.unseen, app.view.model.dropped) == (0, 0)
        assert app.seen()[-1] == "line 299"


async def test_keys_move_by_lines() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add(lines(range(40)))
        for key, at in [
            ("down", 39), ("f", 39), ("k", 38), ("up", 37), ("pageup", 32), ("j", 33), ("pagedown", 38),
            ("down", 39), ("down", 39), ("g", 0), ("up", 0), ("pagedown", 5),
        ]:  # fmt: skip
            await pilot.press(key)
            assert app.current() == f"line {at}", key
            assert f"line {at}" in app.seen()
        await pilot.press("enter")
        await pilot.pause()
        assert app.chosen == ["line 5"]
        await pilot.press("f")
        assert app.view.following


async def test_filters_take_only_new_lines_in() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add([line(0, "a GET"), line(1, "b get", level=Level.WARN), line(2, "c", service="web")])
        app.view.filter_text = "get"
        assert app.seen() == ["a GET", "b get"]
        assert (app.view.shown, app.view.total) == (2, 3)
        app.add([line(3, "d"), line(4, "e get")])
        await pilot.pause()
        assert app.seen() == ["a GET", "b get", "e get"]
        app.view.filter_text = "GET"
        assert app.seen() == ["a GET"]
        app.view.filter_text = "/^. get"
        assert app.seen() == ["a GET", "b get", "e get"]
        app.view.level_filter = Level.WARN
        assert app.seen() == ["b get"]
        app.view.filter_text, app.view.level_filter, app.view.source_filter = "", None, "web"
        assert app.seen() == ["c"]
        app.view.source_filter = "nobody"
        assert app.seen() == []
        assert app.current() is None
        await pilot.press("up", "enter", "space", "n", "e", "g", "pagedown")
        app.view.source_filter = ""
        await pilot.press("G")
        assert len(app.seen()) == 5


async def test_while_paused_only_lines_that_pass_are_counted() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add(lines(range(10)))
        app.view.filter_text = "line"
        await pilot.press("f")
        app.add([line(10), line(11, "other")])
        assert app.view.model.unseen == 1


async def test_a_filter_set_before_it_is_shown_holds() -> None:
    app = LogApp()
    app.ring.extend([line(0, "a"), line(1, "b")])
    app.view.filter_text = "b"
    async with app.run_test(size=(70, 6)) as pilot:
        await pilot.pause()
        assert app.seen() == ["b"]


async def test_traces_fold_and_unfold() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 8)) as pilot:
        app.add([line(0, "before"), *trace(1, 3), line(9, "after")])
        await pilot.pause()
        assert app.seen() == ["before", "TimeoutError  ▸ 3 lines", "after"]
        await pilot.press("up", "space")
        opened = [
            "before",
            "TimeoutError  ▾ 3 lines",
            "  at frame 0",
            "  at frame 1",
            "  at frame 2",
            "after",
        ]
        assert app.seen() == opened
        await pilot.press("down", "down")
        assert app.current() == "at frame 1"
        app.add([line(20, "later")])
        await pilot.pause()
        assert app.seen() == [*opened, "later"]
        await pilot.press("space")
        assert app.current() == "TimeoutError"
        assert app.seen() == ["before", "TimeoutError  ▸ 3 lines", "after", "later"]


async def test_search_goes_round_and_opens_what_it_finds() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add([*lines(range(20)), *trace(20, 3), *lines(range(30, 60))])
        app.view.search_text = "frame 1"
        await pilot.press("n")
        assert app.current() == "at frame 1"
        assert "  at frame 1" in app.seen()
        assert not app.view.action_search_prev() or app.current() == "at frame 1"
        app.view.search_text = "line 3"
        await pilot.press("n")
        assert app.current() == "line 30"
        await pilot.press("N")
        assert app.current() == "line 3"
        await pilot.press("N")
        assert app.current() == "line 39"
        app.view.search_text = "nowhere"
        assert not app.view.action_search_next()
        assert app.current() == "line 39"
        assert app.view.total == app.view.shown == 54


async def test_errors_one_by_one() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add([line(n, level=Level.ERROR if n in {5, 25} else Level.INFO) for n in range(40)])
        for key, at in [("E", 25), ("E", 5), ("E", 25), ("e", 5), ("e", 25)]:
            await pilot.press(key)
            assert app.current() == f"line {at}"
        app.view.source_filter = "nobody"
        assert not app.view.action_next_error()


async def test_wrapping() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 8)) as pilot:
        app.add([line(0, "x" * 60 + "y" * 30), line(1, "世" * 30), line(2, "end")])
        await pilot.press("w")
        width = 70 - 29
        assert app.seen() == [
            "x" * width,
            "x" * (60 - width) + "y" * (2 * width - 60),
            "y" * (90 - 2 * width),
            "世" * (width // 2),
            "世" * (30 - width // 2),
            "end",
        ]
        await pilot.press("up", "up")
        assert app.current() == "x" * 60 + "y" * 30
        await pilot.press("down")
        assert app.current() == "世" * 30
        await pilot.press("w")
        assert len(app.seen()) == 3


async def test_the_mouse() -> None:
    app = LogApp()
    async with app.run_test(size=(70, 6)) as pilot:
        app.add(lines(range(40)))
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollUp], widget=LogView)
        await pilot.pause()
        assert not app.view.following
        assert app.seen()[0] == "line 31"
        app.add(lines(range(40, 50)))
        await pilot.pause()
        assert app.seen()[0] == "line 31"
        await pilot.click(LogView, offset=(40, 2))
        assert app.current() == "line 33"
        await pilot.click(LogView, offset=(40, 2))
        await pilot.pause()
        assert app.chosen == ["line 33"]
        for _ in range(5):
            await pilot._post_mouse_events([MouseScrollDown], widget=LogView)
        await pilot.pause()
        assert app.view.following


async def test_a_narrow_view_still_shows_what_counts() -> None:
    app = LogApp()
    async with app.run_test(size=(120, 6)) as pilot:
        app.add(lines(range(40)))
        await pilot.press("up")
        at = app.current()
        await pilot.resize_terminal(32, 4)
        await pilot.pause()
        assert app.current() == at
        assert all(strip.cell_length == 32 for strip in app.view.render_lines(Region(0, 0, 32, 4)))


async def test_nothing_in_a_line_acts() -> None:
    app = LogApp()
    async with app.run_test(size=(90, 6)) as pilot:
        app.add(
            [
                line(0, NASTY, service=NASTY, correlation_id="\x1b]0;title\x07id"),
                *trace(1, 1),
                line(5, "\x9b31m" * 50),
            ]
        )
        app.view.search_text = "[/x]"
        for _ in range(2):
            await pilot.press("up", "space", "w")
            for strip in app.view.render_lines(Region(0, 0, 90, 6)):
                assert strip.cell_length == 90
                assert not stream_actions(strip.text)
        assert "[/x]" in "".join(app.seen())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=120), max_size=12), st.integers(1, 90), st.booleans())
async def test_every_line_is_as_wide_as_the_view(messages: list[str], width: int, wrap: bool) -> None:
    app = LogApp()
    async with app.run_test(size=(width, 8)) as pilot:
        app.view.wrap = wrap
        app.add([line(n, message, correlation_id=message[:9] or None) for n, message in enumerate(messages)])
        app.view.search_text = "a"
        await pilot.press("up")
        await pilot.pause()
        for strip in app.view.render_lines(Region(0, 0, width, 8)):
            assert strip.cell_length == sum(cell_len(segment.text) for segment in strip) == width
            assert not stream_actions(strip.text)
