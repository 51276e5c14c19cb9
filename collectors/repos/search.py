"""Finds repositories below the roots: those right below them at once, nested ones step by step."""

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
"""Repositories that are followed at most."""
MAX_INSIDE = 200
"""Repositories that are followed at most inside of one that lies in none itself: none hides others."""

_MAX_TOLD = 10


@dataclass(frozen=True, slots=True)
class FoundRepo:
    """A repository: its work tree (its git directory where it is bare), and its git directory.

    Attributes:
        error: Why it can be no repository after all, in words.
        outermost: The outermost repository around it below its root; None where it lies in none. A root that
            is a repository itself does not count.
    """

    path: Path
    git_dir: Path
    kind: RepoKind
    error: str | None = None
    outermost: str | None = None


class SearchFolder(NamedTuple):
    """A folder that is to be looked into.

    Attributes:
        level: How far below its root.
        inside: Whether it lies in a repository.
        outermost: As in `FoundRepo`.
    """

    path: str
    level: int = 0
    inside: bool = False
    outermost: str | None = None


class RepoSearch:
    """One walk through all roots. It follows no link but a root itself, and sees each folder once.

    What lies in no repository comes first; then the insides of repositories take turns.

    A registered submodule is found wherever it lies, also deeper, and below a name that is left out: its
    parent's state rests on it.

    Args:
        roots: Folders, resolved.
        depth: Folders below a root that the walk goes down.
        prune: Names of folders that are never entered, but for what is registered in them.
        entering: Told each folder that is in no repository, before it is looked into.

    Attributes:
        found: What was found so far, by path.
        complete: Whether the walk is through.
        seconds: How long it took so far.
    """

    def __init__(
        self,
        roots: tuple[Path, ...],
        depth: int,
        prune: tuple[str, ...],
        entering: Callable[[str], None] = lambda _folder: None,
    ) -> None:
        self.found: dict[Path, FoundRepo] = {}
        self.complete = False
        self._prune = frozenset((*prune, ".git"))
        self._depth = depth
        self._entering = entering
        self.seconds = 0.0
        self._seen: set[tuple[int, int]] = set()
        self._git_dirs: set[Path] = set()
        self._peeked: dict[tuple[int, int], str] = {}
        self._waiting: deque[SearchFolder] = deque(SearchFolder(str(root)) for root in roots)
        self._insides: dict[str, deque[SearchFolder]] = {}
        self._count_inside: Counter[str] = Counter()
        self._left_out: Counter[str | None] = Counter()

    def step(self, seconds: float) -> None:
        """Go on for about that long; the roots, and repositories right below, are always done at once."""
        begun = time.monotonic()
        while self._waiting or self._insides:
            at_once = bool(self._waiting) and self._waiting[0].level == 0
            if not at_once and time.monotonic() - begun >= seconds:
                break
            self._enter(self._next())
        self.complete = not self._waiting and not self._insides
        self.seconds += time.monotonic() - begun

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was found and is not followed, in words: for the first few repositories that it lies in."""
        inside = [(outer, count) for outer, count in self._left_out.items() if outer is not None]
        words = [
            f"{plural(count, 'repository', 'repositories')} inside of {outer} not listed: "
            f"{MAX_INSIDE} inside of one are the most"
            for outer, count in inside[:_MAX_TOLD]
        ]
        if count := sum(count for _, count in inside[_MAX_TOLD:]):
            words.append(f"{plural(count, 'repository', 'repositories')} inside of others not listed")
        if count := self._left_out[None]:
            words.append(
                f"{plural(count, 'repository', 'repositories')} not listed: {MAX_REPOS} are the most"
            )
        return tuple(words)

    def _next(self) -> SearchFolder:
        if self._waiting:
            return self._waiting.popleft()
        outermost = next(iter(self._insides))
        places = self._insides.pop(outermost)
        place = places.popleft()
        if places:
            self._insides[outermost] = places  # at the end of the line
        return place

    def _wait(self, place: SearchFolder) -> None:
        if place.outermost is None:
            self._waiting.append(place)
        else:
            self._insides.setdefault(place.outermost, deque()).append(place)

    def _enter(self, place: SearchFolder) -> None:
        # Plain strings and one listing a folder: this is done for thousands of them.
        path, level, inside = place.path, place.level, place.inside
        try:
            status = os.stat(path)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in self._seen:
                return
            self._seen.add((status.st_dev, status.st_ino))
            if not inside:
                self._entering(path)
            folders, names = _entries(path)
        except OSError:
            return
        found = _repository(path, names, ".git" in folders, nested=inside)
        if found is not None:
            self._add(replace(found, outermost=place.outermost))
        outermost = place.outermost or (path if found is not None and level > 0 else None)
        if found is not None and ".gitmodules" in names:
            for folder, deep in _registered(path):
                self._wait(SearchFolder(folder, level + deep, True, outermost))
        if level >= self._depth or (found is not None and found.kind is RepoKind.BARE):
            return
        inside = inside or found is not None
        below = [f"{path}/{name}" for name in sorted(folders) if name not in self._prune]
        for folder in below:
            self._wait(SearchFolder(folder, level + 1, inside, outermost))
        if level == 0:
            for folder in below:
                self._peek(folder, nested=inside)

    def _peek(self, path: str, *, nested: bool) -> None:
        """Ask for the one name that tells a repository, and leave the listing for its turn in the walk."""
        try:
            status = os.stat(path)  # noqa: PTH116
            git = os.lstat(f"{path}/.git")
        except OSError:
            return
        same = self._peeked.setdefault((status.st_dev, status.st_ino), path)
        if same == path and stat.S_ISDIR(git.st_mode) and len(self.found) < MAX_REPOS:
            place = Path(path)
            self.found[place] = FoundRepo(place, place / ".git", RepoKind.NESTED if nested else RepoKind.REPO)

    def _add(self, found: FoundRepo) -> None:
        """Take it; what looks bare and is the git directory of a work tree apart is not one more."""
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


def _registered(path: str) -> Iterator[tuple[str, int]]:
    """The submodules that a repository names, and how deep they are; none outside it, or past a link."""
    for folder in submodules(Path(path), 0).folders:
        place = os.path.normpath(f"{path}/{folder}")
        if place.startswith(f"{path}/") and os.path.realpath(place) == place:
            yield place, place.count("/") - path.count("/")


def _entries(path: str) -> tuple[set[str], set[str]]:
    """Names of the folders in *path* (no links), and all names that matter here."""
    folders: set[str] = set()
    names: set[str] = set()
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name in _TELLING:
                names.add(entry.name)
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folders.add(entry.name)
    return folders, names


_BARE = {"HEAD", "objects", "refs"}
_TELLING = frozenset({".git", ".gitmodules", *_BARE})


def _repository(path: str, names: set[str], own_git: bool, *, nested: bool) -> FoundRepo | None:
    if own_git:
        place = Path(path)
        return FoundRepo(place, place / ".git", RepoKind.NESTED if nested else RepoKind.REPO)
    if ".git" in names:
        return _with_git(Path(path), nested=nested)
    if names >= _BARE:
        place = Path(path)
        if (read_small(place / "HEAD") or "").startswith(("ref: ", *"0123456789abcdef")):
            return FoundRepo(place, place, RepoKind.BARE)
    return None


def _with_git(path: Path, *, nested: bool) -> FoundRepo:
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
    """The repositories that lie in others and are none of their submodules or work trees, as far as is known.

    Returns:
        Their folders, relative to the repository around them, by its path.
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
    return _with_git(path, nested=False) if os.path.lexists(f"{path}/.git") else None


def search_error(root: Path) -> str | None:
    """Why *root* cannot be searched, in words; None where it can."""
    try:
        with os.scandir(root):
            return None
    except FileNotFoundError:
        return "is not there"
    except NotADirectoryError:
        return "is not a folder"
    except PermissionError:
        return "cannot be read: permission denied"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except ValueError as error:
        return f"cannot be read: {error}"
