"""The side panel of the run screen: properties, blockers, files and test runs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from agentdash.core import units
from agentdash.core.links.run_blockers import RunBlockers, find_blockers
from agentdash.core.queries import WhyOf
from agentdash.core.runs.model import Run
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from tui.dash import Dash
from tui.format import detail
from tui.format.runs import blockers as run_why
from tui.format.runs.listing import RunContext
from tui.format.runs.turns import FILE_COLUMNS, TEST_COLUMNS, file_rows, test_rows
from tui.format.state import LIVE, PaneKind, PaneState
from tui.guard import is_live
from tui.screens.runs.feed import RunFeed
from tui.widgets.document import Document, Para
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup

WHY_EVERY = 2_000
"""Poll interval of the blockers while they are shown, milliseconds."""

Start = Callable[[str, Coroutine[Any, Any, None]], None]
"""(name, work): starts a worker, one of each name at a time."""


class RunSidePanel(TabGroup):
    """The views at the right of the run screen."""

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
        self._why: RunBlockers | None = None
        self._why_at = 0
        self._why_failed = ""

    @property
    def dash(self) -> Dash:
        """The app, as what it is."""
        return cast("Dash", self.app)

    def present(self, run: Run | None, feed: RunFeed, around: RunContext, root: str | None, now: int) -> None:
        """Show the current view; paths below *root* are relative to it."""
        summary = feed.summary
        partial = "" if feed.whole else " · of loaded events"
        self.state, self.summary = LIVE, ""
        match self.current:
            case "facts":
                gone = [Para.of("run deleted from the store", "unknown")]
                self._facts.show(gone if run is None else detail.run(run, now, self.dash.zone, around))
            case "why":
                self._show_why(run, now)
            case "files":
                self.files.set_rows(file_rows(summary.files.values(), root, now))
                self._set_empty(len(summary.files), "○ no files reported yet")
                files = units.plural(len(summary.files), "file")
                self.summary = f"{files} · r read, w written, d deleted{partial}"
            case "tests":
                self.tests.set_rows(test_rows(summary.tests, now))
                self._set_empty(len(summary.tests), "○ no test runs reported yet")
                self.summary = f"{units.plural(len(summary.tests), 'run')} · newest first{partial}"

    def _set_empty(self, count: int, text: str) -> None:
        if not count:
            self.state = PaneState(PaneKind.EMPTY, (Para.of(text, "dim"),))

    def _show_why(self, run: Run | None, now: int) -> None:
        if now - self._why_at >= WHY_EVERY:
            self._why_at = now
            self._start("why", self._read_why(run))
        if self._why_failed:
            self._why_page.show([Para.of(f"✗ {printable(self._why_failed)}", "bad", hang=2)])
        elif self._why is None:
            self._why_page.show([Para.of("◌ loading …", "dim")])
        else:
            read_only = self.dash.engine.read_only
            self._why_page.show(run_why.paras(self._as_of(run, now), run, read_only=read_only))
            self.summary = f"as of {units.age(now - self._why.at)} ago"

    def _as_of(self, run: Run | None, now: int) -> RunBlockers:
        """The blockers *now*, with the last probe of the process, so that ages agree with the header."""
        assert self._why is not None
        if run is None:
            return self._why
        store = self.dash.store
        return find_blockers(
            run, now, self._why.child, history=store.run_history, streams=store.streams, repos=store.repos
        )

    async def _read_why(self, run: Run | None) -> None:
        try:
            answer = await self.dash.engine.ask(WhyOf(self._run_id))
            if isinstance(answer, RunBlockers):
                self._why, self._why_failed = answer, ""
        except SourceError as problem:
            self._why_failed = problem.message
        if is_live(self) and self.current == "why":
            self._show_why(run, self.dash.now())
