"""Lines that are no errors by how they begin: most of a flood, told apart in one pass over its bytes.

A head is what a line begins with, up to its level, every digit a 0: if one line with it is no error, none is.
Where the level is a number the digits count, and the head is taken as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

MOST = 24
"""Heads that are known at most; the oldest goes."""
LONGEST = 200
"""Bytes of a head at most."""
DIGITS = bytes.maketrans(b"123456789", b"000000000")

_SAMPLES = 16
_MANY = 16  # one line in so many that is not known is worth learning from
_LONGEST_WAIT = 64
# What may go on as a line of Android's log, whose level comes later; the head of any other line is all of it.
_GOES_ON = re.compile(rb"[\d-]{5,10} [\d:.]{8,15}\s+\w+\s")


class Head(NamedTuple):
    """How a line begins; *exact*: as it is, else with digits as zeros."""

    data: bytes
    exact: bool = False


class QuietHeads:
    """The heads of one source's lines that are no errors; learned as they come.

    Args:
        head_of: Gives the head of a line that is no error, at most `LONGEST` bytes; None for any other line.
    """

    def __init__(self, head_of: Callable[[bytes], Head | None]) -> None:
        self._head_of = head_of
        self._heads: dict[Head, None] = {}
        self._others = re.compile(rb"\n")
        self._exact: re.Pattern[bytes] | None = None
        self._learned = 0
        self._learns_in = 0
        self._rests = 0
        self._wait = 1

    def others(self, data: bytes) -> list[int] | None:
        """Where the lines begin whose head is not known; None where that would be most of them.

        Args:
            data: Whole lines.
        """
        if self._rests:
            self._rests -= 1
            return None
        same = b"\n" + data.translate(DIGITS)
        found = self._search(same, data)
        if len(found) * 1024 < len(data):
            return found
        lines = same.count(b"\n") - data.endswith(b"\n")
        if len(found) * _MANY > lines and self._learn(data, found):
            found = self._search(same, data)
        if len(found) * 2 <= lines:
            self._wait = 1
            return found
        self._rests, self._wait = self._wait, min(_LONGEST_WAIT, 2 * self._wait)
        return None

    def _search(self, same: bytes, data: bytes) -> list[int]:
        found = [hit.start() for hit in self._others.finditer(same)]
        if found and found[-1] == len(data):
            found.pop()  # the end of the last line begins none
        exact = self._exact
        return found if exact is None else [place for place in found if exact.match(data, place) is None]

    def _learn(self, data: bytes, places: list[int]) -> bool:
        """Learn from some of the lines at *places*; the oftener it did, the later it does again."""
        self._learns_in -= 1
        if self._learns_in > 0:
            return False
        before = len(self._heads)
        for place in places[:: max(1, len(places) // _SAMPLES)]:
            end = data.find(b"\n", place)
            head = self._head_of(data[place : end if end >= 0 else len(data)])
            if head is not None:
                self._heads.setdefault(head)
        if len(self._heads) == before:
            return False
        self._learned += 1
        self._learns_in = min(_LONGEST_WAIT, self._learned)
        while len(self._heads) > MOST:
            del self._heads[next(iter(self._heads))]
        self._compile()
        return True

    def _compile(self) -> None:
        exact = [re.escape(head.data) for head in self._heads if head.exact]
        known = [
            re.escape(head.data) + (rb"(?!\s*0)" if _GOES_ON.fullmatch(head.data) else b"")
            for head in self._heads
            if not head.exact
        ]
        self._others = re.compile(rb"\n(?!" + b"|".join(known) + rb")" if known else rb"\n")
        self._exact = re.compile(b"|".join(exact)) if exact else None


class Gathered:
    """Some lines of a piece, put together: those that follow each other there do here, others do not.

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

    def place(self, here: int) -> int:
        """Where in the piece stands what is *here* in these."""
        run = bisect_right(self._here, here) - 1
        return self._there[run] + here - self._here[run]


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
