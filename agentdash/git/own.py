"""What a repository's own configuration sets, and the overrides that undo what it must not do."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentdash.git import execution
from agentdash.git.call import GitFailed, call
from agentdash.git.folder import GitDir

MOST = 1024 * 1024
"""Bytes of a file of configuration that are searched here; where it is larger, git is asked."""
MOST_SETTINGS = 4 * 1024 * 1024
"""Bytes of configuration that git may list; a repository with more of it is not used."""

_LIST = ("config", "--list", "--show-scope", "--includes", "-z")
_THEIRS = frozenset({b"local", b"worktree"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of configuration.

    Attributes:
        own: Whether the repository sets it; else the user or the system does.
    """

    own: bool
    key: str
    value: str


def may_set(git_dir: GitDir) -> bool:
    """Whether its configuration may set anything that has to be undone by name; without a git process.

    Only plain files are searched, and only to their very end: in every other case the answer is yes.
    """
    places = (f"{git_dir.shared}/config", f"{git_dir.own}/config.worktree")
    return any(_matches(place) for place in places)


def _matches(place: str) -> bool:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return True
        raw = os.read(descriptor, MOST)
        # A file may tell a wrong size of itself: it is read until nothing comes.
        return bool(execution.MAY_SET.search(raw)) or (bool(raw) and os.read(descriptor, 1) != b"")
    except OSError:
        return True
    finally:
        os.close(descriptor)


def settings(path: Path, git_dir: GitDir, timeout: float) -> tuple[Setting, ...]:
    """All configuration that git heeds in *path*, in its order, what is included too: one git process.

    Raises:
        GitFailed: in words; also where there is more of it than can be checked.
    """
    taken = bytearray()

    def feed(piece: bytes) -> None:
        taken.extend(piece)
        if len(taken) > MOST_SETTINGS:
            raise GitFailed("its configuration is too large to be checked")

    call(path, git_dir, _LIST, feed, timeout)
    words = bytes(taken).split(b"\0")
    found = []
    for scope, entry in zip(words[::2], words[1::2], strict=False):
        if scope == b"command":
            continue  # the overrides themselves
        key, _, value = os.fsdecode(entry).partition("\n")
        found.append(Setting(scope in _THEIRS, key, value))
    return tuple(found)


def overrides(path: Path, found: Sequence[Setting]) -> dict[str, str]:
    """What undoes the repository's part of *found*, by full name; the user's own values take its place."""
    users = {one.key: one.value for one in found if not one.own}
    undone: dict[str, str] = {}
    for one in found:
        if one.key.startswith("hook."):
            undone[f"{one.key.rpartition('.')[0]}.enabled"] = "false"  # no hook is run, the user's neither
        elif not one.own:
            continue
        elif one.key in execution.FILES:
            undone[one.key] = users.get(one.key) or _plain_file(path, one.value)
        elif (nothing := execution.neutral(one.key)) is not None:
            undone[one.key] = users.get(one.key, nothing)
    return undone


def drivers(undone: Mapping[str, str]) -> set[str]:
    """Names of the filters that the repository's own configuration defines."""
    keys = (key.split(".", 1)[1] for key in undone if key.startswith("filter."))
    return {key.rpartition(".")[0] for key in keys}


def _plain_file(path: Path, value: str) -> str:
    """The file that *value* names, without links in it; the null device where it is no plain file."""
    with suppress(OSError, ValueError):
        place = os.path.realpath(os.path.join(path, os.path.expanduser(value)))  # noqa: PTH111, PTH118 - for odd names
        if stat.S_ISREG(os.stat(place).st_mode) and not place.startswith("/proc/"):  # noqa: PTH116 - as above
            return place
    return os.devnull
