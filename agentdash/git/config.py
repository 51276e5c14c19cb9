"""Which files a repository's configuration is made of, each checked before git opens it.

Every file that it includes counts, whether the condition of its ``includeIf`` holds or not: a condition can
come to hold between two processes, as by a branch that is a link to what a process is given to read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.secrets.safe_text import safe_text
from agentdash.files.small import open_regular
from agentdash.git.call import GitFailed, call
from agentdash.git.git_dir import GitDir, UnusableRepo
from agentdash.git.opened_files import resolve_regular

MAX_SEARCHED = 1024 * 1024
"""Bytes of a file of configuration that are searched here; where it is larger, git is asked."""
MAX_FILES = 50
"""Files that a repository's own configuration may include; one with more is not used."""
MAX_SETTINGS = 4 * 1024 * 1024
"""Bytes of configuration that git may list; a repository with more of it is not used."""

_LIST = ("config", "--list", "--show-scope", "--show-origin", "-z")
_OWN = frozenset({b"local", b"worktree"})
_WORD = re.compile(rb"include", re.IGNORECASE)
_INCLUDE = re.compile(r"include\.path|includeif\..*\.path", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConfigSetting:
    """One line of configuration.

    Attributes:
        own: Whether the repository sets it; else the user or the system does.
        file: The file that it stands in.
    """

    own: bool
    key: str
    value: str
    file: str = ""


def settings(path: Path, git_dir: GitDir, timeout: float) -> tuple[tuple[ConfigSetting, ...], int]:
    """All configuration that git heeds in *path*, in its order, and what it might heed under a condition.

    Returns:
        The settings, and how many git processes it took: one, more where files are included.

    Raises:
        GitFailed: in words; also where there is more of it than can be checked.
    """
    for place in _files(git_dir):
        _checked(place, f"its {place.rpartition('/')[2]}")
    if not may_contain(git_dir, _WORD):
        return _listed(path, git_dir, ("--includes",), timeout), 1
    found = _listed(path, git_dir, ("--no-includes",), timeout)
    included, files = _included(path, git_dir, found, timeout)
    # Each file has been checked: now git may follow what it includes.
    whole = _listed(path, git_dir, ("--includes",), timeout)
    return (*whole, *(one for one in included if one not in whole)), 2 + files


def may_contain(git_dir: GitDir, words: re.Pattern[bytes]) -> bool:
    """Whether the repository's own files of configuration may have one of *words* in them; no process.

    Only plain files are searched, and only to their very end: in every other case the answer is yes.
    """
    return any(_may_hold(place, words) for place in _files(git_dir))


def _may_hold(place: str, words: re.Pattern[bytes]) -> bool:
    try:
        descriptor = open_regular(place, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        raw = os.read(descriptor, MAX_SEARCHED)
        # A file may tell a wrong size of itself: it is read until nothing comes.
        return bool(words.search(raw)) or (bool(raw) and os.read(descriptor, 1) != b"")
    except OSError:
        return True
    finally:
        os.close(descriptor)


def _files(git_dir: GitDir) -> tuple[str, str]:
    return f"{git_dir.shared}/config", f"{git_dir.own}/config.worktree"


def _included(
    path: Path, git_dir: GitDir, found: Sequence[ConfigSetting], timeout: float
) -> tuple[list[ConfigSetting], int]:
    """What stands in the files that the repository includes, and in those that they include, and how many."""
    settled_files: set[str] = set()
    everything: list[ConfigSetting] = []
    waiting = [one for one in found if one.own]
    while waiting:
        one = waiting.pop()
        if not _INCLUDE.fullmatch(one.key):
            continue
        target = _target(one)
        place = _checked(target, f"its configuration includes a file ({safe_text(one.value, 100)}) that")
        if place is None or f"{target}\0{place}" in settled_files:
            continue
        settled_files.add(f"{target}\0{place}")
        if len(settled_files) > MAX_FILES:
            raise GitFailed(f"its configuration includes more than {MAX_FILES} files")
        inside = _listed(path, git_dir, ("--no-includes", "--file", place), timeout)
        new = [ConfigSetting(True, each.key, each.value, target) for each in inside]
        everything += new
        waiting += new
    return everything, len(settled_files)


def _target(one: ConfigSetting) -> str:
    """The file that an include names, as git finds it (handle_path_include in its config.c)."""
    if one.value.startswith(("%(", ":(")) or not one.file.startswith("/"):
        raise GitFailed(f"its configuration includes {safe_text(one.value, 100)!r}, which cannot be checked")
    return os.path.join(os.path.dirname(one.file), os.path.expanduser(one.value))  # noqa: PTH111, PTH118, PTH120


def _checked(place: str, what: str) -> str | None:
    """*place* without links; None where nothing is there.

    Raises:
        GitFailed: where it is not the same file for every process.
    """
    try:
        return resolve_regular(place)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnusableRepo as why:
        raise GitFailed(f"{what} {why}") from None
    except (OSError, ValueError) as error:
        raise GitFailed(f"{what} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _listed(path: Path, git_dir: GitDir, how: tuple[str, ...], timeout: float) -> tuple[ConfigSetting, ...]:
    taken = bytearray()

    def feed(piece: bytes) -> None:
        taken.extend(piece)
        if len(taken) > MAX_SETTINGS:
            raise GitFailed("its configuration is too large to be checked")

    call(path, git_dir, (*_LIST, *how), feed, timeout)
    words = bytes(taken).split(b"\0")
    found = []
    for scope, origin, entry in zip(words[::3], words[1::3], words[2::3], strict=False):
        if scope == b"command" and origin.startswith(b"command line:"):
            continue  # the overrides themselves
        key, _, value = os.fsdecode(entry).partition("\n")
        found.append(ConfigSetting(scope in _OWN, key, value, os.fsdecode(origin.removeprefix(b"file:"))))
    return tuple(found)
