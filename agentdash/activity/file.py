"""A file of the newest lines, up to a limit, that several processes write at once.

Invariants: after n lines the file has exactly the newest ``min(n, limit)``; a reader with the lock sees only
whole lines; a line costs two small writes, not a new file. At the limit the oldest line is overwritten with
spaces (its end as well) and the new one is appended. The file then begins with padding before its first line;
when that is large, a copy without it is renamed into place.

Readers and writers lock the file with ``flock``, so a killed process blocks nobody. A last line without its
end or a first one without its beginning, which it may leave, are removed by the next writer.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from agentdash.files.state import open_state

_SLACK = 64 * 1024
_MIN_WRITTEN = 256
_CHUNK = 256 * 1024
_LONGEST_LINE = 4096
_TAIL = 64
_BEGIN = re.compile(rb"\d{4}-\d\d-\d\dT")
_READER_TIMEOUT = 2.0


class LineFile:
    """The file for one process. Not thread-safe.

    Args:
        path: Created, with its folder, for its owner only.
        limit: Lines kept.
        slack: Bytes of padding at which the file is rewritten.
    """

    def __init__(self, path: Path, limit: int, *, slack: int = _SLACK) -> None:
        self._path = path
        self._limit = max(1, limit)
        self._slack = slack
        self._fd = -1
        self._written = 0
        self._reset()

    def append(self, lines: Sequence[bytes]) -> None:
        """Write *lines*, each with its end; waits for other writers.

        Raises:
            OSError: when the file cannot be written; some of *lines* may be written.
        """
        self._lock()
        try:
            self._sync()
            for line in lines:
                while len(self._lengths) >= self._limit:
                    self._blank_oldest()
                self._write(line)
            if self._head > self._slack:
                self._compact()
            self._tail = os.pread(self._fd, _TAIL, max(0, self._size - _TAIL))
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; a writer of many lines removes the padding first."""
        if self._fd < 0:
            return
        try:
            if self._head and self._written >= _MIN_WRITTEN:
                self._lock()
                self._sync()
                self._compact()
        finally:
            os.close(self._fd)
            self._fd = -1

    def _reset(self) -> None:
        """Forget where the first line begins, where the file ends, and how long each line is."""
        self._head = 0
        self._size = 0
        self._lengths: deque[int] = deque()
        self._tail = b""

    def _lock(self) -> None:
        """Open and lock the file that is at the path now."""
        while True:
            if self._fd < 0:
                self._fd = open_state(self._path, os.O_RDWR | os.O_CREAT)
                self._reset()
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            if _is_at(self._fd, self._path):
                return
            os.close(self._fd)
            self._fd = -1

    def _sync(self) -> None:
        """Read what other processes wrote and blanked since the last call."""
        if os.pread(self._fd, _TAIL, max(0, self._size - _TAIL))[: len(self._tail)] != self._tail:
            self._reset()  # it was truncated, or all known lines are blanked
        if self._size == 0:
            self._head = self._size = _start(self._fd, self._limit)
        end = self._size
        rest = b""
        while chunk := os.pread(self._fd, _CHUNK, end):
            end += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            self._lengths.extend(len(line) + 1 for line in whole)
        self._size = end - len(rest)
        if rest:
            os.ftruncate(self._fd, self._size)
        while self._lengths and self._is_first_blanked():
            self._blank_oldest()

    def _is_first_blanked(self) -> bool:
        """Whether the first line was blanked by another process, perhaps not to its end."""
        start = os.pread(self._fd, 11, self._head)
        return start[:1] == b" " or (self._head > 0 and not _BEGIN.match(start))

    def _blank_oldest(self) -> None:
        length = self._lengths[0]
        if os.pwrite(self._fd, b" " * length, self._head) != length:
            raise OSError(f"{self._path}: cannot overwrite a line")
        self._lengths.popleft()
        self._head += length

    def _write(self, line: bytes) -> None:
        done = os.pwrite(self._fd, line, self._size)
        if done != len(line):
            os.ftruncate(self._fd, self._size)
            raise OSError(f"{self._path}: no space left")
        self._lengths.append(len(line))
        self._size += len(line)
        self._written += 1

    def _compact(self) -> None:
        """Replace the file atomically by a copy without padding."""
        new = self._path.with_name(f"{self._path.name}.new")
        new.unlink(missing_ok=True)  # left by a process that was killed
        fd = open_state(new, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            at = self._head
            while chunk := os.pread(self._fd, _CHUNK, at):
                at += len(chunk)
                _write_all(fd, chunk)
            os.fsync(fd)
            new.replace(self._path)
        except BaseException:
            os.close(fd)
            new.unlink(missing_ok=True)
            raise
        os.close(self._fd)
        self._fd = fd
        self._size -= self._head
        self._head = self._written = 0


def read_activity(path: Path, limit: int = 5000) -> list[str]:
    """The newest lines of the activity log at *path*, oldest first, at most *limit*; none without a file.

    Waits two seconds for the lock; without it partial lines are left out.

    Raises:
        OSError: when the file cannot be read.
    """
    try:
        fd = _open_shared(path)
    except FileNotFoundError:
        return []
    try:
        start = at = _start(fd, limit)
        parts = []
        while chunk := os.pread(fd, _CHUNK, at):
            parts.append(chunk)
            at += len(chunk)
    finally:
        os.close(fd)
    *whole, _ = b"".join(parts).split(b"\n")
    if whole and start and not _BEGIN.match(whole[0]):
        del whole[0]
    return [line.decode("utf-8", "replace") for line in whole[-limit:]]


def _open_shared(path: Path) -> int:
    deadline = time.monotonic() + _READER_TIMEOUT
    while True:
        fd = open_state(path)
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return fd
                time.sleep(0.001)
            else:
                break
        if _is_at(fd, path) or time.monotonic() >= deadline:
            return fd
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _start(fd: int, limit: int) -> int:
    """Where the first line begins, after the padding; of a huge file only the end is read."""
    at = max(0, os.fstat(fd).st_size - limit * _LONGEST_LINE - _SLACK)
    partial = at > 0 and os.pread(fd, 1, at) != b" "
    while chunk := os.pread(fd, _CHUNK, at):
        skipped = chunk.find(b"\n") + 1 if partial else len(chunk) - len(chunk.lstrip(b" "))
        if (partial and skipped) or (not partial and skipped < len(chunk)):
            return at + skipped
        at += len(chunk)
    return at
