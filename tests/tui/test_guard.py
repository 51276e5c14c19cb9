"""A fault in one part of the screen: recorded and said, while everything else goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Static

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tests.support import until
from tests.tui import scene
from tui.app import AgentDash
from tui.faults import KINDS, Faults
from tui.guard import NOT_WHILE_CLOSING
from tui.screens.base import FactScreen
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.widgets.pane import Notice
from tui.widgets.table.pane import ListPane

if TYPE_CHECKING:
    from textual.pilot import Pilot

SIZE = (140, 40)


class Spoilt(Static):
    """Fails whenever it gets a message, or is drawn once it is `broken`."""

    broken = False

    class Poked(Message):
        """Asks for the fault."""

    def on_spoilt_poked(self) -> None:
        """Fail."""
        raise ValueError("token=ghp_0123456789abcdefghijABCDEFGHIJ012345 is wrong")

    def render_line(self, y: int) -> Strip:
        """Fail, if it is broken."""
        if self.broken:
            raise LookupError("no such line")
        return super().render_line(y)


class Spoiling(FactScreen):
    """A screen whose parts fail on demand."""

    facts_fail = False

    def body(self) -> Iterable[Widget]:
        """One widget that fails, one that does not."""
        yield Spoilt("one", id="spoilt")
        yield Static("the other is drawn", id="other")

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Fail, if it shall."""
        del topics, now
        if self.facts_fail:
            raise KeyError("facts")

    def action_spoil(self) -> None:
        """A key that fails."""
        raise RuntimeError("key")


def faults_of(app: AgentDash) -> list[str]:
    """The lines of faults, as they are among the log lines on screen too."""
    return [line.message for line in app.store.logs if line.message.startswith("screen: ")]


def expected(app: AgentDash) -> None:
    """The faults until now belong to the test: others fail it."""
    app._exception = None
    app._exception_event.clear()


def text_of(app: AgentDash) -> str:
    """What is on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def push_spoiling(app: AgentDash) -> Spoiling:
    """A screen whose parts fail, over a program that has started: before that a fault ends it."""
    await until(lambda: app.started, what="it has started")
    screen = Spoiling()
    await app.push_screen(screen)
    return screen


async def failing(app: AgentDash, pilot: Pilot[int], spoil: Callable[[], object], what: str) -> None:
    """Do what fails, and see that it is recorded and nothing else happens."""
    before = app.faults.count
    spoil()
    await until(lambda: app.faults.count > before, what=what)
    expected(app)
    await pilot.pause()
    assert app.is_running
    assert what in faults_of(app)[-1]


async def test_every_widget_is_guarded_its_scrollbars_too() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "enter")
        await pilot.pause()
        widgets = [*app.screen.walk_children(with_self=True)]
        widgets += [bar for widget in widgets for bar in widget._get_virtual_dom()]
        assert len(widgets) > 15
        for widget in widgets:
            assert {"_dispatch_message", "_flush_next_callbacks", "render_lines"} <= vars(widget).keys(), (
                widget
            )


async def test_no_part_that_fails_ends_the_program() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await push_spoiling(app)
        spoilt = screen.query_one(Spoilt)

        async def work() -> None:
            raise OSError("work")

        def now() -> None:
            raise TypeError("timer")

        def called() -> None:
            raise ZeroDivisionError("called")

        def later() -> None:
            raise AssertionError("later")

        await failing(
            app, pilot, lambda: spoilt.post_message(Spoilt.Poked()), "Spoiling Spoilt#spoilt: ValueError"
        )
        assert "ghp_0123456789" not in "".join(faults_of(app)), "no secret is written"
        assert "tests/tui/test_guard.py" in faults_of(app)[-1], "the place in the code is"
        await failing(app, pilot, lambda: app.run_worker(work()), "OSError: work")
        await failing(app, pilot, lambda: screen.set_timer(0.01, now), "TypeError: timer")
        await failing(app, pilot, lambda: spoilt.call_after_refresh(later), "AssertionError: later")
        await failing(
            app, pilot, lambda: app.call_later(app.run_action, "spoil", screen), "RuntimeError: key"
        )
        await failing(app, pilot, lambda: spoilt.call_later(called), "ZeroDivisionError: called")
        assert any("a part of agentdash failed" in toast.message for toast in app._notifications)
        seen = app.faults.count
        spoilt.post_message(Spoilt.Poked())
        await until(lambda: app.faults.count > seen, what="it still gets messages")
        expected(app)
        await pilot.press("escape")
        assert isinstance(app.screen, Board)


async def test_what_cannot_be_drawn_says_so_and_the_rest_is_drawn() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await push_spoiling(app)
        spoilt = screen.query_one(Spoilt)
        spoilt.broken = True
        spoilt.refresh()
        await until(lambda: "cannot be drawn: LookupError: no such line" in text_of(app), what="it says so")
        expected(app)
        assert "the other is drawn" in text_of(app)
        count = app.faults.count
        for _ in range(5):
            await pilot.pause()
        assert app.faults.count < count + 10, "it is drawn when all is, not again and again"
        spoilt.broken = False
        spoilt.refresh()
        await until(lambda: "cannot be drawn" not in text_of(app), what="it is drawn again")
        expected(app)


async def test_a_pane_that_fails_says_so_until_it_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        board = app.board
        runs, streams = board.pane(Topic.RUNS), board.pane(Topic.STREAMS)
        assert isinstance(runs, ListPane)
        assert isinstance(streams, ListPane)
        lister = runs._lister

        def spoilt(store: Store, now: int, view: object) -> None:
            raise OverflowError("a number of 400 digits")

        monkeypatch.setattr(runs, "_lister", spoilt)
        shown = len(streams.table.rows)
        board.update(frozenset(Topic), app.now())
        expected(app)
        await pilot.pause()
        words = "".join(text for para in runs.query_one(Notice).paras for text, _ in para.parts)
        assert words.startswith("✗ this pane failed: OverflowError: a number of 400 digits")
        assert "agentdash.log" in words
        assert len(streams.table.rows) == shown
        monkeypatch.setattr(runs, "_lister", lister)
        board.update(frozenset(Topic), app.now())
        await pilot.pause()
        assert "failed" not in str(runs.border_subtitle)
        expected(app)


async def test_a_screen_that_fails_says_so_until_it_works_again() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await push_spoiling(app)
        screen.facts_fail = True
        screen.update(frozenset(Topic), app.now())
        expected(app)
        await pilot.pause()
        assert "this screen failed: KeyError: 'facts'" in text_of(app)
        screen.facts_fail = False
        screen.update(frozenset(Topic), app.now())
        await pilot.pause()
        assert "failed" not in text_of(app).splitlines()[0]
        expected(app)


async def test_a_start_that_fails_ends_with_words_and_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    still = scene.app()
    app = AgentDash(still.engine, zone=still.zone, opening=True)

    def body(_board: Board) -> Iterable[Widget]:
        raise ValueError("no board")

    monkeypatch.setattr(Board, "body", body)
    with pytest.raises(ValueError, match="no board"):
        async with app.run_test(size=SIZE):
            await until(lambda: not app.is_running, what="the end")
    assert app.return_code == 1
    assert "agentdash cannot start: ValueError: no board" in capsys.readouterr().err


async def test_a_question_is_answered_once_and_nothing_beneath_it_closes() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        beneath = Spoiling()
        await app.push_screen(beneath)
        answers: list[bool | None] = []
        question = Confirm("Sure?", (), yes="Yes")
        await app.push_screen(question, answers.append)
        button = question.query_one("#no", Button)
        for _ in range(3):
            button.post_message(Button.Pressed(button))
        await until(lambda: app.screen is beneath, what="it is closed")
        await pilot.pause()
        assert app.screen is beneath
        assert answers == [False]


def test_repeats_are_counted_and_kinds_are_bounded() -> None:
    lines: list[str] = []
    clock = [0.0]
    faults = Faults(lambda _actor, text, _ok: lines.append(text), lambda: clock[0])

    def fail(error: Exception) -> bool:
        return faults.record(error, "here").fresh

    assert [fail(ValueError("x")) for _ in range(25)] == [True, *[False] * 24]
    assert [line.partition(" | ")[2] for line in lines[1:]] == ["seen 10 times"]
    clock[0] = 61.0
    assert fail(ValueError("x"))
    for number in range(2 * KINDS):
        fail(type(f"Fault{number}", (Exception,), {})("x\x1b[31m\n" + "y" * 10_000))
    assert len(faults._seen) == KINDS + 1
    assert len(lines) < KINDS + 5
    assert all(len(line) < 2048 and "\x1b" not in line and "\n" not in line for line in lines)
    assert faults.count == 26 + 2 * KINDS


def test_the_end_of_a_screen_gets_its_events() -> None:
    from textual import events

    assert not issubclass(events.Unmount, NOT_WHILE_CLOSING)
    assert issubclass(events.Key, NOT_WHILE_CLOSING)


async def test_crop_of_what_cannot_be_drawn_fits() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE):
        screen = await push_spoiling(app)
        spoilt = screen.query_one(Spoilt)
        spoilt.broken = True
        spoilt.refresh()
        lines = spoilt.render_lines(Region(3, 0, 20, 2))
        assert [line.cell_length for line in lines] == [20, 20]
        expected(app)
