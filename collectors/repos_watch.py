"""Tells which repositories may have changed: by events where the system has them, else not at all."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from collectors.repos_find import Found
from collectors.repos_inotify import (
    IN_CREATE,
    IN_IGNORED,
    IN_ISDIR,
    IN_MOVED_TO,
    IN_Q_OVERFLOW,
    Event,
    Inotify,
)

MOST_WATCHES = 60_000
"""Folders that are watched at most, whatever the system would allow."""

# Below a git directory, what says something about state; objects, hooks and the like do not.
_TELLING = ("", "refs", "refs/heads", "refs/remotes", "logs", "rebase-merge", "rebase-apply", "worktrees")
_LIMIT = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE})


@dataclass(slots=True)
class Folder:
    """A watched folder and the work trees of which it tells: those of one repository share some."""

    name: str
    in_git: bool
    owners: set[Path] = field(default_factory=set)


class Watch(Protocol):
    """What tells about changes.

    Attributes:
        fd: A descriptor that is readable when there is something to tell; None where there is none.
        mode: ``watching`` or ``polling``.
        reason: Why not all is watched, in words.
        moved: Whether repositories may have come or gone; the caller sets it back.
    """

    fd: int | None
    mode: str
    reason: str | None
    moved: bool

    def follow(self, found: Found) -> bool:
        """Begin to watch a repository; whether all of it is watched."""
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

    def follow(self, found: Found) -> bool:
        """Nothing is watched."""
        del found
        return False

    def leave(self, path: Path) -> None:
        """Nothing is watched."""

    def changed(self) -> set[Path]:
        """Nothing is known."""
        return set()

    def close(self) -> None:
        """Nothing is held."""


class TreeWatch:
    """Watches the folders of work trees, and those of git directories that tell about state.

    Args:
        prune: Names of folders that are not watched.
        most: See `MOST_WATCHES`.
    """

    mode = "watching"

    def __init__(self, prune: tuple[str, ...], most: int = MOST_WATCHES) -> None:
        self._inotify = Inotify()
        self.fd: int | None = self._inotify.fd
        self.reason: str | None = None
        self.moved = False
        self._prune = frozenset((*prune, ".git"))
        self._most = most
        self._folders: dict[int, Folder] = {}
        self._of: dict[Path, set[int]] = {}

    def __len__(self) -> int:
        return len(self._folders)

    def follow(self, found: Found) -> bool:
        """Watch a repository; False where the limit is reached, which `reason` then says."""
        path = found.path
        self._of.setdefault(path, set())
        try:
            self._add_git_dir(path, found.git_dir)
            if found.git_dir != path:
                self._add_tree(path, str(path))
        except OSError as error:
            if error.errno not in _LIMIT:
                raise
            self.reason = (
                f"the limit of watched folders is reached at {len(self._folders)}: "
                "raise fs.inotify.max_user_watches"
            )
            self.leave(path)
            return False
        return True

    def leave(self, path: Path) -> None:
        """Watch it no more."""
        for watch in self._of.pop(path, set()):
            folder = self._folders.get(watch)
            if folder is None:
                continue
            folder.owners.discard(path)
            if not folder.owners:
                del self._folders[watch]
                self._inotify.remove(watch)

    def changed(self) -> set[Path] | None:
        """See `Watch.changed`; new folders are watched from now on."""
        paths: set[Path] = set()
        for event in self._inotify.read():
            if event.mask & IN_Q_OVERFLOW:
                return None
            folder = self._folders.get(event.watch)
            if folder is None:
                continue
            if event.mask & IN_IGNORED:
                del self._folders[event.watch]
                for owner in folder.owners:
                    self._of.get(owner, set()).discard(event.watch)
                continue
            if self._tells(event, folder):
                paths |= folder.owners
        return paths

    def close(self) -> None:
        """Give the watches back."""
        self.fd = None
        self._inotify.close()

    def _tells(self, event: Event, folder: Folder) -> bool:
        """Whether an event is one of the repository's state. Watches a folder that came."""
        name = os.fsdecode(event.name)
        if name == ".git" or folder.name.endswith("/worktrees") or not name:
            self.moved = True
        if folder.in_git and (name.endswith(".lock") or name in {"objects", "COMMIT_EDITMSG"}):
            return False
        if not folder.in_git and name in self._prune:
            return False
        if event.mask & IN_ISDIR and event.mask & (IN_CREATE | IN_MOVED_TO):
            with suppress(OSError):
                for owner in tuple(folder.owners):
                    if folder.in_git:
                        self._add_refs(owner, f"{folder.name}/{name}")
                    else:
                        self._add_tree(owner, f"{folder.name}/{name}")
        return True

    def _add_git_dir(self, path: Path, git_dir: Path) -> None:
        shared = git_dir
        with suppress(OSError):
            shared = (git_dir / (git_dir / "commondir").read_text().strip()).resolve()
        for base in dict.fromkeys((git_dir, shared)):
            for name in _TELLING:
                folder = str(base / name) if name else str(base)
                if name in {"refs/heads", "refs/remotes"}:
                    self._add_refs(path, folder)
                else:
                    self._add(path, folder, in_git=True)

    def _add_refs(self, path: Path, folder: str) -> None:
        for inner, folders, _ in os.walk(folder):
            if not self._add(path, inner, in_git=True):
                folders.clear()

    def _add_tree(self, path: Path, folder: str) -> None:
        for inner, folders, files in os.walk(folder):
            if inner != str(path) and (".git" in folders or ".git" in files):
                folders.clear()  # a repository of its own
                continue
            if not self._add(path, inner, in_git=False):
                folders.clear()
            folders[:] = [name for name in folders if name not in self._prune]

    def _add(self, path: Path, folder: str, *, in_git: bool) -> bool:
        if len(self._folders) >= self._most:
            raise OSError(errno.ENOSPC, "limit reached")
        try:
            watch = self._inotify.add(folder)
        except OSError as error:
            if error.errno in _LIMIT:
                raise
            return False
        self._folders.setdefault(watch, Folder(folder, in_git)).owners.add(path)
        self._of.setdefault(path, set()).add(watch)
        return True


def open_watch(prune: tuple[str, ...]) -> Watch:
    """A watch by events where the system has them."""
    try:
        return TreeWatch(prune)
    except OSError as error:
        return NoWatch(f"no file-system events: {error.strerror or error}")
