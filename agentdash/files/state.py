"""The program's own files: opened without following links, owned by its user, readable by no other.

Every file that agentdash writes to its state folder is opened here. A symbolic link, a hard link or another
user's file in its place is an error, and is not changed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agentdash.files.small import open_regular, read_descriptor

_ROOT = 0
_TIMEOUT_S = 5.0
_PAUSE_S = 0.01


def make_folder(path: Path, *, only_ours: bool = False) -> None:
    """Create the folder *path* for its owner only, or check that it may be used.

    Args:
        path: The folder.
        only_ours: Remove the rights of others; else it is an error only if everybody may write there.

    Raises:
        OSError: where it cannot be created, is not a folder, is a symbolic link, or another user's.
    """
    os.close(_folder(path, only_ours=only_ours))


@contextmanager
def folder_descriptor(path: Path) -> Iterator[int]:
    """A descriptor of the folder *path*, which is created if it is missing.

    Raises:
        OSError: as `make_folder` does.
    """
    descriptor = _folder(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def locked_folder(path: Path) -> Iterator[None]:
    """Hold the lock of the folder *path* among threads and processes.

    Raises:
        OSError: as `make_folder` does, and where another process keeps it for more than 5 s.
    """
    with folder_descriptor(path) as descriptor:
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    why = "another process keeps its lock"
                    raise OSError(errno.EBUSY, why, os.fspath(path)) from None
                time.sleep(_PAUSE_S)
        yield


def open_state(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of one of our files; with ``O_CREAT`` it is created with its folder, for its owner only.

    Raises:
        OSError: where it is a link, not a regular file, another user's, or cannot be opened.
    """
    if flags & os.O_CREAT:
        with folder_descriptor(path.parent) as folder:
            return _open_in(folder, path, flags)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _open_in(folder, path, flags)
    finally:
        os.close(folder)


def read_state(path: Path, most: int) -> bytes:
    """All of one of our files, of at most *most* bytes.

    Raises:
        OSError: as `open_state` does, and where it is larger.
    """
    descriptor = open_state(path)
    try:
        return read_descriptor(descriptor, path, most)
    finally:
        os.close(descriptor)


def write_state(path: Path, data: bytes) -> None:
    """Replace the content of *path* by *data* atomically; a link at *path* is itself replaced.

    Raises:
        OSError: where it cannot be written; the old content stays.
    """
    with folder_descriptor(path.parent) as folder:
        new = f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(new, flags, 0o600, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(new, dir_fd=folder)
            raise


def _open_in(folder: int, path: Path, flags: int) -> int:
    try:
        descriptor = open_regular(path.name, (flags & ~os.O_TRUNC) | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as problem:
        problem.filename = os.fspath(path)
        raise
    try:
        _check_ours(os.fstat(descriptor), path)
        if os.fstat(descriptor).st_mode & 0o077 and flags & (os.O_WRONLY | os.O_RDWR):
            os.fchmod(descriptor, 0o600)
        if flags & os.O_TRUNC:  # not before it is known to be ours
            os.ftruncate(descriptor, 0)
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_ours(status: os.stat_result, path: Path) -> None:
    _check_owner(status, path)
    if status.st_nlink > 1:
        raise _refused(path, "it has a second name (a hard link)")


def _folder(path: Path, *, only_ours: bool = False) -> int:
    for folder in reversed((path, *path.parents)):
        if not folder.exists():
            _check_above(folder.parent)
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
    if path.is_symlink():
        raise _refused(path, "it is a symbolic link: name the folder that it leads to")
    _check_above(path.parent)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        _check_owner(status, path)
        if only_ours and status.st_mode & 0o077:
            os.fchmod(descriptor, 0o700)
        else:
            _check_private(status, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_owner(status: os.stat_result, path: Path, *others: int) -> None:
    if status.st_uid not in {os.geteuid(), *others}:
        raise _refused(path, f"it belongs to another user (uid {status.st_uid})")


def _check_private(status: os.stat_result, path: Path) -> None:
    if status.st_mode & stat.S_IWOTH:
        raise _refused(path, "everybody may write to it: chmod o-w")


def _check_above(folder: Path) -> None:
    """Check the folder above ours: who may write to it could replace ours."""
    status = folder.stat()
    _check_owner(status, folder, _ROOT)
    if not status.st_mode & stat.S_ISVTX:
        _check_private(status, folder)


def _refused(path: Path, why: str) -> OSError:
    return OSError(errno.EPERM, why, os.fspath(path))
