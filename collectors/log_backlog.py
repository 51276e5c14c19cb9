"""Lines that were read and wait to be parsed: bounded, newest first when there are too many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from agentdash.core.log_parse import LogParser
from collectors.log_file import Piece
from collectors.log_passed import PassedOver


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line as it was read, with who can parse it."""

    parser: LogParser
    offset: int
    data: bytes
    read_at: int
    cut: int = 0
    tail: bool = False


class LogBacklog:
    """What came and was not yet shown, in the order in which it was read.

    Args:
        limit: Lines that may wait. When more do, all but the newest *keep* are passed over, and counted.
        keep: Lines that are left then.
        flood: Lines that may wait in the middle of a flood, that is until no more than these came again.
        passed: Where lines go that are passed over, to be searched for errors.
    """

    def __init__(
        self, limit: int, keep: int, *, flood: int | None = None, passed: PassedOver | None = None
    ) -> None:
        self.limit = limit
        self.keep = keep
        self._flood = limit if flood is None else flood
        self._flooded = False
        self._passed = passed
        self._waiting: deque[tuple[LogParser, Piece, int]] = deque()
        self._lines = 0
        self._skipped = 0

    def __len__(self) -> int:
        return self._lines

    def add(self, parser: LogParser, piece: Piece, read_at: int) -> int:
        """Take a piece that was read at *read_at*, Unix ms; returns how many lines it has."""
        lines = _count(piece)
        self._waiting.append((parser, piece, read_at))
        self._lines += lines
        return lines

    def take(self, most: int, *, all_of_them: bool = False) -> Iterator[RawLine]:
        """Up to *most* lines, oldest first; with *all_of_them* whatever the limit says."""
        limit = self._flood if self._flooded else self.limit
        self._flooded = self._lines > limit and not all_of_them
        if self._flooded:
            self._pass_over(self._lines - self.keep)
        while most > 0 and self._waiting:
            parser, piece, read_at = self._waiting.popleft()
            head, rest = _split(piece, most)
            if rest is not None:
                self._waiting.appendleft((parser, rest, read_at))
            offset = head.offset
            tail = head.tail
            for data in head.data.removesuffix(b"\n").split(b"\n"):
                yield RawLine(parser, offset, data, read_at, head.cut, tail)
                offset += len(data) + 1
                tail = False
                most -= 1
                self._lines -= 1

    def take_skipped(self) -> int:
        """Lines passed over since this was last asked."""
        skipped, self._skipped = self._skipped, 0
        return skipped

    def _pass_over(self, lines: int) -> None:
        self._skipped += lines
        self._lines -= lines
        parsers: dict[int, LogParser] = {}
        while lines > 0:
            parser, piece, read_at = self._waiting.popleft()
            parsers[id(parser)] = parser
            count = _count(piece)
            if count > lines:
                piece, rest = _split(piece, lines)
                count = lines
                if rest is not None:
                    self._waiting.appendleft((parser, rest, read_at))
            lines -= count
            if self._passed is not None:
                self._skipped -= self._passed.look(parser, piece.offset, piece.data, read_at, cut=piece.cut)
        for parser in parsers.values():
            parser.break_off()


def _count(piece: Piece) -> int:
    return piece.data.count(b"\n") + (not piece.data.endswith(b"\n"))


def _split(piece: Piece, lines: int) -> tuple[Piece, Piece | None]:
    """The first *lines* of a piece, and the rest of it where there is one."""
    parts = piece.data.split(b"\n", lines)
    if len(parts) <= lines or not parts[-1]:
        return piece, None
    place = len(piece.data) - len(parts[-1])
    return (
        Piece(piece.offset, piece.data[:place], piece.cut, piece.tail),
        Piece(piece.offset + place, piece.data[place:]),
    )
