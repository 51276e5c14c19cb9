"""The run screen: header, turns, events, output, log and diff of a run, a side panel, and its keys."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, ClassVar, cast

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from agentdash.core import units
from agentdash.core.links import related
from agentdash.core.links.related import Link
from agentdash.core.runs.model import Run
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.text import printable
from tui.actions import HIDDEN, Action
from tui.format.runs import head as run_head
from tui.format.runs.events import event_page
from tui.screens.base import BACK
from tui.screens.page import PageScreen
from tui.screens.runs import actions as run_actions
from tui.screens.runs.controls import RUN_CONTROLS
from tui.screens.runs.diff import DiffView
from tui.screens.runs.events import EventsView, TurnsPane
from tui.screens.runs.feed import OLDER
from tui.screens.runs.line_views import LineViews
from tui.screens.runs.model import RunModel
from tui.screens.runs.side_panel import RunSidePanel
from tui.screens.two_panes import TwoPanes
from tui.widgets.linebar import LineBar
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup


class RunScreen(TwoPanes):
    """One run.

    Args:
        run_id: Its id.
        name: For the trail.
        view: The first view: ``events``, ``output``, ``log``, ``diff``, ``facts``, ``why``, ``files`` or
            ``tests``.
    """

    AUTO_FOCUS = "#events-table"
    WHERE = "a run"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        *RUN_CONTROLS,
        Action("run.view", "v", "View", "next_view"),
        Action("run.why", "m", "Why", "show('why')"),
        Action("run.diff", "d", "Diff", "show('diff')", why_not=lambda run: run.model.why_no_repo),
        Action("run.log", "l", "Log", "show('log')"),
        Action("run.repo", "o", "Repo", "repo", why_not=lambda run: run.model.why_no_repo),
        Action("run.older", "b", "Older", "older", why_not=lambda run: run.model.why_no_older),
        Action("run.follow", "f", "Follow", "follow"),
        Action("run.wrap", "w", "Wrap", "wrap", visible=lambda run: run.is_in_diff),
        Action("run.left", "left", "Left", "sideways(-1)", visible=lambda run: run.is_in_diff, footer=HIDDEN),
        Action(
            "run.right", "right", "Right", "sideways(1)", visible=lambda run: run.is_in_diff, footer=HIDDEN
        ),
        Action("run.zoom", "z", "Zoom", "zoom", footer=HIDDEN),
        Action("run.copy", "y", "Copy", "copy", footer=HIDDEN),
        BACK,
    )

    side: RunSidePanel

    def __init__(self, run_id: str, name: str, view: str = "events") -> None:
        super().__init__()
        self._run_id = run_id
        self._run_name = name
        self._first_view = view
        self._turns, self._events, self._diff = TurnsPane(), EventsView(), DiffView()
        self.side = RunSidePanel(run_id, self._start)
        self._busy: set[str] = set()

    @property
    def run(self) -> Run | None:
        """Its newest record."""
        return self.dash.store.run(self._run_id)

    @property
    def about(self) -> Run | None:
        """The run."""
        return self.run

    def links(self) -> Sequence[Link]:
        """Its pending messages, log lines and repository."""
        run = self.run
        return related.of_run(self.dash.store, run) if run is not None else ()

    @property
    def trail(self) -> tuple[str, ...]:
        """The breadcrumbs."""
        return ("Runs", printable(self._run_name))

    def body(self) -> Iterable[Widget]:
        """Two header lines; turns and views at the left, the side panel at the right."""
        self.model = RunModel(self._run_id, self.dash.store, self.dash.zone)
        self._lines = LineViews(self.dash.zone)
        yield LineBar(id="run-state")
        yield LineBar(id="run-doing")
        views = {
            "events": ("Events", self._events.table),
            "output": ("Output", self._lines.output),
            "log": ("Log", self._lines.log),
            "diff": ("Diff", self._diff.table),
        }
        self.main = TabGroup(views, id="run-main")
        with Horizontal(id="run-body"):
            with Vertical(id="run-left"):
                yield self._turns
                yield self.main
            yield self.side

    def on_mount(self) -> None:
        """Show the first view."""
        if self._first_view != "events":
            self.call_after_refresh(self.action_show, self._first_view)

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show the newest record, and read new events."""
        model, run = self.model, self.run
        context = model.context(now)
        state, activity = self.query_one("#run-state", LineBar), self.query_one("#run-doing", LineBar)
        state.left = run_head.GONE if run is None else run_head.state_line(run, context, now)
        activity.left = () if run is None else run_head.activity_line(run, now)
        if Topic.LOGS in topics:
            self._lines.add_logs(self.dash.store.logs, run)
        if Topic.RUNS in topics:
            if model.has_news:
                model.mark_read()
                self._start("events", self._read_new())
            else:
                self._lines.settle()
        self._turns.present(model.feed, run, now, self.dash.zone)
        self._show_main(now)
        self.side.present(run, model.feed, context, model.root, now)

    def _show_main(self, now: int) -> None:
        tabs, model = self.main, self.model
        match tabs.current:
            case "events":
                self._events.present(tabs, model.feed, self.run, model.error)
            case "diff":
                repo = model.repo
                if repo is not None and self._diff.start_if_due(repo, self.run, now):
                    self._start("diff", self._read_diff())
                self._diff.present(tabs, repo, self.run)
            case "output" | "log":
                self._lines.present(tabs, whole=model.feed.whole)

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start a worker, unless one of the same name is running."""
        if name in self._busy:
            work.close()
            if name == "events":
                self.model.mark_read(pending=True)
            return
        self._busy.add(name)

        async def run() -> None:
            try:
                await work
            finally:
                self._busy.discard(name)

        self.run_worker(run(), name=name, group=name)

    async def _read_new(self) -> None:
        fresh = await self.model.read_new(self.dash.engine.ask)
        if self.ready:
            self._lines.add_events(fresh)
            self.facts(frozenset(), self.dash.now())

    async def _read_older(self) -> None:
        try:
            found = await self.model.feed.read_older(self.dash.engine.ask)
        except SourceError as problem:
            self.dash.say(problem.message, good=False)
            return
        if self.ready and found:
            self._lines.prepend(found)
            self.facts(frozenset(), self.dash.now())
        elif self.ready:
            self.dash.say("no older events", good=True)

    async def _read_diff(self) -> None:
        repo = self.model.repo
        if repo is not None:
            await self._diff.read(self.dash, repo)
        if self.ready and self.main.current == "diff":
            self._diff.present(self.main, self.model.repo, self.run)

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Pause or follow the events by the position of the cursor."""
        if message.table is self._events.table:
            self._events.moved_to(message.key)

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: the whole event, the events of a turn, the hunk of a line."""
        if message.table is self._turns.table:
            self._go_to_turn(message.key)
        elif (
            message.table is self._events.table and (event := self.model.feed.event(message.key)) is not None
        ):
            page = event_page(event, self.dash.zone)
            self.dash.push_screen(PageScreen((*self.trail, printable(event.type)), lambda _s, _n: page))
        elif message.table is self._diff.table:
            hunk = self._diff.hunk(message.key)
            self.dash.push_screen(PageScreen((*self.trail, "diff"), lambda _s, _n: hunk))

    def _go_to_turn(self, number: object) -> None:
        turn = self.model.feed.summary.turns.get(cast("int", number))
        self.action_show("events")
        self._events.following = False
        if turn is not None and not self._events.table.move_to(turn.first):
            self.dash.say("the events of this turn are no longer loaded", good=False)

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        """Enter on a line of output or log."""
        self.dash.open(message.line)

    def on_log_view_changed(self) -> None:
        """Following or counts changed."""
        self._show_main(self.dash.now())

    def on_tab_group_switched(self) -> None:
        """Draw the current view."""
        self.facts(frozenset(), self.dash.now())
        self.refresh_bindings()
        self.draw_footer()

    def action_wrap(self) -> None:
        """Wrap long lines of the diff, or cut them."""
        self._diff.wrap, self._diff.shift = not self._diff.wrap, 0
        self._show_main(self.dash.now())

    def action_sideways(self, step: int) -> None:
        """Shift the lines of the diff."""
        self._diff.move(step)
        self._show_main(self.dash.now())

    @property
    def is_in_diff(self) -> bool:
        """Whether the diff has the focus, which has keys of its own."""
        return self.ready and self.main.current == "diff" and self._diff.table.has_focus

    @property
    def chosen(self) -> tuple[Run, ...]:
        """The run, while it is in the store."""
        return (self.run,) if self.run else ()

    just_moved = None

    def action_repo(self) -> None:
        """Open its repository."""
        run_actions.open_repo(self.dash, self.run)

    def action_older(self) -> None:
        """Load a page of older events."""
        self.dash.say(f"loading {units.count(OLDER)} older events", good=True)
        self._events.following = False
        self._start("older", self._read_older())

    def action_follow(self) -> None:
        """Follow the newest event, or pause."""
        self._events.following = not self._events.following
        self._show_main(self.dash.now())

    def action_copy(self) -> None:
        """Copy the row or line at the cursor, or the page."""
        run_actions.copy_focused(self.dash, self.focused)
