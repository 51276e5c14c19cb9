"""The tab group beside a run's events: its facts, why it does not move, the files it touched, its tests."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from agentdash.core import units
from agentdash.core.queries import WhyOf
from agentdash.core.runs.blockers import RunWhy, why
from agentdash.core.runs.model import Run
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from tui.dash import Dash
from tui.format import detail
from tui.format.runs import blockers as run_why
from tui.format.runs.listing import Around
from tui.format.runs.turns import FILE_COLUMNS, TEST_COLUMNS, file_rows, test_rows
from tui.format.state import LIVE, PaneKind, PaneState
from tui.guard import is_live
from tui.screens.runs.feed import RunFeed
from tui.widgets.document import Document, Para
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup

WHY_EVERY = 2_000
"""Milliseconds between two looks at why it does not move, while that is shown."""

Start = Callable[[str, Coroutine[Any, Any, None]], None]
"""(name, work): begins a piece of reading, one of each name at a time."""


class SideTabs(TabGroup):
    """The views at the right of the run screen.

    Args:
        run_id: Of the run.
        start: Begins to read.
    """

    def __init__(self, run_id: str, start: Start) -> None:
        self.files = LineTable(FILE_COLUMNS, id="files-table")
        self.tests = LineTable(TEST_COLUMNS, id="tests-table")
        self._facts, self._why_page = Document(id="run-page"), Document(id="why-page")
        views = {
            "facts": ("Run", self._facts),
            "why": ("Why", self._why_page),
            "files": ("Files", self.files),
            "tests": ("Tests", self.tests),
        }
        super().__init__(views, id="run-side")
        self._run_id = run_id
        self._start = start
        self._why: RunWhy | None = None
        self._why_at = 0
        self._why_failed = ""

    @property
    def dash(self) -> Dash:
        """The app, as what it is."""
        return cast("Dash", self.app)

    def present(self, run: Run | None, feed: RunFeed, around: Around, root: str | None, now: int) -> None:
        """Show the view that is on top; paths below *root* go without it."""
        story = feed.story
        partial = "" if feed.whole else " · as far as events are read"
        self.state, self.summary = LIVE, ""
        match self.current:
            case "facts":
                gone = [Para.of("this run is not in the store any more", "unknown")]
                self._facts.show(gone if run is None else detail.run(run, now, self.dash.zone, around))
            case "why":
                self._show_why(run, now)
            case "files":
                self.files.set_rows(file_rows(story.files.values(), root, now))
                self._say_if_none(len(story.files), "○ it has told of no file yet")
                files = units.plural(len(story.files), "file")
                self.summary = f"{files} · r read, w written, d deleted{partial}"
            case "tests":
                self.tests.set_rows(test_rows(story.tests, now))
                self._say_if_none(len(story.tests), "○ it has told of no tests yet")
                self.summary = f"{units.plural(len(story.tests), 'run')} · newest first{partial}"

    def _say_if_none(self, count: int, words: str) -> None:
        if not count:
            self.state = PaneState(PaneKind.EMPTY, (Para.of(words, "dim"),))

    def _show_why(self, run: Run | None, now: int) -> None:
        if now - self._why_at >= WHY_EVERY:
            self._why_at = now
            self._start("why", self._read_why(run))
        if self._why_failed:
            self._why_page.show([Para.of(f"✗ {printable(self._why_failed)}", "bad", hang=2)])
        elif self._why is None:
            self._why_page.show([Para.of("◌ looking …", "dim")])
        else:
            read_only = self.dash.engine.read_only
            self._why_page.show(run_why.paras(self._as_of(run, now), run, read_only=read_only))
            self.summary = f"as of {units.age(now - self._why.at)} ago"

    def _as_of(self, run: Run | None, now: int) -> RunWhy:
        """The answer as it is *now*, by the process as it was seen last: its ages are those of the header."""
        assert self._why is not None
        if run is None:
            return self._why
        store = self.dash.store
        return why(
            run, now, self._why.child, history=store.run_history, streams=store.streams, repos=store.repos
        )

    async def _read_why(self, run: Run | None) -> None:
        try:
            answer = await self.dash.engine.ask(WhyOf(self._run_id))
            if isinstance(answer, RunWhy):
                self._why, self._why_failed = answer, ""
        except SourceError as problem:
            self._why_failed = problem.message
        if is_live(self) and self.current == "why":
            self._show_why(run, self.dash.now())
