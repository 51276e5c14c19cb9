"""The repository of a run: the one that contains its working folder."""

from __future__ import annotations

from pathlib import PurePath

from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.runs.model import Run


class RepoIndex:
    """The repositories of one snapshot, by folder; empty for None."""

    def __init__(self, snapshot: ReposSnapshot | None) -> None:
        self.snapshot = snapshot
        repos = snapshot.repos if snapshot else ()
        self._by_path = {repo.path: repo for repo in repos if repo.kind is not RepoKind.BARE}
        self._known: dict[str, Repo | None] = {}

    def of_folder(self, folder: str) -> Repo | None:
        """The innermost watched repository that contains *folder*, or None."""
        if folder not in self._known:
            path = PurePath(folder)
            tried = (str(place) for place in (path, *path.parents))
            self._known[folder] = next((self._by_path[p] for p in tried if p in self._by_path), None)
        return self._known[folder]

    def of_run(self, run: Run) -> Repo | None:
        """The repository that *run* works in; None where unknown, or on another machine."""
        if not run.cwd or self.snapshot is None or run.host not in {None, self.snapshot.host}:
            return None
        return self.of_folder(run.cwd)
