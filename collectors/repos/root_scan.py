"""When the roots are walked through for repositories, and how long a walk may take."""

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

SEARCH_EVERY = 30.0
"""Seconds between two walks through the roots for repositories that came or went, where no event tells."""
SEARCH_WATCHED = 900.0
"""The same where events tell of it."""
SEARCH_SHARE = 0.05
"""The part of a core that walks may take when folders come and go all the time."""

_STEP = 0.03


class RootScan:
    """One walk after the other, each in short steps.

    Args:
        roots: Folders to search.
        settings: How deep, and what is left out.
        within: The folder that no root may lead out of.

    Attributes:
        complete: Whether one was through at least once.
    """

    def __init__(self, roots: tuple[Path, ...], settings: ReposSettings, within: Path | None = None) -> None:
        self._within = within
        self._roots = roots
        self._settings = settings
        self._search: RepoSearch | None = None
        self._begun_at = float("-inf")
        self._marks: object = None
        self._resolved: tuple[Path, ...] = ()
        self.complete = False
        self._unreadable: tuple[str, ...] = ()
        self._left_out: tuple[str, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether a walk was begun and is not through."""
        return self._search is not None and not self._search.complete

    @property
    def through(self) -> bool:
        """Whether the newest walk has seen all."""
        return self._search is not None and self._search.complete

    @property
    def problems(self) -> tuple[str, ...]:
        """Roots that cannot be searched, and what is found and not listed, and why, in words."""
        return self._unreadable + self._left_out

    @property
    def found(self) -> Mapping[Path, FoundRepo]:
        """What the newest walk has found so far."""
        return self._search.found if self._search is not None else {}

    def go_on(self, watch: Watch, now: float, *, reading: bool) -> bool:
        """Take the next step of a walk, or begin one where it is time to. Blocks: call it in a thread.

        Args:
            watch: Told the folders that are in no repository; tells when repositories may have come or gone.
            now: Seconds.
            reading: Whether repositories wait for git: then the walk waits for them.

        Returns:
            Whether it went on.

        Raises:
            SourceError: where there is no root, none can be read, or there is no git.
        """
        share = _STEP
        if not self.under_way:
            marks = tuple(_changed_at(root) for root in self._roots)
            calm = self._search is not None and marks == self._marks and not watch.moved
            if now - self._begun_at < self._pause(watch, calm=calm):
                return False
            roots = self._readable()
            self._marks, self._begun_at, watch.moved = marks, now, False
            self._search = RepoSearch(roots, self._settings.depth, self._settings.prune, watch.outside)
            share = 0.0  # what is right below the roots is read first
        elif reading:
            return False  # the walk takes its turn when git has enough cores
        assert self._search is not None
        self._search.step(share)
        self.complete = self.complete or self._search.complete
        if self._search.complete:
            self._left_out = tuple(map(printable, self._search.left_out))
        return True

    def name(self, path: Path) -> str:
        """The path of a repository below its root: that is short, and no two of a root have the same."""
        for root in self._resolved:
            if path != root and path.is_relative_to(root):
                return str(path.relative_to(root))
        return path.name

    def _pause(self, watch: Watch, *, calm: bool) -> float:
        """Seconds from one walk to the next."""
        if calm:
            return SEARCH_WATCHED if watch.mode == "watching" else SEARCH_EVERY
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
            missing = "is not there" in problems.values()
            cure = "Create it, or name another with --projects DIR." if missing else "Check its permissions."
            raise SourceError(f"{'; '.join(self._unreadable)}.".replace("the", "The", 1), cure)
        self._resolved = tuple(dict.fromkeys(roots))
        return self._resolved

    def _outside(self, root: Path) -> str | None:
        """Why *root* may not be searched, in words; None where it may."""
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
