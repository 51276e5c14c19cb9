"""Files that a repository names or links to: only those that are the same for every process.

Below ``/proc``, ``/dev`` and ``/sys`` a file can be what the process that opens it was given: its
environment, its arguments, its input. What is checked there is not what git reads a moment later, and git
would take for configuration what it was handed for something else.
"""

from __future__ import annotations

import os
import stat

from agentdash.core.secrets.safe_text import safe_text
from agentdash.files.small import check_regular, open_regular
from agentdash.git.git_dir import GitDir, UnusableRepo

_OF_THE_SYSTEM = frozenset({"/proc", "/dev", "/sys"})
_MAX_LINKS = 40
_OWN = ("HEAD", "index", "commondir", "info/sparse-checkout", "logs/HEAD")
_SHARED = (
    "config", "packed-refs", "shallow", "info/exclude", "info/attributes", "info/grafts",
    "objects/info/alternates", "objects/info/commit-graph", "logs/refs/stash", "refs/stash",
)  # fmt: skip


def resolve_regular(path: str) -> str:
    """The regular file that the absolute *path* leads to, without links in it.

    Raises:
        FileNotFoundError: where nothing is there.
        OSError: where it cannot be reached.
        UnusableRepo: in words; where it is no regular file, or not the same one for every process.
    """
    place = _followed(path)
    try:
        status = os.lstat(place)
        check_regular(status, place)
        if status.st_size == 0 and _has_content(place):
            raise UnusableRepo("is made up by the system as it is read")
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UnusableRepo(f"cannot be used: {error.strerror}") from None
    return place


def _followed(path: str) -> str:
    """*path* without links, each followed as the kernel does it, but for those that are not written down."""
    left, place, links = path.split("/")[::-1], "", 0
    while left:
        part = left.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            place = place.rpartition("/")[0]
            continue
        there = f"{place}/{part}"
        if there in _OF_THE_SYSTEM:
            raise UnusableRepo(f"leads to {there}, where each process finds something else")
        status = os.lstat(there)
        if not stat.S_ISLNK(status.st_mode):
            place = there
            continue
        target, links = os.readlink(there), links + 1  # noqa: PTH115 - as text, and not as a path
        if links > _MAX_LINKS or len(os.fsencode(target)) != status.st_size:
            raise UnusableRepo("goes through a link that cannot be followed safely")
        place = "" if target.startswith("/") else place
        left += target.split("/")[::-1]
    return place or "/"


def _has_content(place: str) -> bool:
    descriptor = open_regular(place)
    try:
        return os.read(descriptor, 1) != b""
    finally:
        os.close(descriptor)


def check_opened(git_dir: GitDir) -> None:
    """Refuse a git directory in which git would open a pipe or a device under the name of a file of its own.

    Opening is enough to let go, or to end, whoever waits at the other end of a pipe.

    Raises:
        UnusableRepo: in words.
    """
    own, shared = str(git_dir.own), str(git_dir.shared)
    for name, place in (*((name, f"{own}/{name}") for name in _OWN), *_named(shared), *_branch(git_dir)):
        try:
            status = os.stat(place)  # noqa: PTH116 - half the cost of Path.stat, done for each look
        except (OSError, ValueError):
            continue
        mode = status.st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISSOCK(mode):
            continue
        if not stat.S_ISFIFO(mode) and status.st_rdev == os.stat(os.devnull).st_rdev:  # noqa: PTH116
            continue
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a device"
        raise UnusableRepo(f"its {safe_text(name, 100)} is {kind}, which git would open")


def _named(shared: str) -> list[tuple[str, str]]:
    return [(name, f"{shared}/{name}") for name in _SHARED]


def _branch(git_dir: GitDir) -> list[tuple[str, str]]:
    """The file of the branch that HEAD names."""
    branch = git_dir.branch()
    return [(f"branch {branch}", f"{git_dir.shared}/refs/heads/{branch}")] if branch else []
