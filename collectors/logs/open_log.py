"""An open log file, read on from where the last read ended, in whole lines."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_within

READ_SIZE = 1024 * 1024
"""Bytes of one read."""
LINE_LIMIT = 1024 * 1024
"""Bytes of one line that are kept; the rest is only counted."""
FINGERPRINT_SIZE = 256
"""Bytes before the next read that are kept, to see whether it is still the same file."""

Identity = tuple[int, int]
"""Device and inode."""
OnSkip = Callable[[int, bytes], int]
"""Called with an offset and the skipped lines from there; returns how many of them are shown all the same."""


class NotRegularError(OSError):
    """The path is a folder, a pipe or a device."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file.

    Attributes:
        offset: Where they begin.
        data: Their bytes; the last line end may be missing where the file ends without one.
        cut: Bytes left out: it is then one line that is too long.
        tail: Whether the first line is the rest of one that was returned before.
    """

    offset: int
    data: bytes
    cut: int = 0
    tail: bool = False


class OpenLog:
    """An open file, followed by device and inode, whatever its name is now.

    Args:
        fd: An open descriptor; it is closed by `close`.
        offset: Where reading begins.
        partial: Whether that may be inside a line, whose rest is then left out.

    Attributes:
        offset: Where the next read begins.
        skipped: Lines that were skipped, to keep up.
        grown_at: When it last had new bytes, seconds of the caller's clock.
        seen: Its size at the last poll.
        modified: Its last known modification time, Unix ns.
        fingerprint: The bytes before `offset`.
        unfinished: A line without its end, so far.
    """

    def __init__(self, fd: int, offset: int = 0, *, partial: bool = False) -> None:
        status = os.fstat(fd)
        self.fd = fd
        self.identity = (status.st_dev, status.st_ino)
        self.offset = offset
        self.skipped = 0
        self.grown_at = 0.0
        self.seen = offset
        self.fingerprint = b""
        self.unfinished = b""
        self.modified = status.st_mtime_ns
        self._unfinished_cut = 0
        self._is_tail = False
        self._partial = partial
        self._partial_counts = False
        if offset:
            self._read_fingerprint()

    @classmethod
    def open(cls, path: Path, *, last: int | None = None, within: Path | None = None) -> OpenLog:
        """Open *path* at its beginning, or *last* bytes before its end.

        Args:
            path: The file.
            last: Bytes; None: all of it.
            within: The folder that it may not lead out of.

        Raises:
            OSError: where it cannot be read; `NotRegularError` where it is no regular file.
        """
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - opening a pipe may have effects
            raise NotRegularError("not a regular file")
        if within is None:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        else:
            fd = open_within(path, within)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise NotRegularError("not a regular file")
        begin = 0 if last is None else max(0, status.st_size - last)
        return cls(fd, begin, partial=begin > 0)

    def start_at(self, offset: int, fingerprint: bytes) -> None:
        """Begin at *offset*, where a line begins, if the bytes before it are *fingerprint*."""
        if fingerprint and os.pread(self.fd, len(fingerprint), offset - len(fingerprint)) == fingerprint:
            self.offset, self.fingerprint, self._partial = offset, fingerprint, False

    def take_over(self, other: OpenLog, offset: int) -> None:
        """Continue *other* at *offset*: it has the same bytes."""
        self.offset, self.fingerprint = offset, other.fingerprint
        self.unfinished, self._unfinished_cut, self._is_tail = (
            other.unfinished,
            other._unfinished_cut,
            other._is_tail,
        )
        self._partial, self._partial_counts = other._partial, other._partial_counts
        other.unfinished, other._unfinished_cut, other._partial_counts = b"", 0, False

    def size(self) -> int:
        """Its size now, bytes."""
        return os.fstat(self.fd).st_size

    def unlinked(self) -> bool:
        """Whether it was deleted."""
        return os.fstat(self.fd).st_nlink == 0

    def replaced(self, status: os.stat_result) -> bool:
        """Whether its bytes are not those that were read: it was truncated, and maybe rewritten."""
        if status.st_size < self.offset:
            return True
        touched, self.modified = status.st_mtime_ns != self.modified, status.st_mtime_ns
        return touched and bool(self.fingerprint) and not self.matches(self.fd)

    def matches(self, fd: int) -> bool:
        """Whether another file has the same bytes before the same offset."""
        return (
            bool(self.fingerprint)
            and os.pread(fd, len(self.fingerprint), self.offset - len(self.fingerprint)) == self.fingerprint
        )

    def read(self, end: int, now: float) -> list[Piece]:
        """The whole lines up to *end*, at most `READ_SIZE` bytes at once."""
        if end <= self.offset:
            return []
        known = len(self.fingerprint)
        chunk = os.pread(self.fd, known + min(READ_SIZE, end - self.offset), self.offset - known)
        if len(chunk) <= known or not chunk.startswith(self.fingerprint):
            return []  # truncated a moment ago: the next poll detects that
        chunk = chunk[known:]
        self.grown_at = now
        self._update_fingerprint(chunk)
        begin = self.offset
        self.offset += len(chunk)
        if self._partial:
            newline = chunk.find(b"\n") + 1
            if not newline:
                return []
            self.skipped += self._partial_counts
            self._partial = self._partial_counts = False
            begin += newline
            chunk = chunk[newline:]
        return self._lines(begin, chunk)

    def skip_to(self, end: int, on_skip: OnSkip | None = None) -> None:
        """Skip and count the whole lines up to *end*, and all there is of a line without an end.

        Args:
            end: An offset.
            on_skip: Called with the skipped lines.
        """
        begin, lines, last = self.offset, 0, b""
        end = self._line_end(end)
        joined = _WholeLines(
            self._unfinished_offset(), self.unfinished, whole=not (self._partial or self._is_tail)
        )
        while self.offset < end:
            chunk = os.pread(self.fd, min(READ_SIZE, end - self.offset), self.offset)
            if not chunk:
                break
            lines += chunk.count(b"\n")
            self.offset += len(chunk)
            last = chunk[-1:]
            if on_skip is not None:
                offset, data = joined.add(chunk)
                lines -= on_skip(offset, data) if data else 0
        if self.offset == begin:
            return
        uncounted = self._partial and not self._partial_counts
        self.skipped += lines - (uncounted and lines > 0)
        self._partial = last != b"\n"
        self._partial_counts = self._partial and not (uncounted and lines == 0)
        self.unfinished, self._unfinished_cut, self._is_tail = b"", 0, False
        self._read_fingerprint()

    def flush(self, *, final: bool = False) -> list[Piece]:
        """What is after the last line end: a line that may never be ended.

        Args:
            final: Whether nothing is read after it.
        """
        if final and self._partial_counts:
            self.skipped += 1
            self._partial_counts = False
        if not self.unfinished:
            return []
        piece = Piece(self._unfinished_offset(), self.unfinished, self._unfinished_cut, self._is_tail)
        self.unfinished, self._unfinished_cut, self._is_tail = b"", 0, True
        return [piece]

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.fd)

    def _lines(self, begin: int, chunk: bytes) -> list[Piece]:
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._add_unfinished(chunk)
            return []
        pieces: list[Piece] = []
        if self.unfinished or self._is_tail:
            first = chunk.find(b"\n") + 1
            offset = self._unfinished_offset(begin)
            self._add_unfinished(chunk[:first])
            if not self._is_tail or self.unfinished.strip():
                pieces.append(Piece(offset, self.unfinished, self._unfinished_cut, self._is_tail))
            self.unfinished, self._unfinished_cut, self._is_tail = b"", 0, False
            begin += first
            chunk, end = chunk[first:], end - first
        if end:
            pieces.append(Piece(begin, chunk[:end]))
        self.unfinished = chunk[end:]
        return pieces

    def _line_end(self, end: int) -> int:
        """Where the last line before *end* ends; *end* itself where a line is longer than one read."""
        begin = max(self.offset, end - READ_SIZE)
        newline = os.pread(self.fd, end - begin, begin).rfind(b"\n") + 1
        return begin + newline if newline else end

    def _add_unfinished(self, chunk: bytes) -> None:
        room = max(0, LINE_LIMIT - len(self.unfinished))
        self.unfinished += chunk[:room]
        self._unfinished_cut += len(chunk) - min(room, len(chunk))

    def _unfinished_offset(self, end: int | None = None) -> int:
        return (self.offset if end is None else end) - len(self.unfinished) - self._unfinished_cut

    def _update_fingerprint(self, chunk: bytes) -> None:
        self.fingerprint = (
            chunk[-FINGERPRINT_SIZE:]
            if len(chunk) >= FINGERPRINT_SIZE
            else (self.fingerprint + chunk)[-FINGERPRINT_SIZE:]
        )

    def _read_fingerprint(self) -> None:
        begin = max(0, self.offset - FINGERPRINT_SIZE)
        self.fingerprint = os.pread(self.fd, self.offset - begin, begin)


class _WholeLines:
    """Consecutive chunks as whole lines.

    Args:
        offset: Where *begun* is.
        begun: The begin of a line.
        whole: Whether a line begins there; else all up to the next line end is left out.
    """

    def __init__(self, offset: int, begun: bytes, *, whole: bool) -> None:
        self._offset = offset
        self._begun = begun
        self._whole = whole

    def add(self, chunk: bytes) -> tuple[int, bytes]:
        """The lines that end in *chunk*, and their offset; of one that is too long, its beginning."""
        data = self._begun + chunk
        first = 0 if self._whole else data.find(b"\n") + 1
        end = data.rfind(b"\n") + 1
        place = self._offset + first
        self._whole = self._whole or end > 0
        self._offset, self._begun = self._offset + end, data[end:]
        lines = data[first:end]
        if len(self._begun) > LINE_LIMIT:
            lines += self._begun[:LINE_LIMIT] if self._whole else b""
            self._offset, self._begun, self._whole = self._offset + len(self._begun), b"", False
        return place, lines
