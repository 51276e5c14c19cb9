"""The interface of what reports changed repositories, and its substitute where there are no events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from collectors.repos.search import FoundRepo


@dataclass(frozen=True, slots=True)
class Unwatched:
    """Folders of a work tree that need no watch, relative to it.

    Attributes:
        ignored: Ignored by git as a whole: nothing in them changes the status.
        unknown: Without tracked files: those of them that have a pruned name.
    """

    ignored: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


class Watch(Protocol):
    """Reports changed repositories.

    Attributes:
        fd: A descriptor that is readable when there are events; None where there is none.
        mode: ``watching`` or ``polling``.
        reason: Why not everything is watched; a message.
        search_needed: Whether repositories may have been added or removed; reset by the caller.
        folders_changed: Work trees with new folders or changed ignore rules, to be watched again.
        locks_changed: Work trees in which an ``index.lock`` was created or removed; the caller empties both.
    """

    fd: int | None
    mode: str
    reason: str | None
    search_needed: bool
    folders_changed: set[Path]
    locks_changed: set[Path]

    def watch_repo(self, found: FoundRepo, unwatched: Unwatched, since: int | None) -> tuple[bool, bool]:
        """Watch a repository, or its new folders.

        Args:
            found: The repository.
            unwatched: Folders to leave out.
            since: Start of its last status by the file system's clock, Unix ns.

        Returns:
            (all of it is watched, a newly watched folder has changed since *since*).
        """
        ...

    def watch_outside(self, folder: str) -> None:
        """Watch a folder outside of all repositories, for new ones in it."""
        ...

    def unwatch(self, path: Path) -> None:
        """Stop watching a repository."""
        ...

    def changed_repos(self) -> set[Path] | None:
        """Work trees with events since the last call; None where events were lost."""
        ...

    def close(self) -> None:
        """Release all watches."""
        ...


class NoWatch:
    """Reports nothing: the caller polls."""

    fd: int | None = None
    mode = "polling"
    search_needed = False

    def __init__(self, reason: str) -> None:
        self.reason: str | None = reason
        self.folders_changed: set[Path] = set()
        self.locks_changed: set[Path] = set()

    def watch_repo(self, found: FoundRepo, unwatched: Unwatched, since: int | None) -> tuple[bool, bool]:
        """Do nothing."""
        del found, unwatched, since
        return False, False

    def watch_outside(self, folder: str) -> None:
        """Do nothing."""

    def unwatch(self, path: Path) -> None:
        """Do nothing."""

    def changed_repos(self) -> set[Path]:
        """Always empty."""
        return set()

    def close(self) -> None:
        """Do nothing."""
