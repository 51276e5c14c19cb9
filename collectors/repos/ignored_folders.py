"""Ignored folders: they change no status, but a new repository may appear in one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from collectors.repos.schedule import RepoSchedule

CHECK_INTERVAL = 20.0
"""Seconds between two checks."""
MAX_FOLDERS = 2000
"""Upper limit of checked folders; the next scan covers the others."""


class IgnoredFolders:
    """Notices new entries in ignored folders by the folders' modification times.

    They are not watched, because builds write there all the time; one `stat` each, now and then, is cheap.

    Args:
        prune: Names of folders that are never searched.
    """

    def __init__(self, prune: tuple[str, ...]) -> None:
        self._prune = frozenset(prune)
        self._times: dict[str, int] = {}
        self._checked_at = float("-inf")

    def changed(self, schedules: Iterable[RepoSchedule], now: float) -> bool:
        """Whether one of their folders is new or changed since the last check; False before one is due."""
        if now - self._checked_at < CHECK_INTERVAL:
            return False
        self._checked_at = now
        before, self._times = self._times, {}
        for folder in islice(self._folders(schedules), MAX_FOLDERS):
            try:
                self._times[folder] = os.stat(folder).st_mtime_ns  # noqa: PTH116 - half the cost of Path.stat
            except OSError:
                continue
        return any(time != before.get(folder) for folder, time in self._times.items())

    def _folders(self, schedules: Iterable[RepoSchedule]) -> Iterator[str]:
        for schedule in schedules:
            for name in schedule.reader.unwatched.ignored:
                if self._prune.isdisjoint(name.split("/")):
                    yield f"{schedule.reader.repo.path}/{name}"
