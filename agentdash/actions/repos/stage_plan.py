"""Plans what is staged in a repository and its submodules, and what is left out and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agentdash.actions.repos.secrets import in_changes, in_new_files
from agentdash.core.repos.commands import LeftOut, StagePart
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.core.units import size
from agentdash.git import commands
from agentdash.git.git_dir import GitDir, UnusableRepo, submodules
from agentdash.git.write_checks import has_own_git_dir

MAX_DEPTH = 10
MAX_TARGETS = 2000
"""Upper limit of repositories that are staged and committed together."""
MAX_FILES = 50_000
NAMED = 50
"""Ignored paths that are listed; all are counted."""
_STATUS = (
    "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames",
    "--ignore-submodules=dirty",
)  # fmt: skip


@dataclass(slots=True)
class StagingStatus:
    """The paths of one status that differ from the index, by state.

    Attributes:
        links: Tracked submodules among them.
        staged: Number of staged paths.
    """

    tracked: list[bytes] = field(default_factory=list)
    untracked: list[bytes] = field(default_factory=list)
    conflicts: list[bytes] = field(default_factory=list)
    ignored: list[bytes] = field(default_factory=list)
    links: set[bytes] = field(default_factory=set)
    staged: int = 0

    @property
    def unstaged(self) -> list[bytes]:
        """All unstaged paths."""
        return [*self.tracked, *self.untracked, *self.conflicts]


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
    """The innermost of *paths* that contains *child*; None where none does."""
    above = [path for path in paths if path != child and child.is_relative_to(path)]
    return max(above, key=lambda path: len(path.parts), default=None)


@dataclass(frozen=True, slots=True)
class StageTarget:
    """The repository or a submodule of it.

    Attributes:
        left_out: Why it must not be changed; None where it may be.
    """

    path: Path
    left_out: str | None = None


def stage_targets(path: Path) -> Iterator[StageTarget]:
    """The repository and its initialised submodules, children first, each once; at most `MAX_TARGETS`.

    A submodule whose git directory is not where git creates it is left out, with those below it.
    """
    return iter(_targets(path, os.path.realpath(path), {os.path.realpath(path)}, MAX_DEPTH))


def _targets(path: Path, real: str, seen: set[str], depth: int) -> list[StageTarget]:
    found: list[StageTarget] = []
    for folder in submodules(path, 0).folders if depth else ():
        child = path / folder
        place = os.path.realpath(child)
        new = place.startswith(f"{real}/") and place not in seen and len(seen) < MAX_TARGETS
        # Git enters no submodule whose path contains a link or "..".
        if new and os.path.exists(f"{place}/.git") and place == f"{real}/{folder}":  # noqa: PTH110 - never raises
            seen.add(place)
            why = _foreign_reason(child, path)
            found += [StageTarget(child, why)] if why else _targets(child, place, seen, depth - 1)
    return [*found, StageTarget(path)]


def _foreign_reason(child: Path, parent: Path) -> str | None:
    """Why *child* may be another repository than the submodule of *parent*; None where it is not."""
    try:
        if has_own_git_dir(child, GitDir.from_work_tree(parent)):
            return None
    except UnusableRepo as why:
        return str(why)
    return "its git directory is neither in it nor below its parent's: it may belong to another repository"


def check_top_level(path: Path, timeout: float) -> None:
    """Refuse a repository whose configuration makes git use another work tree than the one that is shown.

    Raises:
        GitFailed: where it does, or git fails.
    """
    top = commands.top_level(path, timeout)
    if str(top) != os.path.realpath(path):
        raise commands.GitFailed(f"its configuration (core.worktree) makes git work in {printable(str(top))}")


def read_status(path: Path, timeout: float) -> StagingStatus:
    """The status of *path* itself, with every untracked file.

    Raises:
        GitFailed: where git fails, or its output is too long.
    """
    status = StagingStatus()
    rename = False
    raw = commands.output(path, _STATUS, timeout)
    if len(raw) >= commands.MAX_OUTPUT:
        raise commands.GitFailed("too many changes: stage them in a shell")
    for record in raw.split(b"\0"):
        if rename:
            rename = False
            continue
        kind, fields = record[:2], record.split(b" ", 10)
        if kind in {b"1 ", b"2 "}:
            at = 8 if kind == b"1 " else 9
            name = record.split(b" ", at)[at]
            rename = kind == b"2 "
            status.staged += fields[1][:1] != b"."
            if fields[1][1:2] != b".":
                status.tracked.append(name)
            if fields[2][:1] == b"S":
                status.links.add(name)
        elif kind == b"u ":
            status.conflicts.append(fields[10])
        elif kind == b"? ":
            status.untracked.append(record[2:])
        elif kind == b"! ":
            status.ignored.append(record[2:])
    return status


def plan(root: Path, largest: int, timeout: float) -> tuple[StagePart, ...]:
    """The plan to stage everything, for each target. Changes nothing. Blocks.

    Args:
        root: The repository.
        largest: Size limit of a file, bytes.
        timeout: Limit of each git process, seconds.
    """
    return tuple(plan_part(target, root, largest, timeout) for target in stage_targets(root))


def display_name(root: Path, path: Path) -> str:
    """The display name of a target: ``web``, ``web/lib``."""
    return printable(root.name if path == root else f"{root.name}/{path.relative_to(root)}")


def plan_part(target: StageTarget, root: Path, largest: int, timeout: float) -> StagePart:
    """The plan of name target."""
    path = target.path
    title = display_name(root, path)
    if target.left_out:
        return StagePart(str(path), title, blocked=target.left_out)
    try:
        check_top_level(path, timeout)
        lock = git_dir_of(path).own / "index.lock"
        if lock.exists():
            return StagePart(
                str(path), title, blocked=f"locked: {lock} exists: another git is running, or was killed"
            )
        git_status = read_status(path, timeout)
    except (commands.GitFailed, OSError, SourceError) as failure:
        return StagePart(str(path), title, blocked=printable(str(failure)))
    if len(git_status.unstaged) > MAX_FILES:
        return StagePart(
            str(path), title, blocked=f"{len(git_status.unstaged)} changed files: more than {MAX_FILES}"
        )
    files: list[bytes] = []
    left_out = [LeftOut(as_text(name), "ignored") for name in git_status.ignored[:NAMED]]
    left_out += [LeftOut(as_text(name), "in conflict: resolve it first") for name in git_status.conflicts]
    filtered = _filtered(path, [*git_status.tracked, *git_status.untracked], timeout)
    for name in (*git_status.tracked, *git_status.untracked):
        why = _why_not(path, name, name in git_status.links, filtered, largest)
        if why is None:
            files.append(name)
        else:
            left_out.append(LeftOut(as_text(name), why))
    known = set(git_status.tracked)
    secrets = in_changes(path, [name for name in files if name in known], timeout)
    secrets |= in_new_files(path, [name for name in files if name not in known])
    left_out += [LeftOut(as_text(name), why) for name, why in secrets.items()]
    kept = tuple(name for name in files if name not in secrets)
    return StagePart(str(path), title, kept, tuple(left_out), len(git_status.ignored), git_status.staged)


def _why_not(path: Path, name: bytes, link: bool, filtered: set[bytes], largest: int) -> str | None:
    """Why a file cannot be staged; None where it can be, or was deleted."""
    if name in filtered:
        return "its filter is a program set by the repository itself: stage it in a shell"
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
    """Those with a filter set by the repository's own configuration."""
    filters = commands.repository_filters(path, timeout) if names else set()
    if not filters:
        return set()
    paths = b"\0".join(names) + b"\0"
    fields = commands.output(path, ("check-attr", "-z", "--stdin", "filter"), timeout, stdin=paths).split(
        b"\0"
    )
    return {
        name for name, value in zip(fields[::3], fields[2::3], strict=False) if os.fsdecode(value) in filters
    }
