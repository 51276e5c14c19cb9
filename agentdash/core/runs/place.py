"""Where a run works: which repository holds its folder, and which runs work in a repository."""

from __future__ import annotations

from pathlib import PurePath

from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.runs.model import Run


class RepoIndex:
    """The repositories of one snapshot, found by a folder in them.

    Args:
        snapshot: None: none are known.
    """

    def __init__(self, snapshot: ReposSnapshot | None) -> None:
        self.snapshot = snapshot
        repos = snapshot.repos if snapshot else ()
        self._by_path = {repo.path: repo for repo in repos if repo.kind is not RepoKind.BARE}
        self._known: dict[str, Repo | None] = {}

    def of_folder(self, folder: str) -> Repo | None:
        """The innermost repository that *folder* is in; None where it is in none that is followed."""
        if folder not in self._known:
            path = PurePath(folder)
            tried = (str(place) for place in (path, *path.parents))
            self._known[folder] = next((self._by_path[p] for p in tried if p in self._by_path), None)
        return self._known[folder]

    def of_run(self, run: Run) -> Repo | None:
        """The repository that *run* works in; None where it is not known, or is on another machine."""
        if not run.cwd or self.snapshot is None or run.host not in {None, self.snapshot.host}:
            return None
        return self.of_folder(run.cwd)
