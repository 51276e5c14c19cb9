"""A table with its keys and the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tui.actions import HIDDEN, Action, HasActions
from tui.widgets.palette import LAYERS, NAMES, default_css
from tui.widgets.table.view import TableView

if TYPE_CHECKING:
    from textual import events


def _can_sort(table: LineTable) -> bool:
    return any(column.sortable for column in table.columns)


class LineTable(HasActions, TableView, can_focus=True, inherit_bindings=False):
    """Rows that a person goes through, chooses, marks and sorts; see `TableView`.

    Give it rows with `set_rows`; nothing is repainted but lines that are seen and have changed.
    """

    WHERE = "lists"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("table.up", "up,k", "Up", "cursor_up", footer=HIDDEN),
        Action("table.down", "down,j", "Down", "cursor_down", footer=HIDDEN),
        Action("table.page_up", "pageup", "Page up", "page_up", footer=HIDDEN),
        Action("table.page_down", "pagedown", "Page down", "page_down", footer=HIDDEN),
        Action("table.first", "home,g", "First", "first", footer=HIDDEN),
        Action("table.last", "end,G", "Last", "last", footer=HIDDEN),
        Action("table.select", "enter", "Open", "select"),
        Action("table.mark", "space", "Mark", "mark", visible=lambda table: table.marks_enabled),
        Action("table.sort", "s", "Sort by next column", "sort_next", visible=_can_sort, footer=HIDDEN),
        Action("table.sort_reverse", "S", "Reverse order", "sort_reverse", visible=_can_sort, footer=HIDDEN),
    )

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

    _pressed_to_focus = False
    """Whether the last press of the mouse may only have brought the focus."""

    def on_focus(self) -> None:
        """Remember that a press may only have brought the focus."""
        self._pressed_to_focus = True
        self._reveal()

    def _move(self, to: int, step: int) -> None:
        self._pressed_to_focus = False
        self.model.moved = True
        index = self.model.nearest(max(0, min(to, self.row_count - 1)), step)
        if index >= 0:
            self._set_cursor(index)
            if step < 0 and not any(row.selectable for row in self.model.rows[:index]):
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
        self.model.moved = False
        self._scroll(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._move(self.row_count - 1, -1)

    def action_select(self) -> None:
        """Say that the row was chosen."""
        key = self.cursor_key
        if key is not None or 0 <= self.cursor_row < self.row_count:
            self.post_message(self.RowSelected(self, key))

    def action_mark(self) -> None:
        """Mark or unmark the row, and move to the next."""
        if self.cursor_row < 0 or not self.marks_enabled:
            return
        key = self.cursor_key
        self.model.marks ^= {key}
        self._marks_changed({key})
        self._move(self.cursor_row + 1, 1)

    def action_sort_next(self) -> None:
        """Sort by the next column that is shown; after the last, as the rows are given."""
        keys: list[str | None] = [
            self.columns[place.index].key
            for place in self._painter.places
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
        elif self.model.rows[at].selectable:
            again = at == self.cursor_row and (event.chain > 1 or not brought_focus)
            self.model.moved = True
            self._set_cursor(at)
            if again:
                self.action_select()

    def _click_title(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        column = self._painter.column_at(offset.x) if offset is not None else None
        if column is not None and column.sortable:
            again = column.key == self.sort_key
            self._sort_by(column.key, descending=not self.sort_descending if again else False)

    def _row_at(self, event: events.MouseEvent) -> int | None:
        """The row under the mouse; -1 for the header, None for no row."""
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        if offset.y < self._head:
            return -1
        index = self._top + offset.y - self._head
        return index if index < self.row_count else None
