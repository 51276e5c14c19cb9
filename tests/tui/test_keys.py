"""The keys, pressed: what they show, where they lead, what they refuse and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.command import CommandList
from textual.events import Key
from textual.widgets import Input

from agentdash.core.commands import Command, ControlRun, MarkFinding, Outcome
from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.core.snapshot import Topic
from tests.support import until
from tests.tui import scene
from tui.actions import actions_on
from tui.screens.board.board import Board
from tui.screens.diag import TRAIL
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.help import Help
from tui.screens.dialogs.menu import Menu
from tui.screens.dialogs.prompt import Prompt
from tui.screens.logs.trace import TraceScreen
from tui.screens.page import PageScreen
from tui.screens.repos.screen import RepoScreen
from tui.screens.runs.screen import RunScreen
from tui.screens.services.screen import ServiceScreen
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Document
from tui.widgets.footer import Footer
from tui.widgets.log.pane import LogPane
from tui.widgets.table.model import READ_S
from tui.widgets.table.pane import ListPane
from tui.widgets.table.table import LineTable

if TYPE_CHECKING:
    from tui.app import AgentDash

SIZE = (120, 40)


def board(app: AgentDash) -> Board:
    assert isinstance(app.screen, Board)
    return app.screen


def table(app: AgentDash, topic: Topic) -> ListPane:
    pane = board(app).pane(topic)
    assert isinstance(pane, ListPane)
    return pane


def keys(pane: ListPane) -> list[object]:
    return [row.key for row in pane.table.rows]


def toasts(app: AgentDash) -> str:
    return " | ".join(toast.message for toast in app._notifications)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """The commands that the screens ask the engine for."""
    asked: list[Command] = []

    async def dispatch(_engine: object, command: Command) -> Outcome:
        asked.append(command)
        return Outcome(True, "asked")

    monkeypatch.setattr(scene.StillEngine, "dispatch", dispatch)
    return asked


async def test_numbers_zoom_and_zero_shows_all() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        for number, topic in enumerate(
            (Topic.RUNS, Topic.STREAMS, Topic.FINDINGS, Topic.REPOS, Topic.SERVICES, Topic.LOGS), 1
        ):
            await pilot.press(str(number))
            assert board(app).zoomed is topic
            assert [pane.topic for pane in board(app).panes if pane.display] == [topic]
            assert board(app).pane(topic).body.has_focus
        await pilot.press("0")
        assert board(app).zoomed is None
        assert all(pane.display for pane in board(app).panes)


async def test_escape_goes_back_and_never_quits() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2", "enter")
        assert isinstance(app.screen, StreamScreen)
        await pilot.press("escape")
        assert board(app).zoomed is Topic.STREAMS
        await pilot.press("escape", "escape", "escape")
        assert board(app).zoomed is None
        assert app.is_running


async def test_the_cursor_is_where_it_was_after_coming_back() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "j", "j")
        before = table(app, Topic.RUNS).table.cursor_key
        await pilot.press("enter")
        assert isinstance(app.screen, RunScreen)
        await pilot.press("escape")
        assert table(app, Topic.RUNS).table.cursor_key == before
        await pilot.press("0", "1")
        assert table(app, Topic.RUNS).table.cursor_key == before


async def test_what_needs_a_person_is_on_top() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert keys(table(app, Topic.RUNS))[0] == "run-web-checkout"
        assert keys(table(app, Topic.SERVICES))[0] == "billing"
        assert keys(table(app, Topic.REPOS))[:2] == ["/projects/broken", "/projects/orders-service"]
        assert keys(table(app, Topic.FINDINGS))[:3] == ["f4", "f5", "f6"]


async def test_filter_narrows_says_so_and_escape_clears() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "slash", *"auth")
        runs = table(app, Topic.RUNS)
        assert keys(runs) == ["run-fix-auth-refresh"]
        assert "1 of 7" in runs.summary
        await pilot.press("enter")
        assert runs.table.has_focus
        assert keys(runs) == ["run-fix-auth-refresh"]
        await pilot.press("escape")
        assert len(keys(runs)) == 7
        assert board(app).zoomed is Topic.RUNS


async def test_escape_in_the_filter_line_throws_it_away() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("slash", *"nothing like it")
        assert keys(table(app, Topic.RUNS)) == []
        await pilot.press("escape")
        assert len(keys(table(app, Topic.RUNS))) == 7
        assert table(app, Topic.RUNS).table.has_focus


async def test_only_problems() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("5", "exclamation_mark")
        assert keys(table(app, Topic.SERVICES)) == ["billing"]
        await pilot.press("exclamation_mark")
        assert len(keys(table(app, Topic.SERVICES))) == 4


async def test_filter_of_the_log() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("6", "slash", *"gateway", "enter")
        pane = board(app).pane(Topic.LOGS)
        assert isinstance(pane, LogPane)
        assert [line.service for line in pane.log_view.lines()] == ["gateway"]
        await pilot.press("escape")
        assert pane.log_view.shown == len(app.store.logs)


async def test_log_freezes_counts_and_follows_again() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("6", "f")
        pane = board(app).pane(Topic.LOGS)
        assert isinstance(pane, LogPane)
        assert not pane.log_view.following
        app.store.put_lines(scene.logs())
        await pilot.pause(0.3)
        assert "paused" in pane.summary
        await pilot.press("f")
        assert pane.log_view.following
        assert "following" in pane.summary


async def test_trace_shows_the_lines_of_one_correlation_id() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("6", "t")
        await pilot.pause()
        assert isinstance(app.screen, TraceScreen)
        assert app.screen.trail == ("Log", "trace ab13")
        text = "".join(part for para in app.screen.query_one(Document).paras for part, _ in para.parts)
        assert "ab13" in text


async def test_pause_asks_the_engine_at_once(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "p")
        await pilot.pause()
        assert [(c.run_id, c.action) for c in sent if isinstance(c, ControlRun)] == [
            ("run-migrate-orders", ControlAction.PAUSE)
        ]


async def test_cancel_asks_names_the_run_and_the_harmless_answer_has_the_focus(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "X")
        assert isinstance(app.screen, Confirm)
        assert app.focused is not None
        assert app.focused.id == "no"
        text = "".join(part for para in app.screen.query_one(Document).paras for part, _ in para.parts)
        assert "migrate-orders" in text
        assert "SIGTERM" in text
        await pilot.press("enter")
        assert isinstance(app.screen, Board)
        assert sent == []
        await pilot.press("X", "tab", "enter")
        await pilot.pause()
        assert [(c.run_id, c.action) for c in sent if isinstance(c, ControlRun)] == [
            ("run-migrate-orders", ControlAction.CANCEL)
        ]


async def test_cancel_of_a_finished_run_says_why_not(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("G", "X")
        assert isinstance(app.screen, Board)
        assert "codex-infra is completed: cannot cancel" in toasts(app)
        assert sent == []


async def test_keys_that_cannot_work_are_greyed() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("G")
        await pilot.pause()
        words = {word.action: word.parts[0][1] for word in app.screen.query_one(Footer).left}
        assert words["runs.cancel"] == "faint"
        await pilot.press("g", "j")
        await pilot.pause()
        words = {word.action: word.parts[0][1] for word in app.screen.query_one(Footer).left}
        assert words["runs.cancel"] == "accent bold"
        assert words["runs.resume"] == "faint"


async def test_read_only_binds_no_key_that_changes(sent: list[Command]) -> None:
    app = scene.app(read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "p", "X", "F", "K", "A", "M", "5", "X", "U", "B", "3", "A", "M")
        assert app.screen is board(app)
        for pane in "135":
            await pilot.press(pane)
            bound = [action for _, action in actions_on(app.screen)]
            assert not any(action.changes_world for action in bound)
            assert {"pane.filter", "screen.connected"} <= {action.id for action in bound}
        assert sent == []


async def test_a_run_that_slid_under_the_cursor_is_not_paused_by_a_key_meant_for_another(
    sent: list[Command],
) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        pane, known = table(app, Topic.RUNS), app.store.runs
        assert known is not None
        pane.focus()
        rest = tuple(
            replace(run, status=RunStatus.RUNNING) for run in known.runs if run.id == known.runs[0].id
        )
        assert keys(pane)[0] != rest[0].id
        app.store.put(Topic.RUNS, replace(known, runs=rest))
        board(app).update(frozenset({Topic.RUNS}), scene.NOW)
        await pilot.press("p")
        await pilot.pause()
        assert sent == []
        assert "press again" in toasts(app)
        pane.table.model._changed_at -= READ_S
        await pilot.press("p")
        await pilot.pause()
        assert [command.run_id for command in sent if isinstance(command, ControlRun)] == [rest[0].id]


async def test_marked_runs_are_cancelled_together(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "j", "space", "space", "X")
        assert isinstance(app.screen, Confirm)
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert {c.run_id for c in sent if isinstance(c, ControlRun)} == {
            "run-migrate-orders",
            "run-fix-auth-refresh",
        }


@pytest.mark.parametrize(
    ("press", "screen"),
    [
        (["1", "enter"], RunScreen),
        (["2", "enter"], StreamScreen),
        (["3", "enter"], PageScreen),
        (["4", "enter"], RepoScreen),
        (["5", "enter"], ServiceScreen),
        (["6", "enter"], PageScreen),
        (["question_mark"], Help),
    ],
)
async def test_enter_goes_in_and_escape_comes_back(press: list[str], screen: type) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*press)
        await pilot.pause()
        assert isinstance(app.screen, screen)
        await pilot.press("escape")
        assert isinstance(app.screen, Board)


async def test_what_is_connected_with_streams_and_findings() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        for press, wanted in (("2", {"finding", "service"}), ("3", {"stream", "service"})):
            await pilot.press(press, "home", "c")
            assert isinstance(app.screen, Menu)
            rows = app.screen.query_one("#menu-table", LineTable).rows
            assert wanted <= {row.cells[0].plain.split()[0] for row in rows}
            await pilot.press("enter")
            assert isinstance(app.screen, PageScreen | StreamScreen)
            await pilot.press("escape")
        await pilot.press("enter", "c")
        assert isinstance(app.screen, Menu), "on its page, too"


async def test_a_finding_leads_to_what_it_is_about() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("3", "enter", "enter")
        await pilot.pause()
        assert isinstance(app.screen, StreamScreen)
        assert app.screen.group is not None
        assert app.screen.group.name == b"billing"


async def test_attention_goes_from_one_to_the_next() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        seen = []
        for _ in range(3):
            await pilot.press("a")
            await pilot.pause()
            seen.append((board(app).current.topic, getattr(board(app).current, "table").cursor_key))  # noqa: B009
        assert len(set(seen)) == 3
        assert seen[0] == (Topic.RUNS, "run-web-checkout")


async def test_themes_go_round_and_nothing_breaks() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        names = [app.theme]
        for _ in range(4):
            await pilot.press("T")
            await pilot.pause()
            names.append(app.theme)
        assert len(set(names)) == 4
        assert names[0] == names[4]


async def test_markup_and_control_characters_from_outside_are_only_text() -> None:
    from dataclasses import replace

    app = scene.app()
    runs = scene.runs()
    evil = replace(runs.runs[0], title="[/x][red]\x1b]52;c;aGk=\x07\x1b[2Jname", reason="[bold]")
    app.store.put(Topic.RUNS, replace(runs, runs=(evil, *runs.runs[1:])))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "G", "g", "j", "j", "X")
        await pilot.pause()
        shown = "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)
        assert "\x1b" not in shown
        assert "\x07" not in shown


async def test_keys_can_be_remapped() -> None:
    from agentdash.core.settings.model import Settings, UiSettings

    app = scene.app()
    app.engine.settings = Settings(ui=UiSettings(keys={"app.streams": "f2"}))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f2")
        assert board(app).zoomed is Topic.STREAMS


async def test_too_small_a_terminal_says_what_it_needs() -> None:
    app = scene.app()
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.pause()
        words = "".join(
            text for para in app.screen.query_one("#too-small", Document).paras for text, _ in para.parts
        )
        assert "60×15" in words
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert not app.screen.query_one("#too-small").display


async def test_the_palette_does_what_the_keys_do(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "colon")
        await pilot.pause()
        await pilot.press(*"pause", "enter")
        await pilot.pause(0.5)
        assert [(c.run_id, c.action) for c in sent if isinstance(c, ControlRun)] == [
            ("run-migrate-orders", ControlAction.PAUSE)
        ]


async def test_what_needs_a_person_comes_into_view_where_nobody_has_moved_the_cursor() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        pane = table(app, Topic.RUNS)
        some = scene.runs()
        over = [
            replace(some.runs[0], id=f"over-{n}", status=RunStatus.COMPLETED, orphaned=False)
            for n in range(12)
        ]
        app.store.put(Topic.RUNS, replace(some, runs=tuple(over)))
        board(app).update(frozenset(Topic), app.now())
        lost = replace(over[0], id="lost", status=RunStatus.RUNNING, orphaned=True)
        app.store.put(Topic.RUNS, replace(some, runs=(*over, lost)))
        board(app).update(frozenset(Topic), app.now())
        assert (pane.table.cursor_key, pane.table.cursor_row, pane.table.scroll_offset.y) == ("lost", 0, 0)
        await pilot.press("G")
        board(app).update(frozenset(Topic), app.now())
        assert "1 above needs you" in pane.summary


async def test_what_is_typed_before_the_palette_is_there_is_for_it(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE):
        for key, character in (("colon", ":"), *zip("diag", "diag", strict=True), ("enter", "\r")):
            app.post_message(Key(key, character))
        await until(lambda: getattr(app.screen, "trail", ()) == TRAIL, what="the diagnostics")
    assert not sent


async def test_a_filter_that_is_typed_in_one_go_is_no_key() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1")
        pane = table(app, Topic.RUNS)
        for key, character in (("slash", "/"), *zip("qR1", "qR1", strict=True)):
            app.post_message(Key(key, character))
        await until(lambda: pane.view.needle == "qR1", what="the filter")
        assert app.is_running
        assert board(app).zoomed is Topic.RUNS


async def test_a_line_that_is_asked_for_takes_what_was_typed_before_it_was_there() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        asked = Prompt("A name", value="old")
        app.push_screen(asked)
        for key in "q5":
            app.post_message(Key(key, key))
        await until(lambda: [line.value for line in app.screen.query(Input)] == ["q5"], what="what was typed")
        await pilot.pause()
        await pilot.press("m")
        assert app.screen.query_one(Input).value == "q5m"


async def test_enter_waits_for_what_was_typed_into_the_palette(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("colon")
        await pilot.pause(0.3)
        app.screen.query_one("Input", Input).insert_text_at_cursor("quit")
        app.screen.query_one("Input", Input).post_message(
            Input.Submitted(app.screen.query_one(Input), "quit")
        )
        await until(lambda: not app.is_running or app._exit, what="the end")
    assert not sent
    assert app._exit


async def test_the_palette_lists_what_helps_and_begins_with_the_nearest() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        listed = [command.title for command in app.get_system_commands(app.screen)]
        assert not {title for title in listed if title.startswith(("Focus ", "Command (", "Copy selected"))}
        assert [title for title in listed if title.startswith("Quit")] == ["Quit (q)"]
        await pilot.press("colon", *"q")
        options = app.screen.query_one(CommandList)
        await until(lambda: options.option_count == 1, what="what matches")
        assert str(options.get_option_at_index(0).prompt).startswith("Quit (q)")


async def test_a_finding_is_acknowledged_on_its_own_page(sent: list[Command]) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("3", "enter", "A")
        await pilot.pause()
        assert [command.fingerprint for command in sent if isinstance(command, MarkFinding)] == ["f4"]


async def test_escape_drops_marks_before_it_goes_back() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "space", "space")
        assert len(table(app, Topic.RUNS).table.marks) == 2
        await pilot.press("escape")
        assert not table(app, Topic.RUNS).table.marks
        assert board(app).zoomed is Topic.RUNS


@pytest.mark.parametrize("size", [(60, 15), (60, 20), (80, 24)])
async def test_small_terminals_have_rows_and_look_the_same_however_they_came_about(
    size: tuple[int, int],
) -> None:
    def drawn(app: AgentDash) -> list[str]:
        return [strip.text for strip in app.screen._compositor.render_strips()][1:]

    fresh = scene.app()
    async with fresh.run_test(size=size) as pilot:
        await pilot.pause(0.2)
        expected = drawn(fresh)
        await pilot.press("2")
        await pilot.pause(0.2)
        assert any("orders" in line for line in drawn(fresh))
    resized = scene.app()
    async with resized.run_test(size=SIZE) as pilot:
        for step in ((60, 20), (80, 24), SIZE, size):
            await pilot.resize_terminal(*step)
            await pilot.pause(0.2)
        assert drawn(resized) == expected


async def test_what_needs_a_person_above_the_view_is_counted_in_the_border() -> None:
    app = scene.app()
    shown = scene.runs()
    many = tuple(replace(shown.runs[0], id=f"fine-{number}", title=f"fine {number}") for number in range(60))
    app.store.put(Topic.RUNS, replace(shown, runs=(*shown.runs, *many)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1")
        await pilot.pause()
        pane = table(app, Topic.RUNS)
        assert "above" not in str(pane.border_subtitle)
        await pilot.press("G")
        await pilot.pause()
        app.screen.update(frozenset(Topic), scene.NOW)
        assert "1 above needs you (a)" in str(pane.border_subtitle)
        await pilot.press("g")
        app.screen.update(frozenset(Topic), scene.NOW)
        assert "above" not in str(pane.border_subtitle)
