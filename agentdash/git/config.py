"""Reads a repository's configuration by git, after a check of each file that it consists of.

Every included file counts, whether the condition of its ``includeIf`` is met or not: it may be met in the
next process.
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
"""Bytes of a configuration file that are searched here; larger ones are listed by git."""
MAX_FILES = 50
"""Limit of included files; a repository with more is refused."""
MAX_SETTINGS = 4 * 1024 * 1024
"""Limit of configuration, bytes; a repository with more is refused."""

_LIST = ("config", "--list", "--show-scope", "--show-origin", "-z")
_OWN = frozenset({b"local", b"worktree"})
_WORD = re.compile(rb"include", re.IGNORECASE)
_INCLUDE = re.compile(r"include\.path|includeif\..*\.path", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConfigSetting:
    """One line of configuration.

    Attributes:
        own: Whether it is set by the repository, not by the user or the system.
        file: The file that contains it.
    """

    own: bool
    key: str
    value: str
    file: str = ""


def settings(path: Path, git_dir: GitDir, timeout: float) -> tuple[tuple[ConfigSetting, ...], int]:
    """The effective configuration in *path*, in its order, then conditional settings that do not apply now.

    Returns:
        The settings, and the number of git processes: one, more with included files.

    Raises:
        GitFailed: where it cannot be read, or exceeds the limits.
    """
    for place in _files(git_dir):
        _checked(place, f"its {place.rpartition('/')[2]}")
    if not may_contain(git_dir, _WORD):
        return _listed(path, git_dir, ("--includes",), timeout), 1
    found = _listed(path, git_dir, ("--no-includes",), timeout)
    included, files = _included(path, git_dir, found, timeout)
    # All files are checked: git may follow the includes.
    whole = _listed(path, git_dir, ("--includes",), timeout)
    return (*whole, *(one for one in included if one not in whole)), 2 + files


def may_contain(git_dir: GitDir, words: re.Pattern[bytes]) -> bool:
    """Whether the repository's own configuration files may contain *words*; no git process.

    True also where a file is not regular or was not read to its end.
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
        # The size of a file may be wrong: it is read to its end.
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
    """The settings of all files that are included, also indirectly, and the number of files."""
    checked_files: set[str] = set()
    settings_found: list[ConfigSetting] = []
    waiting = [one for one in found if one.own]
    while waiting:
        one = waiting.pop()
        if not _INCLUDE.fullmatch(one.key):
            continue
        target = _target(one)
        place = _checked(target, f"its configuration includes a file ({safe_text(one.value, 100)}) that")
        if place is None or f"{target}\0{place}" in checked_files:
            continue
        checked_files.add(f"{target}\0{place}")
        if len(checked_files) > MAX_FILES:
            raise GitFailed(f"its configuration includes more than {MAX_FILES} files")
        inside = _listed(path, git_dir, ("--no-includes", "--file", place), timeout)
        new = [ConfigSetting(True, each.key, each.value, target) for each in inside]
        settings_found += new
        waiting += new
    return settings_found, len(checked_files)


def _target(one: ConfigSetting) -> str:
    """The file that an include names, resolved as by git (handle_path_include in config.c)."""
    if one.value.startswith(("%(", ":(")) or not one.file.startswith("/"):
        raise GitFailed(f"its configuration includes {safe_text(one.value, 100)!r}, which cannot be checked")
    return os.path.join(os.path.dirname(one.file), os.path.expanduser(one.value))  # noqa: PTH111, PTH118, PTH120


def _checked(place: str, what: str) -> str | None:
    """*place* without links; None where there is no file.

    Raises:
        GitFailed: where it is not a regular file that is the same for every process.
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
    listed = bytearray()

    def feed(piece: bytes) -> None:
        listed.extend(piece)
        if len(listed) > MAX_SETTINGS:
            raise GitFailed("its configuration is too large to be checked")

    call(path, git_dir, (*_LIST, *how), feed, timeout)
    words = bytes(listed).split(b"\0")
    found = []
    for scope, origin, entry in zip(words[::3], words[1::3], words[2::3], strict=False):
        if scope == b"command" and origin.startswith(b"command line:"):
            continue  # the overrides themselves
        key, _, value = os.fsdecode(entry).partition("\n")
        found.append(ConfigSetting(scope in _OWN, key, value, os.fsdecode(origin.removeprefix(b"file:"))))
    return tuple(found)
