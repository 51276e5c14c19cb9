"""The tab group of the repository screen: commits, stashes, worktrees, submodules, runs."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core.repos.model import Repo
from agentdash.core.repos.queries import RepoDetail
from agentdash.core.runs.model import Run
from agentdash.core.text import printable
from tui.format.repos import lists as repo_lists
from tui.format.state import LIVE, PaneKind, PaneState
from tui.widgets.document import Para
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup

_EMPTY = {
    "commits": "no commits yet",
    "stashes": "no stashes",
    "worktrees": "no other worktrees",
    "submodules": "no submodules",
    "runs": "no runs here",
}


class RepoTabs(TabGroup):
    """Five lists; two titles have counts."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        self.commits = LineTable(repo_lists.COMMIT_COLUMNS, id="commits-table", show_header=False)
        self.stashes = LineTable(repo_lists.STASH_COLUMNS, id="stashes-table", show_header=False)
        self.worktrees = LineTable(repo_lists.WORKTREE_COLUMNS, id="worktrees-table", show_header=False)
        self.submodules = LineTable(repo_lists.SUBMODULE_COLUMNS, id="submodules-table", show_header=False)
        self.runs = LineTable(repo_lists.RUN_COLUMNS, id="runs-here-table", show_header=False)
        views = {
            "commits": ("Commits", self.commits),
            "stashes": ("Stashes", self.stashes),
            "worktrees": ("Worktrees", self.worktrees),
            "submodules": ("Submodules", self.submodules),
            "runs": ("Runs", self.runs),
        }
        super().__init__(views, id=id)
        self._plain = dict(self.titles)

    def present(
        self,
        repo: Repo | None,
        detail: RepoDetail | None,
        inner: dict[str, Repo],
        runs: Sequence[Run],
        now: int,
    ) -> None:
        """Show the newest records.

        Args:
            repo: None where it is no longer followed.
            detail: None while it is read.
            inner: Followed repositories in it, by folder.
            runs: Those that work in it.
            now: Unix ms.
        """
        known = detail or RepoDetail("")
        rows = {
            "commits": repo_lists.commit_rows(known.commits, now),
            "stashes": repo_lists.stash_rows(known.stashes, now),
            "worktrees": repo_lists.worktree_rows(known.worktrees, repo) if repo else [],
            "submodules": repo_lists.submodule_rows(known.submodules, inner),
            "runs": repo_lists.run_rows(runs, now),
        }
        for key, widget in self.widgets.items():
            assert isinstance(widget, LineTable)
            widget.set_rows(rows[key])
        self._count(len(rows["stashes"]), len(rows["worktrees"]))
        shown = rows[self.current]
        self.summary = str(len(shown)) if shown else ""
        notice = tuple(Para.of(f"✗ {printable(text)}", "bad", hang=2) for text in known.failed)
        if detail is None and self.current != "runs":
            notice = (Para.of("◌ reading …", "dim"),)
        elif not shown and not notice:
            notice = (Para.of(f"○ {_EMPTY[self.current]}", "dim"),)
        self.state = PaneState(PaneKind.LIVE, notice, over=True) if notice else LIVE

    def _count(self, stashes: int, worktrees: int) -> None:
        """Show the number of stashes, and of worktrees where there are others, in the titles."""
        counts = {"stashes": stashes, "worktrees": worktrees if worktrees > 1 else 0}
        self.rename(
            {
                key: f"{name} {counts[key]}" if counts.get(key, 0) > 0 else name
                for key, name in self._plain.items()
            }
        )
