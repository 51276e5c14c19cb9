"""Follows one file of JSON Lines: what was added since, whole lines only, bounded reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_to_read

MOST_BYTES = 1 << 20
"""Read from one file in one pass, at most."""

MOST_LINE = 256 * 1024
HEAD = 256


@dataclass(frozen=True, slots=True)
class Added:
    """What came since the last look.

    Attributes:
        lines: (line number from 1, the line without its newline); None for a line that is too long to be
        read.
        anew: The file was replaced or truncated: what was read from it before no longer counts.
        more: There is more than one pass may read.
    """

    lines: tuple[tuple[int, bytes | None], ...]
    anew: bool = False
    more: bool = False


class FollowedFile:
    """Remembers how far a file was read, and knows when it is no longer the same.

    A last line without its newline is half-written: it waits until the rest is there. Where *within* is given
    the path may not lead out of that folder.
    """

    def __init__(self, path: Path, within: Path | None = None) -> None:
        self.path = path
        self._within = within
        self._identity: tuple[int, int] | None = None
        self._head = b""
        self._offset = 0
        self._line = 0
        self._skipping = False

    def read(self) -> Added:
        """What came since the last call.

        Raises:
            OSError: when the file cannot be read.
        """
        with os.fdopen(open_to_read(self.path, self._within), "rb") as file:
            anew = self._is_another(file.fileno())
            if anew:
                self._offset = self._line = 0
                self._skipping = False
            data = os.pread(file.fileno(), MOST_BYTES, self._offset)
            self._head = os.pread(file.fileno(), min(HEAD, self._offset + len(data)), 0)
            size = os.fstat(file.fileno()).st_size
        lines = self._whole_lines(data)
        return Added(tuple(lines), anew, more=len(data) == MOST_BYTES and self._offset < size)

    def _is_another(self, fd: int) -> bool:
        """Whether it was replaced, or truncated: also when it has since grown beyond where it was read to."""
        stat = os.fstat(fd)
        identity = (stat.st_dev, stat.st_ino)
        before, self._identity = self._identity, identity
        if before is None:
            return False
        if before != identity or stat.st_size < self._offset:
            return True
        return os.pread(fd, len(self._head), 0) != self._head

    def _whole_lines(self, data: bytes) -> list[tuple[int, bytes | None]]:
        end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) >= MOST_LINE:
                self._skipping = True
                self._offset += len(data)
            return []
        self._offset += end
        lines: list[tuple[int, bytes | None]] = []
        for raw in data[: end - 1].split(b"\n"):
            self._line += 1
            if self._skipping or len(raw) > MOST_LINE:
                lines.append((self._line, None))
                self._skipping = False
            elif raw.strip():
                lines.append((self._line, raw))
        return lines
