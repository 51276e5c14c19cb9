"""Which lines of a ring are shown, in which order, and on which row."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from agentdash.core.logs.model import Level, LogLine, LogRing
from tui.widgets.match import condition

_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """The lines to show.

    Attributes:
        text: What a line, or one that continues it, contains, as `match.matcher` reads it; empty: any.
        level: The least level, which excludes lines without one. None: any.
        source: The name of the source or service; empty: any.
        prefix: How that name begins, in any case; empty: any.
        hidden: What a line must not contain, each as for *text*; the lines that continue it are hidden too.
    """

    text: str = ""
    level: Level | None = None
    source: str = ""
    prefix: str = ""
    hidden: tuple[str, ...] = ()

    def admits(self, line: LogLine) -> bool:
        """Whether *line* has the level and the source."""
        if self.level is not None and (line.level is None or _RANKS[line.level] < _RANKS[self.level]):
            return False
        if self.source and self.source not in {line.source, line.service}:
            return False
        return not self.prefix or self._has_prefix(line)

    def _has_prefix(self, line: LogLine) -> bool:
        prefix = self.prefix.lower()
        return line.source.lower().startswith(prefix) or (line.service or "").lower().startswith(prefix)


class Spot(NamedTuple):
    """What is on one row.

    Attributes:
        number: The number of the line in the ring.
        part: Which row of that line, when it is wrapped.
    """

    number: int
    part: int = 0


class LogIndex:
    """The shown lines of a ring: heads in order, each followed by the lines that continue it.

    Lines that continue one are folded below their head unless it is open. Lines are identified by their
    number in the ring, so nothing moves when the oldest are dropped. Each new line is tested once.

    Args:
        ring: The lines; call `feed` when it has grown.
    """

    def __init__(self, ring: LogRing) -> None:
        self.ring = ring
        self.filter = LogFilter()
        self.shown = 0
        """Lines that pass the filter, folded ones too."""
        self.gone: list[int] = []
        """Numbers of shown lines that were dropped at the last `feed`."""
        self.missed = 0
        """Lines that came and were dropped between the last two calls of `feed`, unseen."""
        self.height: Callable[[int], int] | None = None
        """Rows of the line with a number, when lines are wrapped; None: each has one."""
        self._contains: Callable[[str], bool] | None = None
        self._excludes: tuple[Callable[[str], bool], ...] = ()
        self._heads: list[int] = []
        self._followers: dict[int, list[int]] = {}
        self._head_of: dict[int, int] = {}
        self._opened: set[int] = set()
        self._latest: dict[str, tuple[int, int, bool]] = {}
        self._seen = ring.first
        self._tops: list[int] | None = None
        self.rebuild()

    # Lines

    def set_filter(self, wanted: LogFilter) -> None:
        """Show the lines that pass *wanted*: tests all lines of the ring once."""
        self.filter = wanted
        self._contains = condition(wanted.text)
        self._excludes = tuple(contains for contains in map(condition, wanted.hidden) if contains is not None)
        self.rebuild()

    def rebuild(self) -> None:
        """Start again from the oldest line."""
        opened = set(self._opened)
        self._clear()
        self.feed()
        self._opened = opened & self._followers.keys()
        self.changed()

    def _clear(self) -> None:
        self._heads.clear()
        self._followers.clear()
        self._head_of.clear()
        self._opened.clear()
        self._latest.clear()
        self._seen = self.ring.first

    def feed(self) -> int:
        """Add new lines and forget dropped ones.

        Returns:
            How many of the new lines are shown.
        """
        ring = self.ring
        self.gone = []
        self.missed = max(0, ring.first - self._seen)
        if self.missed:
            self.gone = self.numbers()
            self._clear()
        else:
            self._drop(ring.first)
        fresh = 0
        for number, line in enumerate(ring.since(self._seen), self._seen):
            fresh += self._add(number, line)
        self._seen = ring.end
        self.changed()
        return fresh

    def _add(self, number: int, line: LogLine) -> int:
        if line.continues is not None:
            latest = self._latest.get(line.source)
            if latest is not None and latest[0] == line.continues and latest[1] >= self.ring.first:
                return self._add_follower(number, line, latest[1], admitted=latest[2])
        admitted = self.filter.admits(line) and not any(contains(line.message) for contains in self._excludes)
        # A line whose head is unknown replaces it: lines that continue the same head are folded below.
        place = line.offset if line.continues is None else line.continues
        self._latest[line.source] = (place, number, admitted)
        if not admitted or not self._matches(line):
            return 0
        self._heads.append(number)
        return 1

    def _add_follower(self, number: int, line: LogLine, head: int, *, admitted: bool) -> int:
        followers = self._followers.setdefault(head, [])
        followers.append(number)
        self._head_of[number] = head
        if self._is_shown(head):
            return 1
        if not admitted or not self._matches(line):
            return 0
        insort(self._heads, head)
        return 1 + len(followers)

    def _matches(self, line: LogLine) -> bool:
        contains = self._contains
        if contains is None or contains(line.message) or contains(line.service or line.source):
            return True
        return line.correlation_id is not None and contains(line.correlation_id)

    def _drop(self, first: int) -> None:
        """Forget lines below *first*; the oldest follower that is left replaces its head."""
        count = bisect_left(self._heads, first)
        gone = set(self._heads[:count])
        self.gone += self._heads[:count]
        del self._heads[:count]
        for head in [head for head in self._followers if head < first]:
            followers = self._followers.pop(head)
            left = [number for number in followers if number >= first]
            if head in gone:
                self.gone += followers[: len(followers) - len(left)]
            for number in followers[: len(followers) - len(left) + 1]:
                self._head_of.pop(number, None)
            if left:
                self._promote(left, head, shown=head in gone)
            self._opened.discard(head)

    def _promote(self, left: list[int], head: int, *, shown: bool) -> None:
        heir, rest = left[0], left[1:]
        if rest:
            self._followers[heir] = rest
            self._head_of.update(dict.fromkeys(rest, heir))
            if head in self._opened:
                self._opened.add(heir)
        if shown:
            insort(self._heads, heir)
        for source, (place, number, admitted) in self._latest.items():
            if number == head:
                self._latest[source] = (place, heir, admitted)

    # Folding

    def followers(self, number: int) -> int:
        """The number of lines that continue this one."""
        return len(self._followers.get(number, ()))

    def is_open(self, number: int) -> bool:
        """Whether the lines that continue it are shown."""
        return number in self._opened

    def head_of(self, number: int) -> int:
        """The head that a line continues, or itself."""
        return self._head_of.get(number, number)

    def set_open(self, number: int, opened: bool) -> bool:
        """Unfold or fold the lines that continue one; returns whether that changed anything."""
        head = self.head_of(number)
        if head not in self._followers or opened == (head in self._opened):
            return False
        self._opened ^= {head}
        self.changed()
        return True

    # Rows

    def changed(self) -> None:
        """Count rows again: lines were added, or their heights have changed."""
        self._tops = None
        followers = self._followers
        self.shown = len(self._heads) + sum(len(followers[h]) for h in followers if self._is_shown(h))

    @property
    def rows(self) -> int:
        """The number of rows of all shown lines."""
        if self.height is None and not self._opened:
            return len(self._heads)
        return self._row_tops()[-1]

    def at(self, row: int) -> Spot | None:
        """What is on *row*; None for no line."""
        if not 0 <= row < self.rows:
            return None
        if self.height is None and not self._opened:
            return Spot(self._heads[row])
        tops = self._row_tops()
        at = bisect_left(tops, row + 1) - 1
        rest = row - tops[at]
        for number in self._block(self._heads[at]):
            height = self.height(number) if self.height else 1
            if rest < height:
                return Spot(number, rest)
            rest -= height
        return None

    def row_of(self, number: int) -> int:
        """The first row of a line: of a folded one its head's, of a hidden one that of the next shown."""
        head = self.head_of(number)
        at = bisect_left(self._heads, head)
        if self.height is None and not self._opened:
            return at
        row = self._row_tops()[at]
        if at < len(self._heads) and self._heads[at] == head != number and head in self._opened:
            for other in self._block(head):
                if other >= number:
                    break
                row += self.height(other) if self.height else 1
        return row

    def numbers(self) -> list[int]:
        """All shown lines in the order of display, folded ones too."""
        followers = self._followers
        return [n for head in self._heads for n in (head, *followers.get(head, ()))]

    def _is_shown(self, head: int) -> bool:
        heads = self._heads
        if heads and heads[-1] == head:
            return True
        at = bisect_left(heads, head)
        return at < len(heads) and heads[at] == head

    def _block(self, head: int) -> list[int]:
        return [head, *self._followers.get(head, ())] if head in self._opened else [head]

    def _row_tops(self) -> list[int]:
        """The first row of each head, and at the end the number of rows."""
        if self._tops is None:
            height, opened = self.height, self._opened
            if height is None:
                sizes = [1 + (len(self._followers[h]) if h in opened else 0) for h in self._heads]
            else:
                sizes = [sum(map(height, self._block(h))) if h in opened else height(h) for h in self._heads]
            self._tops = [0, *accumulate(sizes)]
        return self._tops
