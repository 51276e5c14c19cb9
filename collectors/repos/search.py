"""Finds repositories below the roots: first those right below them, then nested ones in steps."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from agentdash.core.repos.model import RepoKind
from agentdash.core.units import plural
from agentdash.git.git_dir import GitDir, UnusableRepo, read_small, submodules

MAX_REPOS = 5000
"""Upper limit of followed repositories."""
MAX_INSIDE = 200
"""Upper limit of followed repositories inside of one outermost repository, so that none displaces others."""

_MAX_LISTED = 10


@dataclass(frozen=True, slots=True)
class FoundRepo:
    """A repository: its work tree (its git directory where it is bare), and its git directory.

    Attributes:
        error: Why it cannot be used; a message.
        outermost: The outermost repository around it below its root; None where it is not nested. A root
            that is a repository itself does not count.
    """

    path: Path
    git_dir: Path
    kind: RepoKind
    error: str | None = None
    outermost: str | None = None


class SearchFolder(NamedTuple):
    """A folder to search.

    Attributes:
        level: Depth below its root.
        inside: Whether it is inside of a repository.
        outermost: As in `FoundRepo`.
    """

    path: str
    level: int = 0
    inside: bool = False
    outermost: str | None = None


class RepoSearch:
    """One search through all roots. It follows no links except of roots, and visits each folder once.

    Folders outside of repositories come first; then the outermost repositories take turns. Registered
    submodules are found at any depth and below pruned names, because the state of their parent needs them.

    Args:
        roots: Folders, resolved.
        depth: Levels below a root.
        prune: Names of folders that are skipped, except for submodules below them.
        on_folder: Called with each folder outside of repositories, before it is searched.

    Attributes:
        found: Repositories found so far, by path.
        complete: Whether all folders were searched.
        seconds: Time spent so far.
    """

    def __init__(
        self,
        roots: tuple[Path, ...],
        depth: int,
        prune: tuple[str, ...],
        on_folder: Callable[[str], None] = lambda _folder: None,
    ) -> None:
        self.found: dict[Path, FoundRepo] = {}
        self.complete = False
        self._prune = frozenset((*prune, ".git"))
        self._depth = depth
        self._on_folder = on_folder
        self.seconds = 0.0
        self._seen: set[tuple[int, int]] = set()
        self._git_dirs: set[Path] = set()
        self._claimed: dict[tuple[int, int], str] = {}
        self._waiting: deque[SearchFolder] = deque(SearchFolder(str(root)) for root in roots)
        self._insides: dict[str, deque[SearchFolder]] = {}
        self._count_inside: Counter[str] = Counter()
        self._left_out: Counter[str | None] = Counter()

    def step(self, seconds: float) -> None:
        """Search for about *seconds*; roots, and repositories right below them, are not interrupted."""
        started = time.monotonic()
        while self._waiting or self._insides:
            at_once = bool(self._waiting) and self._waiting[0].level == 0
            if not at_once and time.monotonic() - started >= seconds:
                break
            self._search_folder(self._next())
        self.complete = not self._waiting and not self._insides
        self.seconds += time.monotonic() - started

    @property
    def left_out(self) -> tuple[str, ...]:
        """Messages about repositories beyond the limits, for at most `_MAX_LISTED` outermost ones."""
        inside = [(outer, count) for outer, count in self._left_out.items() if outer is not None]
        words = [
            f"{plural(count, 'repository', 'repositories')} inside of {outer} not listed: "
            f"{MAX_INSIDE} is the limit inside of one"
            for outer, count in inside[:_MAX_LISTED]
        ]
        if count := sum(count for _, count in inside[_MAX_LISTED:]):
            words.append(f"{plural(count, 'repository', 'repositories')} inside of others not listed")
        if count := self._left_out[None]:
            words.append(
                f"{plural(count, 'repository', 'repositories')} not listed: {MAX_REPOS} is the limit"
            )
        return tuple(words)

    def _next(self) -> SearchFolder:
        if self._waiting:
            return self._waiting.popleft()
        outermost = next(iter(self._insides))
        folders = self._insides.pop(outermost)
        place = folders.popleft()
        if folders:
            self._insides[outermost] = folders  # to the end of the queue
        return place

    def _enqueue(self, place: SearchFolder) -> None:
        if place.outermost is None:
            self._waiting.append(place)
        else:
            self._insides.setdefault(place.outermost, deque()).append(place)

    def _search_folder(self, place: SearchFolder) -> None:
        # Plain strings and one listing a folder: this is done for thousands of them.
        path, level, inside = place.path, place.level, place.inside
        try:
            status = os.stat(path)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in self._seen:
                return
            self._seen.add((status.st_dev, status.st_ino))
            if not inside:
                self._on_folder(path)
            folders, names = _entries(path)
        except OSError:
            return
        found = _repo_in(path, names, ".git" in folders, nested=inside)
        if found is not None:
            self._add(replace(found, outermost=place.outermost))
        outermost = place.outermost or (path if found is not None and level > 0 else None)
        if found is not None and ".gitmodules" in names:
            for folder, deep in _submodule_folders(path):
                self._enqueue(SearchFolder(folder, level + deep, True, outermost))
        if level >= self._depth or (found is not None and found.kind is RepoKind.BARE):
            return
        inside = inside or found is not None
        below = [f"{path}/{name}" for name in sorted(folders) if name not in self._prune]
        for child in below:
            self._enqueue(SearchFolder(child, level + 1, inside, outermost))
        if level == 0:
            for child in below:
                self._find_git_dir(child, nested=inside)

    def _find_git_dir(self, path: str, *, nested: bool) -> None:
        """Record *path* where it has a git directory, before it is listed in its turn."""
        try:
            status = os.stat(path)  # noqa: PTH116
            git = os.lstat(f"{path}/.git")
        except OSError:
            return
        same = self._claimed.setdefault((status.st_dev, status.st_ino), path)
        if same == path and stat.S_ISDIR(git.st_mode) and len(self.found) < MAX_REPOS:
            place = Path(path)
            self.found[place] = FoundRepo(place, place / ".git", RepoKind.NESTED if nested else RepoKind.REPO)

    def _add(self, found: FoundRepo) -> None:
        """Record it, unless it only looks bare and is the git directory of another work tree."""
        if found.kind is RepoKind.BARE:
            if found.path in self._git_dirs:
                return
        elif found.git_dir.name != ".git":
            self._git_dirs.add(found.git_dir)
            bare = self.found.get(found.git_dir)
            if bare is not None and bare.kind is RepoKind.BARE:
                del self.found[found.git_dir]
                self._count_inside[bare.outermost or ""] -= 1
        outermost = found.outermost
        if found.path in self.found:
            self.found[found.path] = found
        elif outermost is not None and self._count_inside[outermost] >= MAX_INSIDE:
            self._left_out[outermost] += 1
        elif len(self.found) >= MAX_REPOS:
            self._left_out[None] += 1
        else:
            self.found[found.path] = found
            self._count_inside[outermost or ""] += 1


def _submodule_folders(path: str) -> Iterator[tuple[str, int]]:
    """Registered submodules and their levels below *path*; none outside of it, or behind a link."""
    for folder in submodules(Path(path), 0).folders:
        place = os.path.normpath(f"{path}/{folder}")
        if place.startswith(f"{path}/") and os.path.realpath(place) == place:
            yield place, place.count("/") - path.count("/")


def _entries(path: str) -> tuple[set[str], set[str]]:
    """Names of the folders in *path* (no links), and the `_SIGNIFICANT` names."""
    folders: set[str] = set()
    names: set[str] = set()
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name in _SIGNIFICANT:
                names.add(entry.name)
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folders.add(entry.name)
    return folders, names


_BARE = {"HEAD", "objects", "refs"}
_SIGNIFICANT = frozenset({".git", ".gitmodules", *_BARE})


def _repo_in(path: str, names: set[str], own_git: bool, *, nested: bool) -> FoundRepo | None:
    if own_git:
        place = Path(path)
        return FoundRepo(place, place / ".git", RepoKind.NESTED if nested else RepoKind.REPO)
    if ".git" in names:
        return _repo_with_git(Path(path), nested=nested)
    if names >= _BARE:
        place = Path(path)
        if (read_small(place / "HEAD") or "").startswith(("ref: ", *"0123456789abcdef")):
            return FoundRepo(place, place, RepoKind.BARE)
    return None


def _repo_with_git(path: Path, *, nested: bool) -> FoundRepo:
    kind = RepoKind.NESTED if nested else RepoKind.REPO
    try:
        git_dir = GitDir.from_work_tree(path)
    except UnusableRepo as why:
        return FoundRepo(path, path / ".git", kind, str(why))
    if git_dir.own == path / ".git":
        return FoundRepo(path, git_dir.own, kind)
    if git_dir.shared != git_dir.own:
        kind = RepoKind.WORKTREE
    elif "modules" in git_dir.own.parts:
        kind = RepoKind.SUBMODULE
    return FoundRepo(path, git_dir.own, kind)


def nested_repos(all_found: Iterable[FoundRepo]) -> dict[Path, tuple[str, ...]]:
    """The repositories inside of others that are not known as their submodules or work trees.

    Returns:
        By path of the outer repository: their folders, relative to it.
    """
    paths = {one.path: one.kind for one in all_found}
    inner: dict[Path, list[str]] = {}
    for path in sorted(path for path, kind in paths.items() if kind is RepoKind.NESTED):
        around = next((above for above in path.parents if above in paths), None)
        if around is not None:
            inner.setdefault(around, []).append(str(path.relative_to(around)))
    return {around: tuple(folders) for around, folders in inner.items()}


def repository_at(path: Path) -> FoundRepo | None:
    """The repository whose work tree is *path* itself; None where there is none."""
    return _repo_with_git(path, nested=False) if os.path.lexists(f"{path}/.git") else None


def search_error(root: Path) -> str | None:
    """Why *root* cannot be searched; None where it can."""
    try:
        with os.scandir(root):
            return None
    except FileNotFoundError:
        return "does not exist"
    except NotADirectoryError:
        return "is not a folder"
    except PermissionError:
        return "cannot be read: permission denied"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except ValueError as error:
        return f"cannot be read: {error}"
