"""Prefixes of lines that are no errors: most of a flood is recognised by them in one pass over its bytes.

A prefix is what a line begins with, up to its level, every digit replaced by 0: if one line with it is no
error, none is. Where the level is a number the digits count, and the prefix is kept as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAX_PREFIXES = 24
"""Prefixes that are known at most; the oldest is forgotten."""
MAX_LENGTH = 200
"""Bytes of a prefix at most."""
DIGITS = bytes.maketrans(b"123456789", b"000000000")

_SAMPLES = 16
_MANY = 16  # one unknown line in so many is worth learning from
_LONGEST_WAIT = 64


class Prefix(NamedTuple):
    """How a line begins; *exact*: with its digits, else with zeros in their place."""

    data: bytes
    exact: bool = False


class HarmlessPrefixes:
    """The prefixes of one source's lines that are no errors; learned from the lines.

    Args:
        prefix_of: Gives the prefix of a line that is no error, of `MAX_LENGTH` bytes at most, else None.
        ambiguous: A prefix that this matches decides only where no digit follows.
    """

    def __init__(
        self, prefix_of: Callable[[bytes], Prefix | None], ambiguous: re.Pattern[bytes] | None = None
    ) -> None:
        self._prefix_of = prefix_of
        self._ambiguous = ambiguous
        self._prefixes: dict[Prefix, None] = {}
        self._unknown = re.compile(rb"\n")
        self._exact: re.Pattern[bytes] | None = None
        self._learned = 0
        self._learns_in = 0
        self._pauses = 0
        self._wait = 1

    def unknown(self, data: bytes) -> list[int] | None:
        """Where the lines begin whose prefix is not known; None where that would be most of them.

        Args:
            data: Whole lines.
        """
        if self._pauses:
            self._pauses -= 1
            return None
        zeroed = b"\n" + data.translate(DIGITS)
        found = self._search(zeroed, data)
        if len(found) * 1024 < len(data):
            return found
        lines = zeroed.count(b"\n") - data.endswith(b"\n")
        if len(found) * _MANY > lines and self._learn(data, found):
            found = self._search(zeroed, data)
        if len(found) * 2 <= lines:
            self._wait = 1
            return found
        self._pauses, self._wait = self._wait, min(_LONGEST_WAIT, 2 * self._wait)
        return None

    def _search(self, zeroed: bytes, data: bytes) -> list[int]:
        found = [hit.start() for hit in self._unknown.finditer(zeroed)]
        if found and found[-1] == len(data):
            found.pop()  # no line begins after the last line end
        exact = self._exact
        return found if exact is None else [place for place in found if exact.match(data, place) is None]

    def _learn(self, data: bytes, places: list[int]) -> bool:
        """Learn from some of the lines at *places*; each success puts the next attempt off longer."""
        self._learns_in -= 1
        if self._learns_in > 0:
            return False
        before = len(self._prefixes)
        for place in places[:: max(1, len(places) // _SAMPLES)]:
            end = data.find(b"\n", place)
            prefix = self._prefix_of(data[place : end if end >= 0 else len(data)])
            if prefix is not None:
                self._prefixes.setdefault(prefix)
        if len(self._prefixes) == before:
            return False
        self._learned += 1
        self._learns_in = min(_LONGEST_WAIT, self._learned)
        while len(self._prefixes) > MAX_PREFIXES:
            del self._prefixes[next(iter(self._prefixes))]
        self._compile()
        return True

    def _compile(self) -> None:
        exact = [re.escape(prefix.data) for prefix in self._prefixes if prefix.exact]
        known = [
            re.escape(prefix.data) + (rb"(?!\s*0)" if self._is_ambiguous(prefix) else b"")
            for prefix in self._prefixes
            if not prefix.exact
        ]
        self._unknown = re.compile(rb"\n(?!" + b"|".join(known) + rb")" if known else rb"\n")
        self._exact = re.compile(b"|".join(exact)) if exact else None

    def _is_ambiguous(self, prefix: Prefix) -> bool:
        return self._ambiguous is not None and self._ambiguous.fullmatch(prefix.data) is not None


class SelectedLines:
    """Some lines of a piece, joined: those that follow each other there do here, others do not.

    Args:
        data: The piece.
        places: Where the lines begin in it, ascending.

    Attributes:
        data: The lines, with an empty one in every gap.
    """

    def __init__(self, data: bytes, places: list[int]) -> None:
        self._here: list[int] = []
        self._there: list[int] = []
        parts: list[bytes] = []
        size = 0
        for begin, end in _runs(data, places):
            self._here.append(size)
            self._there.append(begin)
            parts += (data[begin:end], b"\n")
            size += end - begin + 1
        self.data = b"".join(parts)

    def offset_in_piece(self, offset: int) -> int:
        """The offset in the piece of what is at *offset* in these lines."""
        run = bisect_right(self._here, offset) - 1
        return self._there[run] + offset - self._here[run]


def _runs(data: bytes, places: list[int]) -> Iterator[tuple[int, int]]:
    begin = end = 0
    for place in places:
        if place != end:
            if end:
                yield begin, end
            begin = place
        end = data.find(b"\n", place) + 1 or len(data)
    if end:
        yield begin, end
