"""The lines of a table: only those that are seen are drawn, and only when they have changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.cells import Cell, Part, fit, lay
from tui.widgets.match import mark_matches
from tui.widgets.table.columns import Place, lay_out
from tui.widgets.table.row_model import TableRows
from tui.widgets.table.rows import Row

GUTTER = 2
"""Cells before the first column where rows can be marked."""


class TableDrawing(TableRows):
    """Rows as strips of text, by columns, with the cursor below them."""

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
            room = width - (GUTTER if self.marks_enabled else 0)
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
                sign, style = "▾" if self.sort_descending else "▴", "bold"
                title = f"{title[: max(0, place.width - 1)]}{sign}"
            parts.append((fit(title, place.width, column.align), style))
        return self._strip(parts, "header")

    def _strip(self, parts: Sequence[Part], layer: str, *, dim: bool = False) -> Strip:
        style = self._palette.style
        segments = [Segment(text, style("dim" if dim else names, layer)) for text, names in parts if text]
        return Strip(segments).adjust_cell_length(self.size.width, style("", layer))
