"""Watches work trees by inotify: every folder that git looks into, and no other."""

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
"""Folders that are watched at most, whatever the system would allow."""
MAX_OUTSIDE = 5000
"""Folders among them that are in no repository."""

# Below a git directory only what nothing in the directory itself gives away: a branch moved without HEAD,
# a remote's branch that is pushed to, a stash that is dropped.
_HEADS = "refs/heads"
_REMOTES = "refs/remotes"
_STASHES = ("refs", "logs/refs")
_LIMIT = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE})
_COARSE = 5
"""CLOCK_REALTIME_COARSE of Linux: the clock by which the kernel stamps files."""


@dataclass(slots=True)
class WatchedFolder:
    """A watched folder and the work trees of which it tells: those of one repository share some.

    Attributes:
        in_git: Whether it belongs to a git directory.
        outside: Whether a repository may come right in it.
    """

    name: str
    in_git: bool = False
    outside: bool = False
    owners: set[Path] = field(default_factory=set)


class InotifyWatch:
    """Watches the folders of work trees, and those of git directories that tell about state.

    Args:
        prune: Names of folders that are not watched where git tracks nothing in them.
        most: See `MAX_WATCHES`.
    """

    mode = "watching"

    def __init__(self, prune: tuple[str, ...], most: int = MAX_WATCHES) -> None:
        self._inotify = Inotify()
        self.fd: int | None = self._inotify.fd
        self.reason: str | None = None
        self.moved = False
        self.grown: set[Path] = set()
        self.locked: set[Path] = set()
        self._prune = frozenset(prune)
        self._most = most
        self._outside = 0
        self._folders: dict[int, WatchedFolder] = {}
        self._of: dict[Path, set[int]] = {}
        self._git_dirs: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self._folders)

    def follow(self, found: FoundRepo, unwatched: Unwatched, since: int | None) -> tuple[bool, bool]:
        """See `Watch.follow`."""
        path = found.path
        before = self._of.get(path, set())
        self._of[path] = set()
        self._git_dirs[path] = str(found.git_dir)
        try:
            self._add_git_dir(path, found.git_dir)
            late = found.git_dir != path and self._add_tree(path, before, unwatched, since)
        except OSError as error:
            if error.errno not in _LIMIT:
                raise
            self.reason = (
                f"the limit of watched folders is reached at {len(self._folders)}: "
                "raise fs.inotify.max_user_watches"
            )
            self._of[path] |= before
            self.leave(path)
            return False, False
        for watch in before - self._of[path]:
            self._release(watch, path)
        return True, late

    def outside(self, folder: str) -> None:
        """See `Watch.outside`."""
        if self._outside >= MAX_OUTSIDE:
            return
        with suppress(OSError):
            one = self._folders.setdefault(self._watch(folder), WatchedFolder(folder))
            if not one.owners and not one.outside:
                self._outside += 1
                one.outside = True

    def leave(self, path: Path) -> None:
        """Watch it no more."""
        self._git_dirs.pop(path, None)
        for watch in self._of.pop(path, set()):
            self._release(watch, path)

    def changed(self) -> set[Path] | None:
        """See `Watch.changed`."""
        paths: set[Path] = set()
        for event in self._inotify.read():
            if event.mask & IN_Q_OVERFLOW:
                self.moved = True
                self.grown |= set(self._of)
                return None
            folder = self._folders.get(event.watch)
            if folder is None:
                continue
            if event.mask & IN_IGNORED:
                self._gone(event.watch, folder)
            elif self._tells(event, folder):
                paths |= folder.owners
        return paths

    def close(self) -> None:
        """Give the watches back."""
        self.fd = None
        self._inotify.close()

    def _gone(self, watch: int, folder: WatchedFolder) -> None:
        del self._folders[watch]
        self._outside -= folder.outside
        for owner in folder.owners:
            self._of.get(owner, set()).discard(watch)

    def _release(self, watch: int, owner: Path) -> None:
        folder = self._folders.get(watch)
        if folder is None:
            return
        folder.owners.discard(owner)
        if not folder.owners and not folder.outside:
            del self._folders[watch]
            self._inotify.remove(watch)

    def _tells(self, event: Event, folder: WatchedFolder) -> bool:
        """Whether an event is one of the repository's state."""
        name = os.fsdecode(event.name)
        came = bool(event.mask & IN_ISDIR and event.mask & (IN_CREATE | IN_MOVED_TO))
        if name == ".git" or (folder.outside and (event.mask & IN_ISDIR or not name)):
            self.moved = True
        if not folder.in_git:
            if came or name == ".gitignore":
                self.grown |= folder.owners
            return True
        if name == "index.lock":
            self.locked |= {owner for owner in folder.owners if self._git_dirs.get(owner) == folder.name}
        # Git sets the time of a shared index whenever it reads one.
        if name.endswith(".lock") or name in {"objects", "COMMIT_EDITMSG"} or name.startswith("sharedindex."):
            return False
        if came and "/refs/" in folder.name:
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

    def _add_tree(self, path: Path, before: set[int], unwatched: Unwatched, since: int | None) -> bool:
        """Watch what is not left out below *path*; whether something in what is new has changed *since*."""
        late = False
        waiting = [(path.as_posix(), "", False)]
        while waiting:
            folder, below, unknown = waiting.pop()
            watch = self._add(path, folder, in_git=False)
            if watch is None:
                continue
            entries = list(_entries(folder))
            if below and any(entry.name == ".git" for entry in entries):
                self._of[path].discard(watch)
                self._release(watch, path)
                self.moved = self.moved or (bool(before) and Path(folder) not in self._of)
                continue  # a repository of its own
            if since is not None and watch not in before and not late:
                late = _touched(folder, entries, since)
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
        one = self._folders.setdefault(watch, WatchedFolder(folder))
        one.in_git = in_git
        self._outside -= one.outside
        one.outside = False
        one.owners.add(path)
        self._of.setdefault(path, set()).add(watch)
        return watch

    def _watch(self, folder: str) -> int:
        if len(self._folders) >= self._most:
            raise OSError(errno.ENOSPC, "limit reached")
        return self._inotify.add(folder)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _touched(folder: str, entries: list[os.DirEntry[str]], since: int) -> bool:
    """Whether *folder* or a file right in it changed at or after *since*."""
    with suppress(OSError):
        if os.stat(folder).st_ctime_ns >= since:  # noqa: PTH116 - half the cost of Path.stat
            return True
    for entry in entries:
        with suppress(OSError):
            if entry.name != ".git" and entry.stat(follow_symlinks=False).st_ctime_ns >= since:
                return True
    return False


def file_time() -> int | None:
    """Now, by the clock that stamps files, Unix ns; None where that is not to be had."""
    if not sys.platform.startswith("linux"):
        return None
    return time.clock_gettime_ns(_COARSE)


def open_watch(prune: tuple[str, ...]) -> Watch:
    """A watch by events where the system has them."""
    try:
        return InotifyWatch(prune)
    except OSError as error:
        return NoWatch(f"no file-system events: {error.strerror or error}")
