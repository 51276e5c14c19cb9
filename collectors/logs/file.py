"""One open log file: bytes from where the last read ended, as whole lines."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_within

READ_SIZE = 1024 * 1024
"""Bytes that one read takes."""
LINE_LIMIT = 1024 * 1024
"""Bytes of one line that are kept; of the rest only the number is."""
MARK_SIZE = 256
"""Bytes before the place of the next read that are remembered, to see whether it is still the same file."""


Look = Callable[[int, bytes], int]
"""Takes an offset and whole lines; returns how many of them are kept."""


class NotALog(OSError):  # noqa: N818 - it is an answer, not a fault of ours
    """The path is a folder, a pipe or a device."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines as they stand in the file.

    Attributes:
        offset: Where they begin.
        data: Their bytes; the last line end may be missing where the file ends without one.
        cut: Bytes left out of it, which is then one line that is too long.
        tail: Whether the first line is the rest of one that was handed out before.
    """

    offset: int
    data: bytes
    cut: int = 0
    tail: bool = False


class OpenLog:
    """An open file, followed by its device and inode whatever it is called by now.

    Args:
        fd: An open descriptor; it is closed by `close`.
        offset: Where reading begins.
        inside: Whether that may be in the middle of a line, which is then left out.

    Attributes:
        offset: Where the next read begins.
        skipped: Lines that were passed over, to keep up.
        grown_at: When it last had new bytes, on the caller's clock.
        seen: Bytes that were in it when it was last looked at.
        modified: When it was last written to as far as was seen, Unix ns.
    """

    def __init__(self, fd: int, offset: int = 0, *, inside: bool = False) -> None:
        status = os.fstat(fd)
        self.fd = fd
        self.identity = (status.st_dev, status.st_ino)
        self.offset = offset
        self.skipped = 0
        self.grown_at = 0.0
        self.seen = offset
        self.mark = b""
        self.rest = b""
        self.modified = status.st_mtime_ns
        self._rest_cut = 0
        self._tail = False
        self._inside = inside
        self._inside_counts = False
        if offset:
            self._remember()

    @classmethod
    def open(cls, path: Path, *, last: int | None = None, within: Path | None = None) -> OpenLog:
        """Open *path* at its beginning, or so that its *last* bytes come.

        Args:
            path: The file.
            last: Bytes at its end; None: all of it.
            within: The folder that it may not lead out of.

        Raises:
            OSError: where it cannot be read; `NotALog` where it is no regular file.
        """
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a pipe is not even opened: that may act
            raise NotALog("not a regular file")
        if within is None:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        else:
            fd = open_within(path, within)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise NotALog("not a regular file")
        begin = 0 if last is None else max(0, status.st_size - last)
        return cls(fd, begin, inside=begin > 0)

    def start_at(self, offset: int, mark: bytes) -> None:
        """Begin at *offset*, where a line begins, if the bytes before it are *mark*."""
        if mark and os.pread(self.fd, len(mark), offset - len(mark)) == mark:
            self.offset, self.mark, self._inside = offset, mark, False

    def take_over(self, other: OpenLog, offset: int) -> None:
        """Go on at *offset* where *other* ended: these are the same bytes."""
        self.offset, self.mark = offset, other.mark
        self.rest, self._rest_cut, self._tail = other.rest, other._rest_cut, other._tail
        self._inside, self._inside_counts = other._inside, other._inside_counts
        other.rest, other._rest_cut, other._inside_counts = b"", 0, False

    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self.fd).st_size

    def unlinked(self) -> bool:
        """Whether no name leads to it any more."""
        return os.fstat(self.fd).st_nlink == 0

    def replaced(self, status: os.stat_result) -> bool:
        """Whether its bytes are not those that were read: it was truncated, maybe written anew since."""
        if status.st_size < self.offset:
            return True
        touched, self.modified = status.st_mtime_ns != self.modified, status.st_mtime_ns
        return touched and bool(self.mark) and not self.follows_here(self.fd)

    def follows_here(self, fd: int) -> bool:
        """Whether another file has at the same place what was last read here."""
        return bool(self.mark) and os.pread(fd, len(self.mark), self.offset - len(self.mark)) == self.mark

    def read(self, end: int, now: float) -> list[Piece]:
        """The whole lines up to *end*, at most `READ_SIZE` bytes at once."""
        if end <= self.offset:
            return []
        known = len(self.mark)
        chunk = os.pread(self.fd, known + min(READ_SIZE, end - self.offset), self.offset - known)
        if len(chunk) <= known or not chunk.startswith(self.mark):
            return []  # truncated a moment ago: the next look will tell
        chunk = chunk[known:]
        self.grown_at = now
        self._take_mark(chunk)
        begin = self.offset
        self.offset += len(chunk)
        if self._inside:
            newline = chunk.find(b"\n") + 1
            if not newline:
                return []
            self.skipped += self._inside_counts
            self._inside = self._inside_counts = False
            begin += newline
            chunk = chunk[newline:]
        return self._lines(begin, chunk)

    def skip_to(self, end: int, look: Look | None = None) -> None:
        """Pass over the whole lines up to *end*, counting them; of a line without an end all that is there.

        Args:
            end: An offset.
            look: Is given what is passed over, as whole lines, and says how many of them count after all.
        """
        begin, lines, last = self.offset, 0, b""
        end = self._line_end(end)
        joined = _WholeLines(self._rest_offset(), self.rest, whole=not (self._inside or self._tail))
        while self.offset < end:
            chunk = os.pread(self.fd, min(READ_SIZE, end - self.offset), self.offset)
            if not chunk:
                break
            lines += chunk.count(b"\n")
            self.offset += len(chunk)
            last = chunk[-1:]
            if look is not None:
                offset, data = joined.add(chunk)
                lines -= look(offset, data) if data else 0
        if self.offset == begin:
            return
        uncounted = self._inside and not self._inside_counts
        self.skipped += lines - (uncounted and lines > 0)
        self._inside = last != b"\n"
        self._inside_counts = self._inside and not (uncounted and lines == 0)
        self.rest, self._rest_cut, self._tail = b"", 0, False
        self._remember()

    def flush(self, *, final: bool = False) -> list[Piece]:
        """What stands after the last line end: a line that nobody may ever end.

        Args:
            final: Whether nothing will be read after it.
        """
        if final and self._inside_counts:
            self.skipped += 1
            self._inside_counts = False
        if not self.rest:
            return []
        piece = Piece(self._rest_offset(), self.rest, self._rest_cut, self._tail)
        self.rest, self._rest_cut, self._tail = b"", 0, True
        return [piece]

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.fd)

    def _lines(self, begin: int, chunk: bytes) -> list[Piece]:
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._keep(chunk)
            return []
        pieces: list[Piece] = []
        if self.rest or self._tail:
            first = chunk.find(b"\n") + 1
            offset = self._rest_offset(begin)
            self._keep(chunk[:first])
            if not self._tail or self.rest.strip():
                pieces.append(Piece(offset, self.rest, self._rest_cut, self._tail))
            self.rest, self._rest_cut, self._tail = b"", 0, False
            begin += first
            chunk, end = chunk[first:], end - first
        if end:
            pieces.append(Piece(begin, chunk[:end]))
        self.rest = chunk[end:]
        return pieces

    def _line_end(self, end: int) -> int:
        """Where the last line before *end* ends; *end* itself where a line is longer than one read."""
        begin = max(self.offset, end - READ_SIZE)
        newline = os.pread(self.fd, end - begin, begin).rfind(b"\n") + 1
        return begin + newline if newline else end

    def _keep(self, chunk: bytes) -> None:
        room = max(0, LINE_LIMIT - len(self.rest))
        self.rest += chunk[:room]
        self._rest_cut += len(chunk) - min(room, len(chunk))

    def _rest_offset(self, end: int | None = None) -> int:
        return (self.offset if end is None else end) - len(self.rest) - self._rest_cut

    def _take_mark(self, chunk: bytes) -> None:
        self.mark = chunk[-MARK_SIZE:] if len(chunk) >= MARK_SIZE else (self.mark + chunk)[-MARK_SIZE:]

    def _remember(self) -> None:
        begin = max(0, self.offset - MARK_SIZE)
        self.mark = os.pread(self.fd, self.offset - begin, begin)


class _WholeLines:
    """Chunks that follow each other, as whole lines.

    Args:
        offset: Where *begun* stands.
        begun: A line that was begun.
        whole: Whether a line begins there; else what comes up to the next line end is left out.
    """

    def __init__(self, offset: int, begun: bytes, *, whole: bool) -> None:
        self._offset = offset
        self._begun = begun
        self._whole = whole

    def add(self, chunk: bytes) -> tuple[int, bytes]:
        """The lines that end in *chunk*, and where they begin; of one that is too long, its beginning."""
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
