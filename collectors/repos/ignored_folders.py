"""Folders that git ignores: nothing in them changes a status, but a repository may come right in one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from collectors.repos.schedule import RepoSchedule

EVERY = 20.0
"""Seconds between two looks."""
MAX_FOLDERS = 2000
"""Folders that are looked at; the rest waits for the next walk."""


class IgnoredFolders:
    """Tells whether something came or went right in an ignored folder, by the folder's own time.

    Such folders are not watched: builds write there all the time. One `stat` each, seldom, costs next to
    nothing, and a work tree that is made in one is found soon.

    Args:
        prune: Names of folders that are searched by nobody.
    """

    def __init__(self, prune: tuple[str, ...]) -> None:
        self._prune = frozenset(prune)
        self._times: dict[str, int] = {}
        self._looked_at = float("-inf")

    def changed(self, followed: Iterable[RepoSchedule], now: float) -> bool:
        """Whether one of their folders has changed since the last look, or is new; False until one is due."""
        if now - self._looked_at < EVERY:
            return False
        self._looked_at = now
        before, self._times = self._times, {}
        for folder in islice(self._folders(followed), MAX_FOLDERS):
            try:
                self._times[folder] = os.stat(folder).st_mtime_ns  # noqa: PTH116 - half the cost of Path.stat
            except OSError:
                continue
        return any(time != before.get(folder) for folder, time in self._times.items())

    def _folders(self, followed: Iterable[RepoSchedule]) -> Iterator[str]:
        for one in followed:
            for name in one.reader.unwatched.ignored:
                if self._prune.isdisjoint(name.split("/")):
                    yield f"{one.reader.repo.path}/{name}"
