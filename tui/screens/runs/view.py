"""What is seen of a run: its turns, events and output as they come; its files, tests, diff; its links."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from agentdash.core.links import related
from agentdash.core.links.related import Link
from agentdash.core.runs.model import Run
from agentdash.core.runs.place import RepoIndex
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.text import printable
from tui.format.runs import head as run_head
from tui.format.runs.listing import Around
from tui.screens.runs.diff import DiffView
from tui.screens.runs.events import EventsView, TurnsPane
from tui.screens.runs.feed import RunFeed
from tui.screens.runs.lines import RunLines
from tui.screens.runs.side_panel import SideTabs
from tui.screens.two_panes import TwoPanes
from tui.widgets.linebar import LineBar
from tui.widgets.tabs import TabGroup


class RunView(TwoPanes):
    """What is seen of one run.

    Args:
        run_id: Its id.
        name: For the trail.
        view: What is shown first: ``events``, ``output``, ``log``, ``diff``, ``facts``, ``why``, ``files`` or
            ``tests``.
    """

    AUTO_FOCUS = "#events-table"

    side: SideTabs

    def __init__(self, run_id: str, name: str, view: str = "events") -> None:
        super().__init__()
        self._run_id = run_id
        self._run_name = name
        self._first_view = view
        self._turns, self._events, self._diff = TurnsPane(), EventsView(), DiffView()
        self.side = SideTabs(run_id, self._start)
        self._asked: Run | None = None
        self._failed = ""
        self._busy: set[str] = set()
        self._places = RepoIndex(None)

    # What it is about

    @property
    def about(self) -> Run | None:
        """What it shows."""
        return self.run

    def links(self) -> Sequence[Link]:
        """The messages that it holds, its log lines, its repository."""
        run = self.run
        return related.of_run(self.dash.store, run) if run is not None else ()

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here."""
        return ("Runs", printable(self._run_name))

    @property
    def run(self) -> Run | None:
        """Its newest record."""
        return self.dash.store.run(self._run_id)

    @property
    def around(self) -> Around:
        """The rate of its tokens, and its repository."""
        store, run = self.dash.store, self.run
        if self._places.snapshot is not store.repos:
            self._places = RepoIndex(store.repos)
        if run is None:
            return Around()
        rate = store.run_history.tokens_per_minute(run, self.dash.now())
        return Around(rate, self._places.of_run(run))

    @property
    def _root(self) -> str | None:
        """Its repository, else its folder: what paths are shown without."""
        repo, run = self.around.repo, self.run
        return repo.path if repo is not None else run.cwd if run is not None else None

    # What it shows

    def body(self) -> Iterable[Widget]:
        """Two lines of state; turns over a tab group at the left, a tab group at the right."""
        self._feed = RunFeed(self._run_id, self.dash.zone, self._root)
        self._lines = RunLines(self.dash.zone)
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
        """Begin with the view that was asked for."""
        if self._first_view != "events":
            self.call_after_refresh(self.action_show, self._first_view)

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show the record anew, and read on in the events."""
        run = self.run
        state, doing = self.query_one("#run-state", LineBar), self.query_one("#run-doing", LineBar)
        state.left = run_head.GONE if run is None else run_head.state_line(run, self.around, now)
        doing.left = () if run is None else run_head.doing_line(run, now)
        if Topic.LOGS in topics:
            self._lines.take_logs(self.dash.store.logs, run)
        if Topic.RUNS in topics:
            if run is None or run is not self._asked or self._failed:
                self._asked = run
                self._start("events", self._read_on())
            else:
                self._lines.settle()
        self._turns.present(self._feed, run, now, self.dash.zone)
        self._show_main(now)
        self.side.present(run, self._feed, self.around, self._root, now)

    def _show_main(self, now: int) -> None:
        tabs, run = self.main, self.run
        match tabs.current:
            case "events":
                self._events.present(tabs, self._feed, run, self._failed)
            case "diff":
                repo = self.around.repo
                if repo is not None and self._diff.wants(repo, run, now):
                    self._start("diff", self._read_diff())
                self._diff.present(tabs, repo, run)
            case "output" | "log":
                self._lines.present(tabs, whole=self._feed.whole)

    # Reading

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """One piece of reading of each kind at a time; another is not begun meanwhile."""
        if name in self._busy:
            work.close()
            if name == "events":
                self._asked = None
            return
        self._busy.add(name)

        async def doing() -> None:
            try:
                await work
            finally:
                self._busy.discard(name)

        self.run_worker(doing(), name=name, group=name)

    async def _read_on(self) -> None:
        try:
            fresh = await self._feed.read_on(self.dash.engine.ask)
            self._failed = ""
        except SourceError as problem:
            self._failed, fresh = problem.message, []
        if self.ready:
            self._lines.take(fresh)
            self.facts(frozenset(), self.dash.now())

    async def _read_older(self) -> None:
        try:
            found = await self._feed.read_older(self.dash.engine.ask)
        except SourceError as problem:
            self.dash.say(problem.message, good=False)
            return
        if not self.ready:
            return
        if not found:
            self.dash.say("there are no older events", good=True)
            return
        self._lines.put_before(found)
        self.facts(frozenset(), self.dash.now())

    async def _read_diff(self) -> None:
        repo = self.around.repo
        if repo is not None:
            await self._diff.read(self.dash, repo)
        if self.ready and self.main.current == "diff":
            self._diff.present(self.main, self.around.repo, self.run)
