"""What else there is in a repository: commits, stashes, work trees, submodules, runs."""

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

_NONE = {
    "commits": "no commits yet",
    "stashes": "no stashes",
    "trees": "no other work trees",
    "submodules": "no submodules",
    "runs": "no run works here",
}


class RepoTabs(TabGroup):
    """Five lists, one of them shown; the names of two tell how many there are."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        self.commits = LineTable(repo_lists.COMMIT_COLUMNS, id="commits-table", show_header=False)
        self.stashes = LineTable(repo_lists.STASH_COLUMNS, id="stashes-table", show_header=False)
        self.trees = LineTable(repo_lists.TREE_COLUMNS, id="trees-table", show_header=False)
        self.submodules = LineTable(repo_lists.SUBMODULE_COLUMNS, id="submodules-table", show_header=False)
        self.runs = LineTable(repo_lists.RUN_COLUMNS, id="runs-here-table", show_header=False)
        views = {
            "commits": ("Commits", self.commits),
            "stashes": ("Stashes", self.stashes),
            "trees": ("Trees", self.trees),
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
        """Show what is known.

        Args:
            repo: As it was last read; None where it is not followed any more.
            detail: What git says beyond that; None while it is read.
            inner: The repositories in it, by folder.
            runs: Those that work in it.
            now: Unix ms.
        """
        known = detail or RepoDetail("")
        rows = {
            "commits": repo_lists.commit_rows(known.commits, now),
            "stashes": repo_lists.stash_rows(known.stashes, now),
            "trees": repo_lists.worktree_rows(known.worktrees, repo) if repo else [],
            "submodules": repo_lists.submodule_rows(known.submodules, inner),
            "runs": repo_lists.run_rows(runs, now),
        }
        for key, widget in self.widgets.items():
            assert isinstance(widget, LineTable)
            widget.set_rows(rows[key])
        self._count(len(rows["stashes"]), len(rows["trees"]))
        shown = rows[self.current]
        self.summary = str(len(shown)) if shown else ""
        notice = tuple(Para.of(f"✗ {printable(words)}", "bad", hang=2) for words in known.failed)
        if detail is None and self.current != "runs":
            notice = (Para.of("◌ reading …", "dim"),)
        elif not shown and not notice:
            notice = (Para.of(f"○ {_NONE[self.current]}", "dim"),)
        self.state = PaneState(PaneKind.LIVE, notice, over=True) if notice else LIVE

    def _count(self, stashes: int, trees: int) -> None:
        """Say beside their names how many there are of what somebody may not think of."""
        told = {"stashes": stashes, "trees": trees if trees > 1 else 0}  # one is the repository itself
        self.rename(
            {
                key: f"{name} {told[key]}" if told.get(key, 0) > 0 else name
                for key, name in self._plain.items()
            }
        )
