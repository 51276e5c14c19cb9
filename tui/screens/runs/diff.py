"""The diff of a run's repository in a table, refreshed while the run is live; long lines wrap or scroll."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from agentdash.core.repos.model import Repo
from agentdash.core.repos.queries import RepoDiff, RepoDiffQuery
from agentdash.core.runs.model import Run
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from tui.format.runs.diff_rows import COLUMNS, DiffText, diff_text, fitted, hunk_around, widest
from tui.format.state import PaneKind, PaneState
from tui.widgets.document import Para
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup

if TYPE_CHECKING:
    from tui.dash import Dash

REFRESH_MS = 3_000
"""Milliseconds between two reads for a live run: not every edit changes the record of its repository."""
SCROLL_STEP = 16
"""Cells per step of horizontal scrolling."""
GUTTER = 12
"""Cells of the two columns of line numbers, with their gaps."""


class DiffView:
    """The diff tab of a run.

    Attributes:
        table: Its widget.
        wrap: Whether long lines wrap; else they are cut and can be shifted.
        shift: Number of cells by which they are shifted.
    """

    def __init__(self) -> None:
        self.table = LineTable(COLUMNS, id="diff-table", show_header=False)
        self.wrap = False
        self.shift = 0
        self._diff: DiffText | None = None
        self._read_of: tuple[Repo | None, int] = (None, 0)
        self._failed = ""

    def start_if_due(self, repo: Repo | None, run: Run | None, now: int) -> bool:
        """Whether a read is due; marks it as started."""
        before, at = self._read_of
        live = run is not None and not run.status.terminal
        due = repo is not None and (repo is not before or (live and now - at >= REFRESH_MS))
        if due:
            self._read_of = (repo, now)
        return due

    async def read(self, dash: Dash, repo: Repo) -> None:
        """Read it; an error is kept as a message."""
        try:
            answer = await dash.engine.ask(RepoDiffQuery(repo.path))
        except SourceError as problem:
            self._failed = problem.message
            return
        if isinstance(answer, RepoDiff):
            self._diff, self._failed = diff_text(answer, repo), ""

    def present(self, tabs: TabGroup, repo: Repo | None, run: Run | None) -> None:
        """Show the diff, or why there is none."""
        notice: tuple[Para, ...] = ()
        if repo is None:
            where = printable(run.cwd) if run is not None and run.cwd else "its folder"
            notice = (Para.of(f"? {where} is in no watched repository", "unknown", hang=2),)
        elif self._failed:
            notice = (Para.of(f"✗ {printable(self._failed)}", "bad", hang=2),)
        elif self._diff is None:
            notice = (Para.of("◌ loading …", "dim"),)
        elif not self._diff.rows:
            notice = (Para.of("✓ no changes since the last commit", "good"),)
        rows = self._diff.rows if self._diff is not None and repo is not None else ()
        self.table.set_rows(fitted(rows, self._room, wrap=self.wrap, shift=self.shift))
        name = printable(repo.name) if repo else ""
        parts = [
            name,
            self._diff.summary if rows and self._diff is not None else "",
            self._manner(bool(rows)),
        ]
        tabs.summary = " · ".join(part for part in parts if part)
        tabs.state = PaneState(PaneKind.LIVE, notice, dim=bool(notice and rows))

    @property
    def _room(self) -> int:
        """Cells of the text of a line."""
        return max(20, self.table.size.width - GUTTER - 1)

    def _manner(self, any_rows: bool) -> str:
        if not any_rows or self._diff is None:
            return ""
        if self.wrap:
            return "wrapped (w)"
        if self.shift:
            return f"from column {self.shift + 1} (←)"
        return "←→ sideways, w wraps" if widest(self._diff.rows) > self._room else ""

    def move(self, step: int) -> None:
        """Shift sideways, as far as there is text."""
        most = max(0, widest(self._diff.rows) - self._room) if self._diff is not None else 0
        self.wrap = False
        self.shift = max(0, min(self.shift + step * SCROLL_STEP, most + SCROLL_STEP - 1))

    def hunk(self, key: Hashable) -> list[Para]:
        """The hunk that the row *key* is in, as a page; its lines wrap."""
        origin = key[1] if isinstance(key, tuple) and key[0] == "wrapped" else key
        rows = hunk_around(self._diff.rows, origin) if self._diff is not None else []
        return [Para.of(row.cells[2].text, row.cells[2].style, hang=1) for row in rows]
