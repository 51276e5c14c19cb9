"""Watches work trees by inotify: the folders that git reads, and no others."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agentdash.git.git_dir import GitDir
from collectors.repos.inotify import (
    IN_CREATE,
    IN_IGNORED,
    IN_ISDIR,
    IN_MOVED_TO,
    IN_Q_OVERFLOW,
    Event,
    Inotify,
)
from collectors.repos.search import FoundRepo
from collectors.repos.watch import NoWatch, Unwatched, Watch

MAX_WATCHES = 60_000
"""Upper limit of watched folders; the system's own may be lower."""
MAX_OUTSIDE = 5000
"""Upper limit of those outside of repositories."""

# Watched below a git directory, for changes that touch no file right in it: a branch that moved without
# HEAD, a remote-tracking branch, a dropped stash.
_HEADS = "refs/heads"
_REMOTES = "refs/remotes"
_STASHES = ("refs", "logs/refs")
_LIMIT = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE})
_COARSE = 5
"""CLOCK_REALTIME_COARSE of Linux, which the kernel uses for file times."""


@dataclass(slots=True)
class WatchedFolder:
    """A watched folder.

    Attributes:
        in_git: Whether it belongs to a git directory.
        outside: Whether it is watched for new repositories right in it.
        owners: Work trees whose state depends on it; work trees of one repository share some.
    """

    name: str
    in_git: bool = False
    outside: bool = False
    owners: set[Path] = field(default_factory=set)


class InotifyWatch:
    """Watches the folders of work trees, and those of git directories that hold state.

    Args:
        prune: Names of folders that are not watched where git tracks no file in them.
        most: See `MAX_WATCHES`.
    """

    mode = "watching"

    def __init__(self, prune: tuple[str, ...], most: int = MAX_WATCHES) -> None:
        self._inotify = Inotify()
        self.fd: int | None = self._inotify.fd
        self.reason: str | None = None
        self.search_needed = False
        self.folders_changed: set[Path] = set()
        self.locks_changed: set[Path] = set()
        self._prune = frozenset(prune)
        self._most = most
        self._outside = 0
        self._folders: dict[int, WatchedFolder] = {}
        self._watches_of: dict[Path, set[int]] = {}
        self._git_dirs: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self._folders)

    def watch_repo(self, found: FoundRepo, unwatched: Unwatched, since: int | None) -> tuple[bool, bool]:
        """See `Watch.watch_repo`."""
        path = found.path
        before = self._watches_of.get(path, set())
        self._watches_of[path] = set()
        self._git_dirs[path] = str(found.git_dir)
        try:
            self._add_git_dir(path, found.git_dir)
            late = found.git_dir != path and self._add_work_tree(path, before, unwatched, since)
        except OSError as error:
            if error.errno not in _LIMIT:
                raise
            self.reason = (
                f"the limit of watched folders is reached at {len(self._folders)}: "
                "raise fs.inotify.max_user_watches"
            )
            self._watches_of[path] |= before
            self.unwatch(path)
            return False, False
        for watch in before - self._watches_of[path]:
            self._release(watch, path)
        return True, late

    def watch_outside(self, folder: str) -> None:
        """See `Watch.watch_outside`."""
        if self._outside >= MAX_OUTSIDE:
            return
        with suppress(OSError):
            watched = self._folders.setdefault(self._watch(folder), WatchedFolder(folder))
            if not watched.owners and not watched.outside:
                self._outside += 1
                watched.outside = True

    def unwatch(self, path: Path) -> None:
        """Stop watching it."""
        self._git_dirs.pop(path, None)
        for watch in self._watches_of.pop(path, set()):
            self._release(watch, path)

    def changed_repos(self) -> set[Path] | None:
        """See `Watch.changed_repos`."""
        paths: set[Path] = set()
        for event in self._inotify.read():
            if event.mask & IN_Q_OVERFLOW:
                self.search_needed = True
                self.folders_changed |= set(self._watches_of)
                return None
            folder = self._folders.get(event.watch)
            if folder is None:
                continue
            if event.mask & IN_IGNORED:
                self._forget(event.watch, folder)
            elif self._is_state_change(event, folder):
                paths |= folder.owners
        return paths

    def close(self) -> None:
        """Release all watches."""
        self.fd = None
        self._inotify.close()

    def _forget(self, watch: int, folder: WatchedFolder) -> None:
        del self._folders[watch]
        self._outside -= folder.outside
        for owner in folder.owners:
            self._watches_of.get(owner, set()).discard(watch)

    def _release(self, watch: int, owner: Path) -> None:
        folder = self._folders.get(watch)
        if folder is None:
            return
        folder.owners.discard(owner)
        if not folder.owners and not folder.outside:
            del self._folders[watch]
            self._inotify.remove(watch)

    def _is_state_change(self, event: Event, folder: WatchedFolder) -> bool:
        """Whether an event may change the state of a repository."""
        name = os.fsdecode(event.name)
        new_folder = bool(event.mask & IN_ISDIR and event.mask & (IN_CREATE | IN_MOVED_TO))
        if name == ".git" or (folder.outside and (event.mask & IN_ISDIR or not name)):
            self.search_needed = True
        if not folder.in_git:
            if new_folder or name == ".gitignore":
                self.folders_changed |= folder.owners
            return True
        if name == "index.lock":
            self.locks_changed |= {
                owner for owner in folder.owners if self._git_dirs.get(owner) == folder.name
            }
        # Git updates the time of a shared index when it reads one.
        if name.endswith(".lock") or name in {"objects", "COMMIT_EDITMSG"} or name.startswith("sharedindex."):
            return False
        if new_folder and "/refs/" in folder.name:
            with suppress(OSError):
                for owner in tuple(folder.owners):
                    self._add_refs(owner, f"{folder.name}/{name}")
        return True

    def _add_git_dir(self, path: Path, git_dir: Path) -> None:
        for base in dict.fromkeys((git_dir, GitDir.from_git_dir(git_dir).shared)):
            self._add(path, str(base), in_git=True)
            self._add_refs(path, str(base / _HEADS))
            for remote in _entries(str(base / _REMOTES)):
                self._add_refs(path, remote.path)
            if (base / _STASHES[-1] / "stash").exists():
                for name in _STASHES:
                    self._add(path, str(base / name), in_git=True)

    def _add_refs(self, path: Path, folder: str) -> None:
        for inner, folders, _ in os.walk(folder):
            if self._add(path, inner, in_git=True) is None:
                folders.clear()

    def _add_work_tree(self, path: Path, before: set[int], unwatched: Unwatched, since: int | None) -> bool:
        """Watch the folders below *path*; returns whether a newly watched one has changed since *since*."""
        late = False
        waiting = [(path.as_posix(), "", False)]
        while waiting:
            folder, below, unknown = waiting.pop()
            watch = self._add(path, folder, in_git=False)
            if watch is None:
                continue
            entries = list(_entries(folder))
            if below and any(entry.name == ".git" for entry in entries):
                self._watches_of[path].discard(watch)
                self._release(watch, path)
                self.search_needed = self.search_needed or (
                    bool(before) and Path(folder) not in self._watches_of
                )
                continue  # a repository of its own
            if since is not None and watch not in before and not late:
                late = _has_changed_since(folder, entries, since)
            for entry in entries:
                if entry.name == ".git" or not entry.is_dir(follow_symlinks=False):
                    continue
                inner = f"{below}/{entry.name}" if below else entry.name
                alien = unknown or inner in unwatched.unknown
                if inner not in unwatched.ignored and not (alien and entry.name in self._prune):
                    waiting.append((entry.path, inner, alien))
        return late

    def _add(self, path: Path, folder: str, *, in_git: bool) -> int | None:
        try:
            watch = self._watch(folder)
        except OSError as error:
            if error.errno in _LIMIT:
                raise
            return None
        watched = self._folders.setdefault(watch, WatchedFolder(folder))
        watched.in_git = in_git
        self._outside -= watched.outside
        watched.outside = False
        watched.owners.add(path)
        self._watches_of.setdefault(path, set()).add(watch)
        return watch

    def _watch(self, folder: str) -> int:
        if len(self._folders) >= self._most:
            raise OSError(errno.ENOSPC, "limit reached")
        return self._inotify.add(folder)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _has_changed_since(folder: str, entries: list[os.DirEntry[str]], since: int) -> bool:
    """Whether *folder* or a file in it changed at or after *since*."""
    with suppress(OSError):
        if os.stat(folder).st_ctime_ns >= since:  # noqa: PTH116 - half the cost of Path.stat
            return True
    for entry in entries:
        with suppress(OSError):
            if entry.name != ".git" and entry.stat(follow_symlinks=False).st_ctime_ns >= since:
                return True
    return False


def file_clock_ns() -> int | None:
    """The current time by the clock of file times, Unix ns; None where it is not available."""
    if not sys.platform.startswith("linux"):
        return None
    return time.clock_gettime_ns(_COARSE)


def open_watch(prune: tuple[str, ...]) -> Watch:
    """An `InotifyWatch` where the system has inotify, else a `NoWatch`."""
    try:
        return InotifyWatch(prune)
    except OSError as error:
        return NoWatch(f"no file-system events: {error.strerror or error}")
