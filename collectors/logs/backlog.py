"""Lines that were read and wait to be parsed: bounded, newest first when there are too many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agentdash.core.logs.parse.line import LogParser
from agentdash.core.records import record
from collectors.logs.file import Piece
from collectors.logs.skipped import PassedOver


@record(frozen=True, slots=True)
class RawLine:
    """A line as it was read, with who can parse it."""

    parser: LogParser
    offset: int
    data: bytes
    read_at: int
    cut: int = 0
    tail: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A piece, whose it is, when it was read, and how many lines it has."""

    parser: LogParser
    piece: Piece
    read_at: int
    lines: int


class LogBacklog:
    """What came and was not yet shown, in the order in which it was read.

    Args:
        limit: Lines that may wait. When more do, all but the newest *keep* are passed over, and counted.
        keep: Lines that are left then.
        flood: Lines that may wait in the middle of a flood, that is until no more than these came again.
        pace: Lines that may be taken each time in the long run; *limit* in a burst. None: any.
        passed: Where lines go that are passed over, to be searched for errors.
    """

    def __init__(
        self,
        limit: int,
        keep: int,
        *,
        flood: int | None = None,
        pace: int | None = None,
        passed: PassedOver | None = None,
    ) -> None:
        self.limit = limit
        self.keep = keep
        self._flood = limit if flood is None else flood
        self._flooded = False
        self._pace = limit if pace is None else pace
        self._room = limit
        self._passed = passed
        self._waiting: deque[_Waiting] = deque()
        self._lines = 0
        self._skipped = 0

    def __len__(self) -> int:
        return self._lines

    def add(self, parser: LogParser, piece: Piece, read_at: int) -> int:
        """Take a piece that was read at *read_at*, Unix ms; returns how many lines it has."""
        lines = _count(piece)
        self._waiting.append(_Waiting(parser, piece, read_at, lines))
        self._lines += lines
        return lines

    def take(self, most: int, *, all_of_them: bool = False) -> Iterator[RawLine]:
        """Up to *most* lines, oldest first; with *all_of_them* whatever the limit says."""
        self._room = min(self.limit, self._room + self._pace)
        limit = self._flood if self._flooded else self.limit
        self._flooded = self._lines > min(limit, self._room) and not all_of_them
        if self._flooded:
            self._pass_over(self._lines - self.keep)
        while most > 0 and self._waiting:
            first = self._take_first(most)
            head, offset, tail = first.piece, first.piece.offset, first.piece.tail
            self._room = max(0, self._room - first.lines)
            for data in head.data.removesuffix(b"\n").split(b"\n"):
                yield RawLine(first.parser, offset, data, first.read_at, head.cut, tail)
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
            first = self._take_first(lines)
            parser, piece = first.parser, first.piece
            parsers[id(parser)] = parser
            lines -= first.lines
            if self._passed is not None:
                kept = self._passed.look(parser, piece.offset, piece.data, first.read_at, cut=piece.cut)
                self._skipped -= kept
        for parser in parsers.values():
            parser.break_off()

    def _take_first(self, most: int) -> _Waiting:
        """The piece that waits longest, or its first *most* lines: the rest waits on."""
        first = self._waiting.popleft()
        if first.lines <= most:
            return first
        piece, place = first.piece, _after(first.piece.data, most, first.lines)
        head = Piece(piece.offset, piece.data[:place], piece.cut, piece.tail)
        rest = Piece(piece.offset + place, piece.data[place:])
        self._waiting.appendleft(replace(first, piece=rest, lines=first.lines - most))
        return replace(first, piece=head, lines=most)


def _count(piece: Piece) -> int:
    return piece.data.count(b"\n") + (not piece.data.endswith(b"\n"))


def _after(data: bytes, lines: int, of: int) -> int:
    """Where the first *lines* of *of* end; found from the nearer end."""
    if 2 * lines <= of:
        place = 0
        for _ in range(lines):
            place = data.index(b"\n", place) + 1
        return place
    place = len(data) - data.endswith(b"\n")
    for _ in range(of - lines):
        place = data.rindex(b"\n", 0, place)
    return place + 1
