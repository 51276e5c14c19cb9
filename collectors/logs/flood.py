"""Lines that are skipped in a flood: counted, and searched for errors."""

from __future__ import annotations

from collections import Counter
from weakref import WeakKeyDictionary

from agentdash.core.logs.model import LogLine
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.logs.parse.scan import FaultSearch

MAX_KEPT = 100
"""Lines with errors, and of their traces, that are kept of one pass; more are only counted."""

_TRACE = 60
_LONGEST = 256 * 1024


class FloodSearch:
    """Finds the errors among skipped lines.

    Args:
        most: See `MAX_KEPT`.
    """

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._searches: WeakKeyDictionary[LogParser, FaultSearch] = WeakKeyDictionary()
        self._kept: list[LogLine] = []
        self._errors: Counter[str] = Counter()

    def search(self, parser: LogParser, offset: int, data: bytes, read_at: int, *, cut: int = 0) -> int:
        """Search whole lines that are not parsed.

        Args:
            parser: The parser of their source.
            offset: Where they begin in the source.
            data: Their bytes.
            read_at: When they were read, Unix ms.
            cut: Bytes left out: it is then one line.

        Returns:
            How many of them were kept: those with errors, and the traces below them.
        """
        search = self._searches.setdefault(parser, FaultSearch())
        parser.reset()
        before, done = len(self._kept), 0
        for start, end in search.find(data, read_at):
            if start < done:
                continue  # a line of the trace that was just kept
            if len(self._kept) >= self._most:
                self._errors[parser.source] += 1
                continue
            line = parser.line(data[start : min(end, start + _LONGEST)], offset + start, read_at, cut=cut)
            self._kept.append(line)
            done = self._trace(parser, data, end + 1, offset, line.offset, read_at)
        parser.reset()
        return len(self._kept) - before

    def pop(self) -> tuple[list[LogLine], tuple[tuple[str, int], ...]]:
        """The lines kept since the last call, and the number of errors that were not, by source."""
        kept, self._kept = self._kept, []
        errors, self._errors = tuple(self._errors.items()), Counter()
        return kept, errors

    def _trace(self, parser: LogParser, data: bytes, at: int, offset: int, head: int, read_at: int) -> int:
        """Keep the lines from *at* on that continue the one at *head*; returns their end."""
        for _ in range(_TRACE):
            if at >= len(data):
                break
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            line = parser.line(data[at : min(end, at + _LONGEST)], offset + at, read_at)
            if line.continues != head:
                break
            self._kept.append(line)
            at = end + 1
        return at
