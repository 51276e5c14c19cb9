"""Scans the roots for repositories again and again, in short steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from agentdash.core.paths import real_path
from agentdash.core.settings.model import ReposSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.files.small import OUTSIDE, OutsideError, steps_within
from collectors.repos.search import FoundRepo, RepoSearch, search_error
from collectors.repos.watch import Watch

SEARCH_INTERVAL = 30.0
"""Seconds between two scans where there are no file-system events."""
SEARCH_INTERVAL_WATCHED = 900.0
"""The same where there are."""
SEARCH_SHARE = 0.05
"""Share of a core for scans when folders change all the time."""

_STEP = 0.03


class RootScan:
    """One scan after the other.

    Args:
        roots: Folders to search.
        settings: Depth and pruned names.
        within: The folder that no root may lead out of.

    Attributes:
        completed_once: Whether a scan was completed since the start.
    """

    def __init__(self, roots: tuple[Path, ...], settings: ReposSettings, within: Path | None = None) -> None:
        self._within = within
        self._roots = roots
        self._settings = settings
        self._search: RepoSearch | None = None
        self._started_at = float("-inf")
        self._fingerprint: object = None
        self._resolved: tuple[Path, ...] = ()
        self.completed_once = False
        self._unreadable: tuple[str, ...] = ()
        self._left_out: tuple[str, ...] = ()

    @property
    def in_progress(self) -> bool:
        """Whether a scan is under way."""
        return self._search is not None and not self._search.complete

    @property
    def is_complete(self) -> bool:
        """Whether the newest scan is complete."""
        return self._search is not None and self._search.complete

    @property
    def problems(self) -> tuple[str, ...]:
        """Messages: roots that cannot be searched, and repositories beyond the limits."""
        return self._unreadable + self._left_out

    @property
    def found(self) -> Mapping[Path, FoundRepo]:
        """Repositories found so far by the newest scan."""
        return self._search.found if self._search is not None else {}

    def step(self, watch: Watch, now: float, *, reading: bool) -> bool:
        """Continue the scan, or start one where it is due. Blocks: call it in a thread.

        Args:
            watch: Receives the folders outside of repositories; reports when a scan is needed.
            now: Monotonic seconds.
            reading: Whether reads are queued: they go before the scan.

        Returns:
            Whether anything was scanned.

        Raises:
            SourceError: where there is no readable root, or no git.
        """
        seconds = _STEP
        if not self.in_progress:
            fingerprint = tuple(_changed_at(root) for root in self._roots)
            unchanged = (
                self._search is not None and fingerprint == self._fingerprint and not watch.search_needed
            )
            if now - self._started_at < self._pause(watch, unchanged=unchanged):
                return False
            roots = self._readable()
            self._fingerprint, self._started_at, watch.search_needed = fingerprint, now, False
            self._search = RepoSearch(roots, self._settings.depth, self._settings.prune, watch.watch_outside)
            seconds = 0.0  # repositories right below the roots are read first
        elif reading:
            return False
        assert self._search is not None
        self._search.step(seconds)
        self.completed_once = self.completed_once or self._search.complete
        if self._search.complete:
            self._left_out = tuple(map(printable, self._search.left_out))
        return True

    def name(self, path: Path) -> str:
        """Its path below its root: short, and unique per root."""
        for root in self._resolved:
            if path != root and path.is_relative_to(root):
                return str(path.relative_to(root))
        return path.name

    def _pause(self, watch: Watch, *, unchanged: bool) -> float:
        """Seconds from the start of one scan to the next."""
        if unchanged:
            return SEARCH_INTERVAL_WATCHED if watch.mode == "watching" else SEARCH_INTERVAL
        return self._search.seconds / SEARCH_SHARE if self._search is not None else 0.0

    def _readable(self) -> tuple[Path, ...]:
        if not self._roots:
            raise SourceError("No folder is searched for repositories.", "Give --projects DIR.", absent=True)
        if shutil.which("git") is None:
            raise SourceError("git is not installed, or not on the PATH.", "Install git.")
        roots, problems = [], {}
        given = (Path(os.path.expanduser(root)) for root in self._roots)  # noqa: PTH111 - never raises
        for root in dict.fromkeys(given):
            why = search_error(root) or self._outside(root)
            if why is None:
                roots.append(real_path(root))
            else:
                problems[root] = why
        self._unreadable = tuple(
            printable(f"the projects folder {root} {why}") for root, why in problems.items()
        )
        if not roots:
            missing = "does not exist" in problems.values()
            cure = "Create it, or name another with --projects DIR." if missing else "Check its permissions."
            raise SourceError(f"{'; '.join(self._unreadable)}.".replace("the", "The", 1), cure)
        self._resolved = tuple(dict.fromkeys(roots))
        return self._resolved

    def _outside(self, root: Path) -> str | None:
        """Why *root* may not be searched; None where it may."""
        if self._within is not None:
            try:
                steps_within(root, self._within)
            except OutsideError:
                return f"is not searched: {OUTSIDE}"
        return None


def _changed_at(root: Path) -> int | None:
    try:
        return real_path(root).stat().st_mtime_ns
    except (OSError, ValueError):
        return None
