"""The screen of a run: each key, each view, what it reads and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.clock import ManualClock
from agentdash.core.commands import Command, ControlRun, Outcome
from agentdash.core.queries import Query, RunEventsOf, WhyOf
from agentdash.core.repos.queries import RepoDiffQuery
from agentdash.core.runs import event as ev
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed
from agentdash.core.runs.model import ControlAction, RunEvent, RunStatus
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.streams.model import Consumer
from tests.support import until
from tests.tui import run_scene, scene
from tui.actions import actions_on
from tui.app import AgentDash
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.screens.page import PageScreen
from tui.screens.runs import feed as run_feed
from tui.screens.runs.screen import RunScreen
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Document
from tui.widgets.footer import Footer
from tui.widgets.linebar import LineBar
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup

WIDE, NARROW = (120, 40), (80, 24)
OPEN = ["1", "j", "j", "enter"]
"""To the run that works in a repository."""


def screen(app: AgentDash) -> RunScreen:
    assert isinstance(app.screen, RunScreen)
    return app.screen


def text(app: AgentDash, name: str) -> str:
    return "\n".join(
        "".join(part for part, _ in para.parts) for para in app.screen.query_one(name, Document).paras
    )


def words(app: AgentDash, name: str) -> str:
    bar = app.screen.query_one(name, LineBar)
    return " ".join("".join(part for part, _ in word.parts) for word in bar.left)


def table(app: AgentDash, name: str) -> list[str]:
    rows = app.screen.query_one(name, LineTable).rows
    return [" ".join(cell.plain.strip() for cell in row.cells if cell.plain.strip()) for row in rows]


def toasts(app: AgentDash) -> str:
    return " | ".join(toast.message for toast in app._notifications)


def asked(app: AgentDash, kind: type[Query]) -> list[Query]:
    return [query for query in app.engine.asked if isinstance(query, kind)]  # type: ignore[attr-defined]


def many(count: int, at: int = 1_000) -> list[RunEvent]:
    return [RunEvent(f"{at + n}-0", ev.OUTPUT, at + n, 1, {"text": f"line {n}\n"}) for n in range(count)]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """The commands that the screens ask the engine for."""
    asked: list[Command] = []

    async def dispatch(_engine: object, command: Command) -> Outcome:
        asked.append(command)
        return Outcome(True, "done")

    monkeypatch.setattr(scene.StillEngine, "dispatch", dispatch)
    return asked


async def test_a_run_at_a_glance() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        await until(lambda: len(table(app, "#events-table")) > 30, what="events")
        assert "running turn 4/10" in words(app, "#run-state")
        assert "1.5k/min" in words(app, "#run-state")
        assert "web fix-auth" in words(app, "#run-state")
        assert "edit src/auth/token.py" in words(app, "#run-doing")
        turns = table(app, "#turns-table")
        assert len(turns) == 4
        assert "running" in turns[0]
        assert turns[1].startswith("3 ✗")
        assert turns[1].endswith("1 1")
        assert "3 failed 39 passed" in turns[2]
        assert "1m03" in turns[2]
        assert "38 passed" in turns[3]
        assert screen(app).focused is screen(app).query_one("#events-table")


async def test_each_view_has_its_facts() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "m")
        await until(lambda: "a worker holds the lock" in text(app, "#why-page"), what="the facts")
        assert "making progress" in text(app, "#why-page")
        await pilot.press("v")
        assert table(app, "#files-table")[0] == "rw· src/auth/token.py 7 4 0.9s"
        await pilot.press("v")
        assert [line.split()[:4] for line in table(app, "#tests-table")][1] == ["2", "2m19", "39", "3"]
        await pilot.press("v")
        assert "run-fix-auth-refresh" in text(app, "#run-page")
        await pilot.press("d")
        await until(lambda: len(table(app, "#diff-table")) > 20, what="the diff")
        assert table(app, "#diff-table")[0] == "src/auth/token.py"
        assert "? notes.md" in table(app, "#diff-table")
        assert "2 files · +8 −2 · 2 untracked" in screen(app).main.summary
        await pilot.press("l")
        log = screen(app).query_one("#run-log", LogView)
        await until(lambda: log.shown, what="the log")
        assert [line.message for line in log.lines()] == ["refresh: expired tokens are refused"]


async def test_output_is_text_and_half_a_line_is_shown_when_nothing_follows() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "v")
        view = screen(app).query_one("#run-output", LogView)
        await until(lambda: any(line.message == "looking at test_refresh" for line in view.lines()))
        assert [line.message for line in view.lines()][:3] == [
            "── turn 1 ──",
            "mending turn 1",
            "ran ruff: ok",
        ]
        assert {line.service for line in view.lines()} == {"turn", "stdout", "stderr"}
        await pilot.press("f")
        assert not view.following
        assert "paused" in screen(app).main.summary


async def test_events_follow_and_hold() -> None:
    app = run_scene.app()
    engine = app.engine
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        events = screen(app).query_one("#events-table", LineTable)
        await until(lambda: len(events.rows) > 30, what="events")
        assert events.cursor_row == len(events.rows) - 1

        def more(number: int) -> None:
            engine.told.append(RunEvent(f"{scene.NOW + number}-0", ev.OUTPUT, scene.NOW, 4, {"text": "x\n"}))  # type: ignore[attr-defined]
            runs = run_scene.runs()
            changed = replace(runs.runs[0], events=40 + number)
            app.store.put(Topic.RUNS, replace(runs, runs=(changed, *runs.runs[1:])))

        more(1)
        await until(lambda: events.rows[-1].key == f"{scene.NOW + 1}-0", what="the new event")
        assert events.cursor_key == f"{scene.NOW + 1}-0"
        await pilot.press("k")
        held = events.cursor_key
        more(2)
        await until(lambda: events.rows[-1].key == f"{scene.NOW + 2}-0", what="the next one")
        assert events.cursor_key == held
        assert "paused" in screen(app).main.summary
        await pilot.press("f")
        assert events.cursor_key == f"{scene.NOW + 2}-0"


async def test_a_run_at_rest_is_not_read_again() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        await until(lambda: len(table(app, "#events-table")) > 30, what="events")
        before = len(asked(app, RunEventsOf))
        for _ in range(3):
            app.screen.update(frozenset(Topic), scene.NOW)  # type: ignore[attr-defined]
            await pilot.pause()
        assert len(asked(app, RunEventsOf)) == before


async def test_opening_reads_one_page_and_older_ones_on_demand() -> None:
    app = run_scene.app(many(10_000))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        await until(lambda: table(app, "#events-table"), what="events")
        assert len(table(app, "#events-table")) == run_feed.FIRST
        assert asked(app, RunEventsOf)[0] == RunEventsOf("run-fix-auth-refresh", None, run_feed.FIRST)
        assert "b: older" in screen(app).main.summary
        await pilot.press("b")
        expected = run_feed.FIRST + run_feed.OLDER
        await until(lambda: len(table(app, "#events-table")) == expected, what="older events")
        events = screen(app).query_one("#events-table", LineTable)
        assert [row.key for row in events.rows[:2]] == ["8500-0", "8501-0"]
        await pilot.press("v")
        output = screen(app).query_one("#run-output", LogView)
        await until(lambda: output.shown == expected, what="their output")
        assert output.lines()[0].message == "line 7500"
        for _ in range(4):
            await pilot.press("b")
            await until(lambda: not screen(app)._busy, what="the page")
        assert output.shown == 10_000
        assert len(screen(app).model.feed.rows) == 10_000
        await pilot.press("b")
        assert "no older events" in toasts(app)


async def test_the_events_held_are_bounded_and_what_goes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_feed, "KEPT", 600)
    feed = run_feed.RunFeed("r", None)
    engine = run_scene.app(many(500)).engine
    await feed.read_new(engine.ask)
    engine.told += many(300, at=5_000)  # type: ignore[attr-defined]
    fresh = await feed.read_new(engine.ask)
    assert (len(fresh), len(feed.events), len(feed.rows), feed.dropped) == (300, 540, 540, 260)
    assert feed.events[0].id == feed.rows[0].key == "1260-0"
    assert not await feed.read_older(engine.ask)


async def test_enter_opens_the_event_the_turn_and_the_hunk() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        await until(lambda: len(table(app, "#events-table")) > 30, what="events")
        await pilot.press("enter")
        assert isinstance(app.screen, PageScreen)
        assert "/projects/web/src/auth/token.py" in text(app, "#page")
        await pilot.press("escape")
        screen(app).query_one("#turns-table").focus()
        await pilot.press("g", "j", "enter")
        await pilot.pause()
        cursor = screen(app).query_one("#events-table", LineTable).cursor_key
        event = screen(app).model.feed.event(cursor)
        assert event is not None
        assert (event.type, event.turn) == (ev.TURN_STARTED, 3)
        await pilot.press("d")
        await until(lambda: len(table(app, "#diff-table")) > 20, what="the diff")
        await pilot.press("j", "j", "enter")
        assert isinstance(app.screen, PageScreen)
        assert "+            raise Expired(self.subject)" in text(app, "#page")


async def test_from_a_run_to_its_repository_and_back() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "o")
        assert app.screen.trail[:2] == ("Repos", "web")  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)
        await pilot.press("escape", "o")
        assert app.screen.trail[:2] == ("Repos", "web")
        await pilot.press("escape", "g", "o")
        assert isinstance(app.screen, Board)
        assert "is in no watched repository" in toasts(app)


@pytest.mark.parametrize(("key", "view"), [("m", "why"), ("l", "log")])
async def test_from_the_pane_into_a_view(key: str, view: str) -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1", "j", "j", key)
        await pilot.pause()
        assert view in {screen(app).main.current, screen(app).side.current}
        await pilot.press("escape")
        assert isinstance(app.screen, Board)


async def test_zoom_and_back() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "d", "z")
        await pilot.pause()
        assert not screen(app).query_one("#run-side").display
        assert screen(app).main.size.width > 110
        await pilot.press("m")
        await pilot.pause()
        assert screen(app).side.size.width > 110
        assert not screen(app).main.size.width
        await pilot.press("escape")
        await pilot.pause()
        assert 0 < screen(app).side.size.width < 60
        assert screen(app).main.size.width


async def test_on_a_narrow_terminal_the_key_goes_through_all_views() -> None:
    app = run_scene.app()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press(*OPEN)
        seen = []
        for _ in range(8):
            tabs = screen(app).side if screen(app).has_class("-side") else screen(app).main
            assert tabs.size.width > 70
            seen.append(tabs.current)
            await pilot.press("v")
            await pilot.pause()
        assert seen == ["events", "output", "log", "diff", "facts", "why", "files", "tests"]
        await pilot.press("m")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert screen(app).main.display
        await pilot.press("escape")
        assert isinstance(app.screen, Board)


async def test_the_names_in_the_border_can_be_clicked() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        await pilot.pause()
        tabs = screen(app).main
        await pilot.click(offset=(tabs.region.x + 14, tabs.region.y))
        await pilot.pause()
        assert tabs.current == "output"


async def test_keys_of_the_footer_can_be_clicked(sent: list[Command]) -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1", "j")
        await pilot.pause()
        line = app.screen._compositor.render_strips()[39].text
        await pilot.click(offset=(line.index("p pause"), 39))
        await pilot.pause()
        assert [command.action for command in sent if isinstance(command, ControlRun)] == [
            ControlAction.PAUSE
        ]


async def test_an_orphan_says_what_can_be_done(sent: list[Command]) -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1", "enter")
        await pilot.pause()
        assert "worker last seen 1m35 ago" in words(app, "#run-doing")
        assert "process 41009 still running" in words(app, "#run-doing")
        footer = " ".join(part for word in app.screen.query_one(Footer).left for part, _ in word.parts)
        assert footer.startswith("esc  back F  mark failed K  end its process")
        await pilot.press("K")
        assert isinstance(app.screen, Confirm)
        assert app.focused is not None
        assert app.focused.id == "no"
        await until(lambda: "41009" in text(app, "#plan"), what="the plan")
        assert "worker last seen 1m35 ago" in text(app, "#plan")
        await pilot.press("enter")
        assert sent == []
        await pilot.press("K", "tab", "enter")
        await pilot.press("F", "tab", "enter")
        await until(lambda: len(sent) == 2, what="the commands")
        assert sent == [
            EndOrphanChild("run-web-checkout", "dashboard", 41_009, scene.NOW - 170_000),
            MarkOrphanFailed("run-web-checkout", "dashboard", RunStatus.RUNNING),
        ]


async def test_what_is_no_orphan_is_left_alone(sent: list[Command]) -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "F", "K")
        assert isinstance(app.screen, RunScreen)
        assert "fix-auth-refresh has a worker: cancel it instead" in toasts(app)
        assert "is not orphaned" in toasts(app)
        assert sent == []


async def test_read_only_changes_nothing(sent: list[Command]) -> None:
    app = run_scene.app(read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1", "enter", "F", "K", "X", "p")
        assert isinstance(app.screen, RunScreen)
        bound = [action for _, action in actions_on(app.screen)]
        assert "run.why" in {action.id for action in bound}
        assert not any(action.changes_world for action in bound)
        assert sent == []


async def test_long_lines_of_the_diff_wrap_or_are_shifted() -> None:
    app = run_scene.app()
    long = "+" + " ".join(f"word{number}" for number in range(40))
    app.engine.diff = ["diff --git a/x b/x", "@@ -1 +1 @@", long]  # type: ignore[attr-defined]
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "d")
        await until(lambda: len(table(app, "#diff-table")) >= 3, what="the diff")
        await until(lambda: "w wraps" in app.screen.query_one("#run-main", TabGroup).summary, what="the hint")
        await pilot.press("right")
        shifted = table(app, "#diff-table")[2]
        assert shifted.endswith("+" + long[1:][16:])
        await pilot.press("left", "w")
        rows = app.screen.query_one("#diff-table", LineTable).rows
        pieces = [row.cells[2].text for row in rows if "word" in row.cells[2].text]
        assert len(pieces) > 2
        assert "".join(pieces).replace(" ", "") == long.replace(" ", "")
        await pilot.press("j", "j", "j", "enter")
        assert isinstance(app.screen, PageScreen)
        assert "word39" in text(app, "#page")
        await pilot.press("escape", "w")
        assert table(app, "#diff-table")[2].endswith(long)


async def test_from_a_run_to_the_message_that_it_holds_and_back(sent: list[Command]) -> None:
    app = run_scene.app()
    found, runs = app.store.streams, app.store.runs
    assert found is not None
    assert runs is not None
    run = next(run for run in runs.runs if run.title == "fix-auth-refresh")
    stream = next(stream for stream in found.streams if stream.groups)
    mine = Consumer(run.id.encode(), 2, 40_000)
    group = replace(stream.groups[0], consumers=(mine, *stream.groups[0].consumers))
    app.store.put(Topic.STREAMS, replace(found, streams=(replace(stream, groups=(group,)),), judgements=()))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "j", "j", "c")
        shown = [row.cells[0].text for row in app.screen.query_one("#menu-table", LineTable).rows]
        assert shown[0].startswith(f"message  {as_text(stream.name)} › {as_text(group.name)}")
        assert any(words.startswith("log ") for words in shown)
        await pilot.press("enter")
        screen = app.screen
        assert isinstance(screen, StreamScreen)
        await until(lambda: screen.consumers.current == mine.name, what="the consumer")
        assert screen.came_from == "fix-auth-refresh"
        header = "".join(part for word in screen.query_one("#header", LineBar).left for part, _ in word.parts)
        assert "fix-auth-refresh ⇢ Streams › " in header
        await pilot.press("c")
        links = [row.cells[0].text for row in app.screen.query_one("#menu-table", LineTable).rows]
        assert links[0] == "run      fix-auth-refresh"
        await pilot.press("enter")
        assert isinstance(app.screen, RunScreen)
        assert len(app.screen_stack) == 2
        here = app.screen
        await pilot.press("a")
        assert app.screen is not here
        assert app.screen.came_from == "fix-auth-refresh"  # type: ignore[attr-defined]
        assert "1 of " in toasts(app)
        first = app.screen
        await pilot.press("a")
        assert app.screen not in {here, first}, "the next one"
        assert len(app.screen_stack) == 3, "in the place of the first"
        await pilot.press("escape")
        assert app.screen is here, "one comes back to where one was"
        assert sent == []


async def test_a_group_gets_a_plan_that_says_what_is_left_out(sent: list[Command]) -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1", *["space"] * 6, "p")
        assert isinstance(app.screen, Confirm)
        await until(lambda: "Skipped" in text(app, "#plan"), what="the plan")
        plan = text(app, "#plan")
        assert "Skipped: 3 runs" in plan
        assert "docs-sweep is paused: only a running run can be paused" in plan
        assert "bump-deps is failed" in plan
        await pilot.press("tab", "enter")
        await until(lambda: len(sent) == 3, what="the commands")
        await until(lambda: "requested for 3 runs" in toasts(app), what="one toast for all")


async def test_kinds_of_runs_by_one_key() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1")
        pane = app.screen.query_one("#runs")
        seen = []
        for _ in range(4):
            await pilot.press("v")
            seen.append((pane.summary, len(table(app, "#runs-table"))))  # type: ignore[attr-defined]
        assert seen == [
            ("5 of 7 · only live · esc: clear", 5),
            ("1 of 7 · only needs you · esc: clear", 1),
            ("2 of 7 · only finished · esc: clear", 2),
            ("7 · 5 live · 1 needs you", 7),
        ]
        await pilot.press("v", "escape")
        assert len(table(app, "#runs-table")) == 7


async def test_what_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    app = run_scene.app()

    async def refuse(_query: Query) -> None:
        raise SourceError("the server at redis://localhost:6379 refuses connections")

    monkeypatch.setattr(app.engine, "ask", refuse)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)

        def notice() -> str:
            return "".join(part for para in screen(app).main.state.notice for part, _ in para.parts)

        await until(lambda: "refuses connections" in notice(), what="the error")
        await pilot.press("m")
        await until(lambda: "refuses connections" in text(app, "#why-page"), what="the error")
        await pilot.press("d")
        await until(lambda: "refuses connections" in notice(), what="the error")


async def test_why_it_does_not_move_ages_with_the_header() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN, "m")
        await until(lambda: "0.9s ago" in text(app, "#why-page"), what="the answer")
        clock = app.engine.clock
        assert isinstance(clock, ManualClock)
        clock.advance(1)
        screen(app).update(frozenset({Topic.RUNS}), app.now())
        assert "1s ago" in text(app, "#why-page")
        assert "0.9s ago" not in text(app, "#why-page")


async def test_a_run_that_is_gone() -> None:
    app = run_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        app.store.put(Topic.RUNS, replace(scene.runs(), runs=(), total=0))
        await until(lambda: "deleted from the store" in words(app, "#run-state"), what="that it is gone")
        await pilot.press("p", "o", "F", "m", "d", "escape")


async def test_markup_and_control_characters_in_events_and_diff_are_only_text() -> None:
    evil = "[/x][red]\x1b]52;c;aGk=\x07\x1b[2J"
    told = [
        RunEvent("1-0", evil, 1, 1, {"text": evil}),
        RunEvent("2-0", ev.OUTPUT, 2, 1, {"stream": evil, "text": f"{evil}\n"}),
        RunEvent("3-0", ev.FILE_WRITTEN, 10**18, 1, {"path": evil}),
        RunEvent("4-0", ev.TESTS_STARTED, 4, 1, {"command": evil}),
        RunEvent("5-0", ev.LOG_UPDATED, 4, 1, {"path": evil, "text": f"{evil}\n"}),
    ]
    app = run_scene.app(told)
    app.engine.diff = ["diff --git a/x b/x", "@@ -1 +1 @@ " + evil, "+" + evil]  # type: ignore[attr-defined]
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*OPEN)
        for key in ("v", "l", "d", "m", "v", "v"):
            await pilot.press(key)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            shown = "".join(segment.text for strip in strips for segment in strip)
            assert "\x1b" not in shown
            assert "\x07" not in shown
        assert asked(app, RepoDiffQuery)
        assert asked(app, WhyOf)


async def test_transitions_are_told_once_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    app = run_scene.app()
    app.engine.settings = replace(app.engine.settings, ui=replace(app.engine.settings.ui, bell=True))
    monkeypatch.setattr(AgentDash, "bell", lambda _app: rung.append(1))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause(0.3)
        assert toasts(app) == "", "the first snapshot is no news"
        runs = run_scene.runs()
        ends = {
            "fix-auth-refresh": {"status": RunStatus.FAILED, "error_message": "tests failed"},
            "port-cli-parser": {"status": RunStatus.FAILED},
            "migrate-orders": {"status": RunStatus.COMPLETED, "completion": "MIGRATION COMPLETE"},
            "docs-sweep": {"orphaned": True},
        }
        changed = tuple(replace(run, **ends.get(run.title, {})) for run in runs.runs)  # type: ignore[arg-type]
        app.store.put(Topic.RUNS, replace(runs, runs=changed))
        await until(lambda: "completed" in toasts(app), what="the news")
        assert "2 runs failed: fix-auth-refresh, port-cli-parser" in toasts(app)
        assert "migrate-orders completed: MIGRATION COMPLETE" in toasts(app)
        assert "docs-sweep orphaned" in toasts(app)
        assert len(rung) == 2, "for what needs a person"
