"""The rows of a table: what it holds, where cursor and view are, and how they stay when rows change."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterable, Sequence
from operator import is_
from typing import TYPE_CHECKING

from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.match import Matcher
from tui.widgets.palette import Palette, StyledWidget
from tui.widgets.table.columns import Column, Place
from tui.widgets.table.messages import TableMessages
from tui.widgets.table.rows import Row, order

if TYPE_CHECKING:
    from textual import events

_CACHED = 1024
READ_S = 1.0
"""Seconds that a person needs to see that another row has come under the cursor."""


class TableRows(TableMessages, StyledWidget, ScrollView):
    """Rows and the cursor, the marks and the view that stay with them.

    Args:
        columns: See `Column`; those that do not fit are dropped by priority.
        show_header: Whether the first line shows the titles.
        marks_enabled: Whether rows can be marked; marked rows have a sign before them.
        gap: Cells between two columns.
    """

    cursor_row: reactive[int] = reactive(0, repaint=False, init=False)
    """Index of the row that the cursor is on, in shown order; it moves with the row. -1: there is none."""

    highlight: reactive[str] = reactive("", repaint=False, init=False)
    """Text that is highlighted where it is seen, as `match.matcher` takes it."""

    sort_key: reactive[str | None] = reactive[str | None](None, repaint=False, init=False)
    """Key of the column that rows are sorted by; None: as they are given."""

    sort_descending: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether the greatest comes first."""

    marks_enabled: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether rows can be marked."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        show_header: bool = True,
        marks_enabled: bool = False,
        gap: int = 1,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.columns: tuple[Column, ...] = tuple(columns)
        self.show_header = show_header
        self.gap = gap
        self.keeps_first = False
        """Whether a cursor that nobody has moved stays on the first row, whichever that is."""
        self._moved = False
        self._row_changed_at = -math.inf
        self.repaints = 0
        """Lines that were drawn anew since start; a table that is at rest does not count up."""
        self.set_reactive(TableRows.marks_enabled, marks_enabled)
        self._given: tuple[Row, ...] = ()
        self._rows: list[Row] = []
        self._index: dict[Hashable, int] = {}
        self._marks: set[Hashable] = set()
        self._hover = -1
        self._pressed_to_focus = False
        self._places: tuple[int, tuple[Place, ...]] = (-1, ())
        self._matcher: Matcher | None = None
        self._palette = Palette(self, "line-table")
        self._strips: LRUCache[tuple[Hashable, str, bool], tuple[Row, Strip]] = LRUCache(_CACHED)
        self._width = 0

    # What it holds

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return self._rows

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def cursor_key(self) -> Hashable | None:
        """Key of the row that the cursor is on; None where there is none."""
        return self._rows[self.cursor_row].key if 0 <= self.cursor_row < len(self._rows) else None

    @property
    def marks(self) -> frozenset[Hashable]:
        """Keys of the marked rows."""
        return frozenset(self._marks)

    def row_of(self, key: Hashable) -> Row | None:
        """The row with this *key*, if it is there."""
        index = self._index.get(key)
        return None if index is None else self._rows[index]

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; rows given before must have cells for them."""
        if tuple(columns) != self.columns:
            self.columns = tuple(columns)
            self._places = (-1, ())
            self._redraw()

    def set_header(self, shown: bool) -> None:
        """Show the titles of the columns, or use their line for a row."""
        if shown != self.show_header:
            self.show_header = shown
            self._resize_content()
            self._reveal()
            self._redraw()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show *rows*. Keys are unique; of two rows with one key the cursor finds the later.

        The cursor stays with its row; if that has gone, it goes to the nearest that is still there (see also
        `keeps_first`). The lines on screen stay where they are, except that a table at its top stays there.
        """
        given, before = tuple(rows), self._given
        kept = len(given) >= len(before) and all(map(is_, given, before))
        if kept and len(given) == len(before):
            return
        self._given = given
        if kept and before and self.sort_key is None:
            self._append(given[len(before) :])
        else:
            self._replace(self._sorted(given))

    def above(self, keys: Iterable[Hashable]) -> int:
        """How many of *keys* are on rows above the first that is seen."""
        return sum(self._index.get(key, self._top) < self._top for key in keys)

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on the row with this *key* and bring it into view; False where there is none."""
        index = self._index.get(key)
        if index is None:
            return False
        self._moved = True
        self.cursor_row = index
        self._reveal()
        return True

    def show_top(self) -> None:
        """Bring the first rows into view; the cursor stays, and is brought into view with the focus."""
        self._scroll(0)

    def clear_marks(self) -> None:
        """Unmark all."""
        if self._marks:
            marked, self._marks = self._marks, set()
            self._marks_moved(marked)

    # Taking new rows in

    @property
    def row_changed(self) -> bool:
        """Whether another row came under the cursor by itself just now: a person may mean the one before."""
        return time.monotonic() - self._row_changed_at < READ_S

    def _sorted(self, given: tuple[Row, ...]) -> list[Row]:
        at = next((i for i, column in enumerate(self.columns) if column.key == self.sort_key), None)
        return list(given) if at is None else order(given, at, reverse=self.sort_descending)

    def _replace(self, rows: list[Row]) -> None:
        old, old_top, old_cursor = self._rows, self._top, self.cursor_row
        anchor = self._anchor()
        in_view = old_top <= old_cursor < old_top + self._page
        cursor_key = self.cursor_key
        self._rows = rows
        self._index = {row.key: index for index, row in enumerate(rows)}
        first = self.keeps_first and not self._moved
        cursor = self._nearest(0, 1) if first else self._survivor(old, old_cursor)
        if len(rows) != len(old):
            self._resize_content()
        self.set_reactive(TableRows.cursor_row, cursor)
        self._hold(anchor)
        if in_view:
            self._reveal()
        self._repaint_changed(old, old_top, old_cursor)
        if self.cursor_key != cursor_key:
            if cursor_key is not None:
                self._row_changed_at = time.monotonic()
            self.post_message(self.RowHighlighted(self, self.cursor_key))
        if gone := self._marks - self._index.keys():
            self._marks -= gone
            self._marks_moved(set())

    def _append(self, rows: Sequence[Row]) -> None:
        """Add *rows* below all others: nothing that is there moves, so that only they cost anything."""
        count = len(self._rows)
        self._rows.extend(rows)
        self._index.update((row.key, count + place) for place, row in enumerate(rows))
        self._resize_content()
        for index in range(max(count, self._top), min(len(self._rows), self._top + self._page)):
            self._repaint(index)
        if self.cursor_row < 0:
            self.cursor_row = self._nearest(0, 1)

    def _survivor(self, old: Sequence[Row], was: int) -> int:
        """Where the cursor goes: its own row, else the next below that is there, else the next above."""
        if 0 <= was < len(old):
            for row in (*old[was:], *reversed(old[:was])):
                index = self._index.get(row.key)
                if index is not None and self._rows[index].selectable:
                    return index
        return self._nearest(0, 1)

    def _nearest(self, start: int, step: int) -> int:
        """The first row from *start* on that can be selected, else the first the other way; or -1."""
        for indexes in (
            range(start, len(self._rows)) if step > 0 else range(start, -1, -1),
            range(start, -1, -1) if step > 0 else range(start, len(self._rows)),
        ):
            for index in indexes:
                if 0 <= index < len(self._rows) and self._rows[index].selectable:
                    return index
        return -1

    def _anchor(self) -> tuple[Hashable, int] | None:
        """A row in view and the line it is on; None at the top, which is held as such."""
        top = self._top
        if top <= 0 or not self._rows:
            return None
        at = self.cursor_row if top <= self.cursor_row < top + self._page else top
        return self._rows[min(at, len(self._rows) - 1)].key, at - top

    def _hold(self, anchor: tuple[Hashable, int] | None) -> None:
        """Scroll so that the *anchor* is on its line again."""
        if anchor is not None:
            index = self._index.get(anchor[0], self.cursor_row)
            self._scroll(index - anchor[1])

    def _repaint_changed(self, old: Sequence[Row], old_top: int, old_cursor: int) -> None:
        top = self._top
        if top != old_top:
            return  # scrolling has marked all lines
        for index in range(top, min(top + self._page, max(len(self._rows), len(old)))):
            now = self._rows[index] if index < len(self._rows) else None
            was = old[index] if index < len(old) else None
            moved = (index == self.cursor_row) != (index == old_cursor)
            if moved or (now is not was and now != was):
                self._repaint(index)

    def _marks_moved(self, keys: set[Hashable]) -> None:
        for key in keys & self._index.keys():
            self._repaint(self._index[key])
        self.post_message(self.MarksChanged(self, self.marks))

    # Where things are

    @property
    def _head(self) -> int:
        return 1 if self.show_header else 0

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _page(self) -> int:
        return max(0, self.scrollable_content_region.height - self._head)

    def _resize_content(self) -> None:
        size = Size(self.size.width, len(self._rows) + self._head)
        if self.styles.height is not None and self.styles.height.is_auto:
            self.virtual_size = size
            return
        # The widget is as large as before: a new layout of the screen would change nothing.
        self.set_reactive(Widget.virtual_size, size)
        if self.is_mounted:
            self._scroll_update(size)

    def _scroll(self, top: int) -> None:
        top = max(0, min(top, len(self._rows) - self._page))
        if top != self._top:
            self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def _reveal(self) -> None:
        page = self._page
        if self.cursor_row < 0 or page <= 0:
            return
        if self.cursor_row < self._top:
            self._scroll(self.cursor_row)
        elif self.cursor_row >= self._top + page:
            self._scroll(self.cursor_row - page + 1)

    def _row_at(self, event: events.MouseEvent) -> int | None:
        """The row under the mouse; -1 for the header, None for no row."""
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        if offset.y < self._head:
            return -1
        index = self._top + offset.y - self._head
        return index if index < len(self._rows) else None

    # Repainting

    def _repaint(self, index: int) -> None:
        line = index - self._top + self._head
        if self._head <= line < self._head + self._page:
            self.refresh(Region(0, line, self.size.width, 1))

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()
