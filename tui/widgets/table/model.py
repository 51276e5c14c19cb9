"""The rows of a table, their order and marks, and where the cursor is as they change. Knows no screen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import chain
from operator import is_
from typing import NamedTuple

from tui.widgets.table.columns import Column
from tui.widgets.table.rows import Row, order

READ_S = 1.0
"""Seconds that a person needs to see that another row has come under the cursor."""


class Anchor(NamedTuple):
    """A row, and how many lines below the first in view it is."""

    key: Hashable
    line: int


class RowModel:
    """Rows with unique keys, the cursor and the marks that stay with them.

    Attributes:
        rows: In the order shown.
        index: The place of each row by its key; of two rows with one key, of the later.
        cursor: The index of the row that the cursor is on; -1: there is none.
        marks: Keys of the marked rows.
        keeps_first: Whether a cursor that nobody has moved stays on the first row, whichever that is.
        moved: Whether a person has moved the cursor.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows: list[Row] = []
        self.index: dict[Hashable, int] = {}
        self.cursor = 0
        self.marks: set[Hashable] = set()
        self.keeps_first = False
        self.moved = False
        self._clock = clock
        self._given: tuple[Row, ...] = ()
        self._changed_at = -math.inf

    @property
    def cursor_key(self) -> Hashable | None:
        """Key of the row that the cursor is on; None where there is none."""
        return self.rows[self.cursor].key if 0 <= self.cursor < len(self.rows) else None

    @property
    def row_changed(self) -> bool:
        """Whether another row came under the cursor a moment ago: a person may mean the one before."""
        return self._clock() - self._changed_at < READ_S

    def update(
        self, rows: Sequence[Row], columns: Sequence[Column], key: str | None, down: bool
    ) -> int | None:
        """Show *rows*, sorted by the column with *key*, the greatest first where *down*.

        Returns:
            The number of rows before, where the others were only added below them or nothing has changed;
            None where any may be in another place.
        """
        given, before = tuple(rows), self._given
        kept = len(given) >= len(before) and all(map(is_, given, before))
        count = len(self.rows)
        if kept and len(given) == len(before):
            return count
        self._given = given
        if not (kept and before and key is None):
            self.sort(columns, key, down)
            return None
        added = given[len(before) :]
        self.rows.extend(added)
        self.index.update((row.key, count + place) for place, row in enumerate(added))
        if self.cursor < 0:
            self.cursor = self.nearest(0, 1)
        return count

    def sort(self, columns: Sequence[Column], key: str | None, down: bool) -> None:
        """Put the rows in order, as for `update`; the cursor stays with its row or goes near."""
        at = next((i for i, column in enumerate(columns) if column.key == key), None)
        old, cursor_key = self.rows, self.cursor_key
        self.rows = list(self._given) if at is None else order(self._given, at, reverse=down)
        self.index = {row.key: index for index, row in enumerate(self.rows)}
        first = self.keeps_first and not self.moved
        self.cursor = self.nearest(0, 1) if first else self._survivor(old, self.cursor)
        if cursor_key is not None and self.cursor_key != cursor_key:
            self._changed_at = self._clock()

    def _survivor(self, old: Sequence[Row], was: int) -> int:
        """Where the cursor goes: its own row, else the next below that is there, else the next above."""
        if 0 <= was < len(old):
            for row in (*old[was:], *reversed(old[:was])):
                index = self.index.get(row.key)
                if index is not None and self.rows[index].selectable:
                    return index
        return self.nearest(0, 1)

    def nearest(self, start: int, step: int) -> int:
        """The first row from *start* on that can be selected, else the first the other way; or -1."""
        below, above = range(start, len(self.rows)), range(start, -1, -1)
        for index in chain(below, above) if step > 0 else chain(above, below):
            if 0 <= index < len(self.rows) and self.rows[index].selectable:
                return index
        return -1

    def row(self, key: Hashable) -> Row | None:
        """The row with this *key*, if it is there."""
        index = self.index.get(key)
        return None if index is None else self.rows[index]

    def changed(self, old: Sequence[Row], old_cursor: int, seen: range) -> Iterator[int]:
        """Of the rows in *seen*, those drawn differently than with the rows *old* and the cursor there."""
        for index in range(seen.start, min(seen.stop, max(len(self.rows), len(old)))):
            now = self.rows[index] if index < len(self.rows) else None
            was = old[index] if index < len(old) else None
            moved = (index == self.cursor) != (index == old_cursor)
            if moved or (now is not was and now != was):
                yield index

    def anchor(self, top: int, page: int) -> Anchor | None:
        """The row that keeps its line as others come, of *page* rows from *top*; None at the very top."""
        if top <= 0 or not self.rows:
            return None
        at = self.cursor if top <= self.cursor < top + page else top
        return Anchor(self.rows[min(at, len(self.rows) - 1)].key, at - top)

    def drop_lost_marks(self) -> bool:
        """Unmark rows that have gone; whether there were any."""
        lost = self.marks - self.index.keys()
        self.marks -= lost
        return bool(lost)
