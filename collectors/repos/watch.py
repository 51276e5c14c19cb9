"""Tells which repositories may have changed: by events where the system has them, else not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from collectors.repos.search import FoundRepo


@dataclass(frozen=True, slots=True)
class Unwatched:
    """Folders of a work tree, relative to it, about which nobody needs to be told.

    Attributes:
        ignored: Those that git ignores as a whole: nothing in them changes a status.
        unknown: Those in which git tracks nothing: of these, the ones with a pruned name.
    """

    ignored: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


class Watch(Protocol):
    """What tells about changes.

    Attributes:
        fd: A descriptor that is readable when there is something to tell; None where there is none.
        mode: ``watching`` or ``polling``.
        reason: Why not all is watched, in words.
        moved: Whether repositories may have come or gone; the caller sets it back.
        grown: Work trees in which folders came, or whose ignore rules changed: they are to be followed anew.
        locked: Work trees in which an ``index.lock`` came or went; the caller empties both.
    """

    fd: int | None
    mode: str
    reason: str | None
    moved: bool
    grown: set[Path]
    locked: set[Path]

    def follow(self, found: FoundRepo, unwatched: Unwatched, since: int | None) -> tuple[bool, bool]:
        """Begin to watch a repository, or what is new in it.

        Args:
            found: The repository.
            unwatched: Folders that are left out.
            since: When its status was begun, by the clock of the file system, Unix ns.

        Returns:
            Whether all of it is watched, and whether something that is watched only now has changed since.
        """
        ...

    def outside(self, folder: str) -> None:
        """Watch a folder that is in no repository, should one come there."""
        ...

    def leave(self, path: Path) -> None:
        """Watch a repository no more."""
        ...

    def changed(self) -> set[Path] | None:
        """Work trees in which something happened since the last call; None where events were lost."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class NoWatch:
    """Where there are no events: the caller looks by itself, at a pace."""

    fd: int | None = None
    mode = "polling"
    moved = False

    def __init__(self, reason: str) -> None:
        self.reason: str | None = reason
        self.grown: set[Path] = set()
        self.locked: set[Path] = set()

    def follow(self, found: FoundRepo, unwatched: Unwatched, since: int | None) -> tuple[bool, bool]:
        """Nothing is watched."""
        del found, unwatched, since
        return False, False

    def outside(self, folder: str) -> None:
        """Nothing is watched."""

    def leave(self, path: Path) -> None:
        """Nothing is watched."""

    def changed(self) -> set[Path]:
        """Nothing is known."""
        return set()

    def close(self) -> None:
        """Nothing is held."""
