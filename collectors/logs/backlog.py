"""Lines that were read and are not parsed yet: bounded; of too many the newest are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agentdash.core.logs.parse.line import LogParser
from agentdash.core.records import record
from collectors.logs.flood import FloodSearch
from collectors.logs.open_log import Piece


@record(frozen=True, slots=True)
class RawLine:
    """An unparsed line, and the parser of its source."""

    parser: LogParser
    offset: int
    data: bytes
    read_at: int
    cut: int = 0
    tail: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A piece, the parser of its source, when it was read (Unix ms), and its number of lines."""

    parser: LogParser
    piece: Piece
    read_at: int
    lines: int


class LogBacklog:
    """The unparsed lines of all sources, in the order in which they were read.

    Args:
        limit: Lines that may wait. Of more, all but the newest *keep* are skipped and counted.
        keep: Lines that are kept then.
        flood_limit: The limit during a flood, that is until no more than these wait again.
        rate: Lines per call of `pop` in the long run; *limit* in a burst. None: no limit.
        search: Searches skipped lines for errors.
    """

    def __init__(
        self,
        limit: int,
        keep: int,
        *,
        flood_limit: int | None = None,
        rate: int | None = None,
        search: FloodSearch | None = None,
    ) -> None:
        self.limit = limit
        self.keep = keep
        self._flood_limit = limit if flood_limit is None else flood_limit
        self._flooded = False
        self._rate = limit if rate is None else rate
        self._room = limit
        self._search = search
        self._waiting: deque[_Waiting] = deque()
        self._lines = 0
        self._skipped = 0

    def __len__(self) -> int:
        return self._lines

    def add(self, parser: LogParser, piece: Piece, read_at: int) -> int:
        """Append a piece that was read at *read_at*, Unix ms; returns its number of lines."""
        lines = _count(piece)
        self._waiting.append(_Waiting(parser, piece, read_at, lines))
        self._lines += lines
        return lines

    def pop(self, most: int, *, unlimited: bool = False) -> Iterator[RawLine]:
        """Up to *most* lines, oldest first; *unlimited*: skip none."""
        self._room = min(self.limit, self._room + self._rate)
        limit = self._flood_limit if self._flooded else self.limit
        self._flooded = self._lines > min(limit, self._room) and not unlimited
        if self._flooded:
            self._skip(self._lines - self.keep)
        while most > 0 and self._waiting:
            first = self._pop_first(most)
            head, offset, tail = first.piece, first.piece.offset, first.piece.tail
            self._room = max(0, self._room - first.lines)
            for data in head.data.removesuffix(b"\n").split(b"\n"):
                yield RawLine(first.parser, offset, data, first.read_at, head.cut, tail)
                offset += len(data) + 1
                tail = False
                most -= 1
                self._lines -= 1

    def pop_skipped(self) -> int:
        """Lines skipped since the last call."""
        skipped, self._skipped = self._skipped, 0
        return skipped

    def _skip(self, lines: int) -> None:
        self._skipped += lines
        self._lines -= lines
        parsers: dict[int, LogParser] = {}
        while lines > 0:
            first = self._pop_first(lines)
            parser, piece = first.parser, first.piece
            parsers[id(parser)] = parser
            lines -= first.lines
            if self._search is not None:
                kept = self._search.search(parser, piece.offset, piece.data, first.read_at, cut=piece.cut)
                self._skipped -= kept
        for parser in parsers.values():
            parser.reset()

    def _pop_first(self, most: int) -> _Waiting:
        """The oldest piece, or its first *most* lines."""
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
    """Where the first *lines* of *of* lines end; counted from the nearer end."""
    if 2 * lines <= of:
        place = 0
        for _ in range(lines):
            place = data.index(b"\n", place) + 1
        return place
    place = len(data) - data.endswith(b"\n")
    for _ in range(of - lines):
        place = data.rindex(b"\n", 0, place)
    return place + 1
