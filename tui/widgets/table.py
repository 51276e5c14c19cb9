"""A table that draws only what is seen, and repaints only what has changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from operator import is_
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.cells import Cell, Part, fit, lay
from tui.widgets.columns import Column, Place, lay_out
from tui.widgets.match import Matcher, mark_matches, matcher
from tui.widgets.palette import LAYERS, NAMES, Inked, Palette, default_css
from tui.widgets.rows import Row, order

if TYPE_CHECKING:
    from textual import events

__all__ = ["Cell", "Column", "LineTable", "Row"]

_GUTTER = 2
_CACHED = 1024


class LineTable(Inked, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of cells with a cursor that stays with its row, whatever comes above, below or in its place.

    Give it rows with `set_rows`; nothing is repainted but lines that are seen and have changed.

    Args:
        columns: See `Column`; those that do not fit are dropped by priority.
        show_header: Whether the first line shows the titles.
        marks_enabled: Whether rows can be marked; marked rows have a sign before them.
        gap: Cells between two columns.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False, id="table.up"),
        Binding("down,j", "cursor_down", "Down", show=False, id="table.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="table.page_up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="table.page_down"),
        Binding("home,g", "first", "First", show=False, id="table.first"),
        Binding("end,G", "last", "Last", show=False, id="table.last"),
        Binding("enter", "select", "Open", id="table.select"),
        Binding("space", "mark", "Mark", id="table.mark"),
        Binding("s", "sort_next", "Sort by next column", show=False, id="table.sort"),
        Binding("S", "sort_reverse", "Reverse order", show=False, id="table.sort_reverse"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line-table--{name}" for name in (*NAMES, *LAYERS)}
    """
    | Class | What |
    | :- | :- |
    | `line-table--header` | The titles. |
    | `line-table--cursor` | The line of the cursor: its background. |
    | `line-table--hover` | The line under the mouse: its background. |
    | `line-table--match` | Text that was searched for. |
    | `line-table--mark` | The sign of a marked row. |
    | `line-table--dim` … | One for each of `palette.NAMES`. |
    """

    DEFAULT_CSS = default_css("LineTable", "line-table")

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

    @dataclass
    class RowHighlighted(Message):
        """The cursor is on another row; `key` is None when no row is left to be on."""

        table: LineTable
        key: Hashable | None

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    @dataclass
    class RowSelected(Message):
        """Enter was pressed on a row, or it was clicked while the cursor was there."""

        table: LineTable
        key: Hashable

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    @dataclass
    class MarksChanged(Message):
        """Rows were marked or unmarked, or marked rows have gone."""

        table: LineTable
        marks: frozenset[Hashable]

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    @dataclass
    class SortChanged(Message):
        """The order was changed by the person."""

        table: LineTable
        key: str | None
        descending: bool

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

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
        self.repaints = 0
        """Lines that were drawn anew since the start; a table that is at rest does not count up."""
        self.set_reactive(LineTable.marks_enabled, marks_enabled)
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

        The cursor stays with its row; if that has gone, it goes to the nearest that is still there. The lines
        on screen stay where they are, except that a table at its top stays at its top.
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

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on the row with this *key* and bring it into view; False where there is none."""
        index = self._index.get(key)
        if index is None:
            return False
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
        cursor = self._survivor(old, old_cursor)
        if len(rows) != len(old):
            self._resize_content()
        self.set_reactive(LineTable.cursor_row, cursor)
        self._hold(anchor)
        if in_view:
            self._reveal()
        self._repaint_changed(old, old_top, old_cursor)
        if self.cursor_key != cursor_key:
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

    # Drawing

    def _repaint(self, index: int) -> None:
        line = index - self._top + self._head
        if self._head <= line < self._head + self._page:
            self.refresh(Region(0, line, self.size.width, 1))

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the state of the widget changes."""
        super().notify_style_update()
        self._palette.clear()
        self._strips.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of *crop*; all anew if what lies below them has changed."""
        width = self.scrollable_content_region.width
        if self._palette.renew() or width != self._width:
            self._strips.clear()
            self._width = width
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw line *y* of what is seen."""
        if y < self._head:
            return self._draw_header(self._width)
        index = self._top + y - self._head
        if index >= len(self._rows):
            return Strip.blank(self.size.width, self._palette.style())
        row = self._rows[index]
        layer = "cursor" if index == self.cursor_row else "hover" if index == self._hover else ""
        slot = (row.key, layer, row.key in self._marks)
        cached = self._strips.get(slot)
        if cached is not None and (cached[0] is row or cached[0] == row):
            return cached[1]
        strip = self._draw(row, layer, self._width)
        self._strips[slot] = (row, strip)
        self.repaints += 1
        return strip

    def _laid_out(self, width: int) -> tuple[Place, ...]:
        if self._places[0] != width:
            room = width - (_GUTTER if self.marks_enabled else 0)
            self._places = (width, lay_out(self.columns, room, self.gap))
        return self._places[1]

    def _draw(self, row: Row, layer: str, width: int) -> Strip:
        parts: list[Part] = []
        if self.marks_enabled:
            parts.append(("✓ " if row.key in self._marks else "  ", "mark"))
        for number, place in enumerate(self._laid_out(width)):
            if number:
                parts.append((" " * self.gap, ""))
            cell = row.cells[place.index] if place.index < len(row.cells) else Cell()
            indent = min(2 * row.depth, place.width - 1) if number == 0 else 0
            if indent:
                parts.append((" " * indent, ""))
            laid = lay(cell.parts, place.width - indent, self.columns[place.index].align)
            parts += mark_matches(laid, self._matcher) if self._matcher else laid
        return self._strip(parts, layer, dim=row.dim)

    def _draw_header(self, width: int) -> Strip:
        parts: list[Part] = [("  ", "")] if self.marks_enabled else []
        for number, place in enumerate(self._laid_out(width)):
            if number:
                parts.append((" " * self.gap, ""))
            column = self.columns[place.index]
            title, style = column.title, ""
            if column.key == self.sort_key:
                title, style = f"{title}{'▾' if self.sort_descending else '▴'}", "bold"
            parts.append((fit(title, place.width, column.align), style))
        return self._strip(parts, "header")

    def _strip(self, parts: Sequence[Part], layer: str, *, dim: bool = False) -> Strip:
        style = self._palette.style
        segments = [Segment(text, style("dim" if dim else names, layer)) for text, names in parts if text]
        return Strip(segments).adjust_cell_length(self.size.width, style("", layer))

    # What a person does

    def watch_cursor_row(self, old: int, new: int) -> None:
        """Repaint the line it was on and the one it is on."""
        self._repaint(old)
        self._repaint(new)
        self.post_message(self.RowHighlighted(self, self.cursor_key))

    def watch_highlight(self, text: str) -> None:
        """Draw anew with other matches."""
        self._matcher = matcher(text)
        self._redraw()

    def watch_marks_enabled(self, enabled: bool) -> None:
        """Make room for the signs, or take it back."""
        if not enabled:
            self.clear_marks()
        self._places = (-1, ())
        self._redraw()

    def watch_sort_key(self) -> None:
        """Sort anew."""
        self._resort()

    def watch_sort_descending(self) -> None:
        """Sort anew."""
        self._resort()

    def _resort(self) -> None:
        self._replace(self._sorted(self._given))
        self.refresh(Region(0, 0, self.size.width, self._head))

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor is strong in focus and weak outside."""
        super().watch_has_focus(_has_focus)
        self._redraw()

    def on_mount(self) -> None:
        """Take in what was set before."""
        self._matcher = matcher(self.highlight)
        if self.sort_key is not None:
            self._resort()

    def on_resize(self) -> None:
        """Keep the cursor in view if it was."""
        self._resize_content()
        self._reveal()

    def on_focus(self) -> None:
        """Remember that a press may only have brought the focus."""
        self._pressed_to_focus = True
        self._reveal()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Marking is there only where marks are; sorting only where a column allows it."""
        if action == "mark":
            return self.marks_enabled
        if action in {"sort_next", "sort_reverse"}:
            return any(column.sortable for column in self.columns)
        return True

    def _move(self, to: int, step: int) -> None:
        self._pressed_to_focus = False
        index = self._nearest(max(0, min(to, len(self._rows) - 1)), step)
        if index >= 0:
            self.cursor_row = index
            if step < 0 and not any(row.selectable for row in self._rows[:index]):
                self._scroll(0)  # rows above that cannot be selected are to be seen too
            self._reveal()

    def action_cursor_up(self) -> None:
        """Move one row up."""
        self._move(self.cursor_row - 1, -1)

    def action_cursor_down(self) -> None:
        """Move one row down."""
        self._move(self.cursor_row + 1, 1)

    def action_page_up(self) -> None:
        """Move a page up."""
        self._move(self.cursor_row - max(1, self._page - 1), -1)

    def action_page_down(self) -> None:
        """Move a page down."""
        self._move(self.cursor_row + max(1, self._page - 1), 1)

    def action_first(self) -> None:
        """Go to the first row."""
        self._move(0, 1)
        self._scroll(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._move(len(self._rows) - 1, -1)

    def action_select(self) -> None:
        """Say that the row was chosen."""
        key = self.cursor_key
        if key is not None or 0 <= self.cursor_row < len(self._rows):
            self.post_message(self.RowSelected(self, key))

    def action_mark(self) -> None:
        """Mark or unmark the row, and go on to the next."""
        if self.cursor_row < 0 or not self.marks_enabled:
            return
        key = self.cursor_key
        self._marks ^= {key}
        self._marks_moved({key})
        self._move(self.cursor_row + 1, 1)

    def _marks_moved(self, keys: set[Hashable]) -> None:
        for key in keys & self._index.keys():
            self._repaint(self._index[key])
        self.post_message(self.MarksChanged(self, self.marks))

    def action_sort_next(self) -> None:
        """Sort by the next column that is shown; after the last, as the rows are given."""
        keys: list[str | None] = [
            self.columns[place.index].key
            for place in self._laid_out(self._width)
            if self.columns[place.index].sortable
        ]
        keys.append(None)
        at = keys.index(self.sort_key) if self.sort_key in keys else len(keys) - 1
        self._sort_by(keys[(at + 1) % len(keys)], descending=False)

    def action_sort_reverse(self) -> None:
        """Turn the order round."""
        if self.sort_key is not None:
            self._sort_by(self.sort_key, descending=not self.sort_descending)

    def _sort_by(self, key: str | None, *, descending: bool) -> None:
        self.sort_key, self.sort_descending = key, descending
        self.post_message(self.SortChanged(self, key, descending))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which row is under the mouse."""
        at = self._row_at(event)
        self._hover_over(-1 if at is None else at)

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self._hover_over(-1)

    def _hover_over(self, index: int) -> None:
        if index != self._hover:
            old, self._hover = self._hover, index
            self._repaint(old)
            self._repaint(index)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row; on the row of the cursor, or twice: choose it; on a title: sort."""
        at = self._row_at(event)
        brought_focus, self._pressed_to_focus = self._pressed_to_focus, False
        if at is None:
            return
        if at < 0:
            self._click_title(event)
        elif self._rows[at].selectable:
            again = at == self.cursor_row and (event.chain > 1 or not brought_focus)
            self.cursor_row = at
            if again:
                self.action_select()

    def _click_title(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        left = _GUTTER if self.marks_enabled else 0
        for place in self._laid_out(self._width):
            column = self.columns[place.index]
            if left <= offset.x < left + place.width and column.sortable:
                again = column.key == self.sort_key
                self._sort_by(column.key, descending=not self.sort_descending if again else False)
            left += place.width + self.gap
