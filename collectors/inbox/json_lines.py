"""A file of JSON Lines that grows: its new whole lines, in bounded reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_to_read

READ_SIZE = 1 << 20
"""Bytes of one read."""
MAX_LINE = 256 * 1024
"""Bytes of a line."""
_FINGERPRINT_SIZE = 256


@dataclass(frozen=True, slots=True)
class NewLines:
    """The lines of one read.

    Attributes:
        lines: Line number from 1, and the line without its newline; None for one longer than `MAX_LINE`.
        restarted: The file was replaced or truncated: lines of earlier reads no longer count.
        more: More can be read at once.
    """

    lines: tuple[tuple[int, bytes | None], ...]
    restarted: bool = False
    more: bool = False


class GrowingFile:
    """Reads on where the last read ended, and detects that the file was replaced or truncated.

    A last line without its newline is left until it is complete. Where *within* is given the path may not
    lead out of that folder.
    """

    def __init__(self, path: Path, within: Path | None = None) -> None:
        self.path = path
        self._within = within
        self._identity: tuple[int, int] | None = None
        self._fingerprint = b""
        self._offset = 0
        self._line = 0
        self._skipping = False

    def read(self) -> NewLines:
        """The lines since the last call.

        Raises:
            OSError: when the file cannot be read.
        """
        with os.fdopen(open_to_read(self.path, self._within), "rb") as file:
            restarted = self._is_replaced(file.fileno())
            if restarted:
                self._offset = self._line = 0
                self._skipping = False
            data = os.pread(file.fileno(), READ_SIZE, self._offset)
            self._fingerprint = os.pread(file.fileno(), min(_FINGERPRINT_SIZE, self._offset + len(data)), 0)
            size = os.fstat(file.fileno()).st_size
        lines = self._whole_lines(data)
        return NewLines(tuple(lines), restarted, more=len(data) == READ_SIZE and self._offset < size)

    def _is_replaced(self, fd: int) -> bool:
        """Whether it was replaced or truncated, even where it has since grown beyond the last offset."""
        stat = os.fstat(fd)
        identity = (stat.st_dev, stat.st_ino)
        before, self._identity = self._identity, identity
        if before is None:
            return False
        if before != identity or stat.st_size < self._offset:
            return True
        return os.pread(fd, len(self._fingerprint), 0) != self._fingerprint

    def _whole_lines(self, data: bytes) -> list[tuple[int, bytes | None]]:
        end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) >= MAX_LINE:
                self._skipping = True
                self._offset += len(data)
            return []
        self._offset += end
        lines: list[tuple[int, bytes | None]] = []
        for raw in data[: end - 1].split(b"\n"):
            self._line += 1
            if self._skipping or len(raw) > MAX_LINE:
                lines.append((self._line, None))
                self._skipping = False
            elif raw.strip():
                lines.append((self._line, raw))
        return lines
