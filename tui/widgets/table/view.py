"""A table without keys: rows with a cursor and marks; only those in view are drawn."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.match import matcher
from tui.widgets.palette import StyledWidget
from tui.widgets.table.columns import Column
from tui.widgets.table.messages import TableMessages
from tui.widgets.table.model import Anchor, RowModel
from tui.widgets.table.painter import GUTTER, RowPainter
from tui.widgets.table.rows import Row


class TableView(TableMessages, StyledWidget, ScrollView):
    """Rows of cells with a cursor that stays with its row, whatever comes above, below or in its place.

    Args:
        columns: See `Column`; those that do not fit are dropped by priority.
        show_header: Whether the first line shows the titles.
        marks_enabled: Whether rows can be marked; marked rows have a sign before them.
        gap: Cells between two columns.
    """

    ALLOW_SELECT = False

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
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(id=id)
        self.model = RowModel()
        self.show_header = show_header
        self._painter = RowPainter(self, columns, gap)
        self._hover = -1
        self.set_reactive(TableView.marks_enabled, marks_enabled)
        self._painter.gutter = GUTTER if marks_enabled else 0

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns."""
        return self._painter.columns

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return self.model.rows

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.model.rows)

    @property
    def cursor_row(self) -> int:
        """Index of the row that the cursor is on, in shown order; -1: there is none."""
        return self.model.cursor

    @property
    def cursor_key(self) -> Hashable | None:
        """Key of the row that the cursor is on; None where there is none."""
        return self.model.cursor_key

    @property
    def marks(self) -> frozenset[Hashable]:
        """Keys of the marked rows."""
        return frozenset(self.model.marks)

    def row_of(self, key: Hashable) -> Row | None:
        """The row with this *key*, if it is there."""
        return self.model.row(key)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; rows given before must have cells for them."""
        if tuple(columns) != self.columns:
            self._painter.columns = tuple(columns)
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

        The cursor stays with its row, or goes to the nearest left; lines in view stay where they are, except
        that a table at its top stays there.
        """
        before, old_key = self._before(), self.cursor_key
        kept = self.model.update(rows, self.columns, self.sort_key, self.sort_descending)
        if kept is None:
            self._show_changes(*before)
        elif kept < self.row_count:
            self._resize_content()
            for index in range(max(kept, self._top), min(self.row_count, self._top + self._page)):
                self._repaint(index)
            if self.cursor_key != old_key:
                self.post_message(self.RowHighlighted(self, self.cursor_key))

    def above(self, keys: Iterable[Hashable]) -> int:
        """How many of *keys* are on rows above the first that is seen."""
        return sum(self.model.index.get(key, self._top) < self._top for key in keys)

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on the row with this *key* and bring it into view; False where there is none."""
        index = self.model.index.get(key)
        if index is None:
            return False
        self.model.moved = True
        self._set_cursor(index)
        self._reveal()
        return True

    def show_top(self) -> None:
        """Bring the first rows into view; the cursor stays, and is brought into view with the focus."""
        self._scroll(0)

    def clear_marks(self) -> None:
        """Unmark all."""
        if marked := self.marks:
            self.model.marks.clear()
            self._marks_changed(marked)

    # Changes

    def _before(self) -> tuple[Sequence[Row], int, int, Hashable | None, Anchor | None]:
        """What `_show_changes` compares with: rows, first in view, cursor, its key, the row that stays."""
        model = self.model
        return model.rows, self._top, model.cursor, model.cursor_key, model.anchor(self._top, self._page)

    def _show_changes(
        self, old: Sequence[Row], top: int, cursor: int, key: Hashable | None, anchor: Anchor | None
    ) -> None:
        """Scroll and repaint after all rows may have moved."""
        in_view = top <= cursor < top + self._page
        if self.row_count != len(old):
            self._resize_content()
        if anchor is not None:
            self._scroll(self.model.index.get(anchor.key, self.cursor_row) - anchor.line)
        if in_view:
            self._reveal()
        if top == self._top:  # else scrolling has marked all lines
            for index in self.model.changed(old, cursor, range(top, top + self._page)):
                self._repaint(index)
        if self.cursor_key != key:
            self.post_message(self.RowHighlighted(self, self.cursor_key))
        if self.model.drop_lost_marks():
            self._marks_changed(frozenset())

    def _marks_changed(self, keys: Iterable[Hashable]) -> None:
        for key in keys:
            self._repaint(self.model.index.get(key, -1))
        self.post_message(self.MarksChanged(self, self.marks))

    def _set_cursor(self, index: int) -> None:
        old = self.model.cursor
        if index != old:
            self.model.cursor = index
            self._repaint(old)
            self._repaint(index)
            self.post_message(self.RowHighlighted(self, self.cursor_key))

    def watch_highlight(self, text: str) -> None:
        """Draw again with other matches."""
        self._painter.matcher = matcher(text)
        self._redraw()

    def watch_marks_enabled(self, enabled: bool) -> None:
        """Make room for the signs, or free it."""
        if not enabled:
            self.clear_marks()
        self._painter.gutter = GUTTER if enabled else 0
        self._redraw()

    def watch_sort_key(self) -> None:
        """Sort again."""
        before = self._before()
        self.model.sort(self.columns, self.sort_key, self.sort_descending)
        self._show_changes(*before)
        self.refresh(Region(0, 0, self.size.width, self._head))

    watch_sort_descending = watch_sort_key

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor is strong in focus and weak outside."""
        super().watch_has_focus(_has_focus)
        self._redraw()

    def on_mount(self) -> None:
        """Apply what was set before."""
        self._painter.matcher = matcher(self.highlight)
        if self.sort_key is not None:
            self.watch_sort_key()

    def on_resize(self) -> None:
        """Keep the cursor in view if it was."""
        self._resize_content()
        self._reveal()

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
        size = Size(self.size.width, self.row_count + self._head)
        if self.styles.height is not None and self.styles.height.is_auto:
            self.virtual_size = size
            return
        # The widget is as large as before: a new layout of the screen would change nothing.
        self.set_reactive(Widget.virtual_size, size)
        if self.is_mounted:
            self._scroll_update(size)

    def _scroll(self, top: int) -> None:
        top = max(0, min(top, self.row_count - self._page))
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

    # Repainting

    def _repaint(self, index: int) -> None:
        line = index - self._top + self._head
        if self._head <= line < self._head + self._page:
            self.refresh(Region(0, line, self.size.width, 1))

    def _redraw(self) -> None:
        self._painter.clear()
        self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        """The theme or the state of the widget changed."""
        super().notify_style_update()
        self._painter.palette.clear()
        self._painter.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of *crop*; all again if the background has changed."""
        self._painter.set_width(self.scrollable_content_region.width)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw line *y* of what is seen."""
        painter, size = self._painter, self.size.width
        if y < self._head:
            return painter.header(self.sort_key, descending=self.sort_descending, size=size)
        index = self._top + y - self._head
        if index >= self.row_count:
            return painter.blank(size)
        row = self.model.rows[index]
        layer = "cursor" if index == self.cursor_row else "hover" if index == self._hover else ""
        return painter.row(row, layer, marked=row.key in self.model.marks, size=size)
