"""Small files of others, read with a limit and without blocking.

A path that should be a small file may be a pipe, a device, a folder or a gigabyte: none of these is read, and
the error says which it is.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

OUTSIDE = "ignored: outside of its folder, and not in trusted settings"
"""The error of a file outside of the folder that paths may not leave."""

_CHUNK = 64 * 1024
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)


class OutsideError(OSError):
    """A path leads out of the folder that it may not leave."""


def read_file(path: str | Path, most: int) -> bytes:
    """All of a regular file of at most *most* bytes. Symbolic links are followed.

    Raises:
        OSError: where it is missing, not a regular file, larger, or cannot be read.
    """
    descriptor = open_regular(path)
    try:
        return read_descriptor(descriptor, path, most)
    finally:
        os.close(descriptor)


def open_regular(path: str | Path, flags: int = os.O_RDONLY, *, dir_fd: int | None = None) -> int:
    """A descriptor of a regular file; a pipe or a device is not even opened, as that may have effects.

    Args:
        path: The file; below *dir_fd* where that is given.
        flags: Of `os.open`; ``O_CLOEXEC`` and ``O_NONBLOCK`` are added.
        dir_fd: An open folder.

    Raises:
        OSError: where it is missing, not a regular file, or cannot be opened.
    """
    follow = not flags & os.O_NOFOLLOW
    try:
        check_regular(os.stat(path, dir_fd=dir_fd, follow_symlinks=follow), path)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    except ValueError as problem:  # NUL in the name
        raise OSError(errno.EINVAL, "no file has such a name", os.fspath(path)) from problem
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600, dir_fd=dir_fd)
    try:
        check_regular(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def open_within(path: str | Path, folder: str | Path) -> int:
    """A descriptor to read a regular file within *folder*, links resolved.

    The path is resolved first and then opened folder by folder without following links, so that a link that
    is created meanwhile has no effect.

    Args:
        path: The file; links in it are followed as long as they stay in the folder.
        folder: It may be a link itself.

    Raises:
        OSError: as `open_regular`; `OutsideError` where it is elsewhere.
    """
    base = os.path.realpath(folder)
    steps = steps_within(path, folder)
    at = os.open(base, _FOLDER | os.O_CLOEXEC)
    try:
        for step in steps[:-1]:
            below = os.open(step, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        return open_regular(steps[-1] if steps else ".", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)


def steps_within(path: str | Path, folder: str | Path) -> tuple[str, ...]:
    """The names from *folder* to *path*, links resolved; empty where both are the same.

    Raises:
        OutsideError: where *path* is not in *folder*.
    """
    try:
        real = Path(os.path.realpath(path))
    except ValueError as problem:  # NUL in the name
        raise OSError(errno.EINVAL, "no file has such a name", os.fspath(path)) from problem
    base = os.path.realpath(folder)
    if not real.is_relative_to(base):
        raise OutsideError(errno.EPERM, OUTSIDE, os.fspath(path))
    return real.relative_to(base).parts


def open_to_read(path: str | Path, within: str | Path | None) -> int:
    """`open_within` where a folder is given, else `open_regular`."""
    return open_regular(path) if within is None else open_within(path, within)


def check_regular(status: os.stat_result, path: str | Path) -> None:
    """Raise OSError for anything but a regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = next((words for is_one, words in _KINDS if is_one(status.st_mode)), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", os.fspath(path))


def read_descriptor(descriptor: int, path: str | Path, most: int) -> bytes:
    """The bytes of an open file from its position on.

    Raises:
        OSError: where it has more than *most* bytes, or cannot be read.
    """
    parts, left = [], most + 1
    while left and (part := os.read(descriptor, min(_CHUNK, left))):
        parts.append(part)
        left -= len(part)
    if not left:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1024:,} KiB (the limit)", os.fspath(path))
    return b"".join(parts)
