"""What would be staged in a repository and its submodules, children first, and what is left out and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agentdash.actions.repos.secrets import in_changes, in_new_files
from agentdash.core.repos.commands import LeftOut, StagePart
from agentdash.core.snapshot import SourceError
from agentdash.core.text import decode, printable
from agentdash.core.units import size
from agentdash.git import commands
from agentdash.git.git_dir import GitDir, UnusableRepo, submodules
from agentdash.git.write_checks import has_own_git_dir

MAX_DEEP = 10
MAX_FAMILY = 2000
"""Repositories that are staged and committed together at most."""
MAX_FILES = 50_000
NAMED = 50
"""Ignored paths that are named; all are counted."""
_STATUS = (
    "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames",
    "--ignore-submodules=dirty",
)  # fmt: skip


@dataclass(slots=True)
class StagingStatus:
    """One status, as staging needs it: paths that differ from the index, and their states."""

    tracked: list[bytes] = field(default_factory=list)
    fresh: list[bytes] = field(default_factory=list)
    conflicts: list[bytes] = field(default_factory=list)
    ignored: list[bytes] = field(default_factory=list)
    links: set[bytes] = field(default_factory=set)
    staged: int = 0

    @property
    def open(self) -> list[bytes]:
        """What is not staged."""
        return [*self.tracked, *self.fresh, *self.conflicts]


def git_dir_of(path: Path) -> GitDir:
    """The git directory of the work tree *path*.

    Raises:
        SourceError: where it has none.
    """
    try:
        return GitDir.from_work_tree(path)
    except UnusableRepo as why:
        raise SourceError(f"{path}: {why}") from None


def parent_of(child: Path, paths: Iterable[Path]) -> Path | None:
    """The one of *paths* that *child* is a submodule of; None where it is of none."""
    above = [path for path in paths if path != child and child.is_relative_to(path)]
    return max(above, key=lambda path: len(path.parts), default=None)


@dataclass(frozen=True, slots=True)
class StageTarget:
    """The repository or a submodule of it.

    Attributes:
        left_out: Why nothing is changed in it, in words; None where it may be.
    """

    path: Path
    left_out: str | None = None


def stage_targets(path: Path) -> Iterator[StageTarget]:
    """The repository and its initialised submodules, children first, each once; at most `MAX_FAMILY`.

    A child whose git directory lies elsewhere than git puts it is left out, with what is below it.
    """
    return iter(_family(path, os.path.realpath(path), {os.path.realpath(path)}, MAX_DEEP))


def _family(path: Path, real: str, seen: set[str], deep: int) -> list[StageTarget]:
    found: list[StageTarget] = []
    for folder in submodules(path, 0).folders if deep else ():
        child = path / folder
        place = os.path.realpath(child)
        new = place.startswith(f"{real}/") and place not in seen and len(seen) < MAX_FAMILY
        # One whose path goes through a link, or back and forth, is none that git would enter.
        if new and os.path.exists(f"{place}/.git") and place == f"{real}/{folder}":  # noqa: PTH110 - never raises
            seen.add(place)
            why = _not_of(child, path)
            found += [StageTarget(child, why)] if why else _family(child, place, seen, deep - 1)
    return [*found, StageTarget(path)]


def _not_of(child: Path, parent: Path) -> str | None:
    """Why *child* is none of *parent*'s, although it is named as a submodule of it."""
    try:
        if has_own_git_dir(child, GitDir.from_work_tree(parent)):
            return None
    except UnusableRepo as why:
        return str(why)
    return (
        "its git directory is neither in it nor below that of its parent: it may belong to another repository"
    )


def check_top_level(path: Path, timeout: float) -> None:
    """Refuse a repository whose configuration leads git to another work tree than the one that is shown.

    Raises:
        GitFailed: in words.
    """
    top = commands.top_level(path, timeout)
    if str(top) != os.path.realpath(path):
        raise commands.GitFailed(f"its configuration (core.worktree) makes git work in {printable(str(top))}")


def read_status(path: Path, timeout: float) -> StagingStatus:
    """What git says of *path* itself, with every untracked file by name.

    Raises:
        GitFailed: in words.
    """
    seen = StagingStatus()
    rename = False
    raw = commands.output(path, _STATUS, timeout)
    if len(raw) >= commands.MAX_OUTPUT:
        raise commands.GitFailed("more has changed than can be staged here: stage it by hand")
    for record in raw.split(b"\0"):
        if rename:
            rename = False
            continue
        kind, words = record[:2], record.split(b" ", 10)
        if kind in {b"1 ", b"2 "}:
            at = 8 if kind == b"1 " else 9
            name = record.split(b" ", at)[at]
            rename = kind == b"2 "
            seen.staged += words[1][:1] != b"."
            if words[1][1:2] != b".":
                seen.tracked.append(name)
            if words[2][:1] == b"S":
                seen.links.add(name)
        elif kind == b"u ":
            seen.conflicts.append(words[10])
        elif kind == b"? ":
            seen.fresh.append(record[2:])
        elif kind == b"! ":
            seen.ignored.append(record[2:])
    return seen


def plan(root: Path, largest: int, timeout: float) -> tuple[StagePart, ...]:
    """What staging everything comes to, for each repository of the family. Changes nothing. Blocks.

    Args:
        root: The repository.
        largest: Bytes of a file above which it is left out.
        timeout: Seconds that each git process may take.
    """
    return tuple(plan_part(member, root, largest, timeout) for member in stage_targets(root))


def display_name(root: Path, path: Path) -> str:
    """What one of the family is called: ``web``, ``web/lib``."""
    return printable(root.name if path == root else f"{root.name}/{path.relative_to(root)}")


def plan_part(member: StageTarget, root: Path, largest: int, timeout: float) -> StagePart:
    """The plan for one of them."""
    path = member.path
    name = display_name(root, path)
    if member.left_out:
        return StagePart(str(path), name, blocked=member.left_out)
    try:
        check_top_level(path, timeout)
        lock = git_dir_of(path).own / "index.lock"
        if lock.exists():
            return StagePart(
                str(path), name, blocked=f"locked: {lock} is there, another git works or has died"
            )
        seen = read_status(path, timeout)
    except (commands.GitFailed, OSError, SourceError) as failure:
        return StagePart(str(path), name, blocked=printable(str(failure)))
    if len(seen.open) > MAX_FILES:
        return StagePart(str(path), name, blocked=f"{len(seen.open)} changed files: more than {MAX_FILES}")
    files: list[bytes] = []
    left = [LeftOut(decode(one), "ignored") for one in seen.ignored[:NAMED]]
    left += [LeftOut(decode(one), "in conflict: resolve it first") for one in seen.conflicts]
    filtered = _filtered(path, [*seen.tracked, *seen.fresh], timeout)
    for one in (*seen.tracked, *seen.fresh):
        why = _why_not(path, one, one in seen.links, filtered, largest)
        if why is None:
            files.append(one)
        else:
            left.append(LeftOut(decode(one), why))
    known = set(seen.tracked)
    secrets = in_changes(path, [one for one in files if one in known], timeout)
    secrets |= in_new_files(path, [one for one in files if one not in known])
    left += [LeftOut(decode(one), why) for one, why in secrets.items()]
    kept = tuple(one for one in files if one not in secrets)
    return StagePart(str(path), name, kept, tuple(left), len(seen.ignored), seen.staged)


def _why_not(path: Path, name: bytes, link: bool, filtered: set[bytes], largest: int) -> str | None:
    """Why a file cannot be staged; None where nothing speaks against it, or it was deleted."""
    if name in filtered:
        return "its filter is a program that the repository itself names: stage it by hand"
    place = path / os.fsdecode(name)
    if name.endswith(b"/"):
        return "a repository of its own: add it as a submodule, or ignore it"
    try:
        status = place.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if link or stat.S_ISLNK(status.st_mode):
        return None
    if stat.S_ISDIR(status.st_mode) and (place / ".git").exists():
        return "a repository of its own: add it as a submodule, or ignore it"
    if stat.S_ISREG(status.st_mode) and status.st_size > largest:
        return f"too large: {size(status.st_size)}, more than {size(largest)}"
    return None if os.access(place, os.R_OK) else "cannot be read: permission denied"


def _filtered(path: Path, names: list[bytes], timeout: float) -> set[bytes]:
    """Those whose content goes through a program of the repository's own configuration."""
    drivers = commands.repository_filters(path, timeout) if names else set()
    if not drivers:
        return set()
    given = b"\0".join(names) + b"\0"
    words = commands.output(path, ("check-attr", "-z", "--stdin", "filter"), timeout, stdin=given).split(
        b"\0"
    )
    return {
        name for name, value in zip(words[::3], words[2::3], strict=False) if os.fsdecode(value) in drivers
    }
