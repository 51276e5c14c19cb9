"""The rows of a table as strips: each is drawn once, and again only when it has changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.segment import Segment
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.cells import Cell, Part, fit, lay
from tui.widgets.match import Matcher, mark_matches
from tui.widgets.palette import Palette
from tui.widgets.table.columns import Column, Place, lay_out
from tui.widgets.table.rows import Row

GUTTER = 2
"""Cells before the first column where rows can be marked."""
_CACHED = 1024


class RowPainter:
    """Draws rows and titles by columns.

    Args:
        widget: Gives styles.
        columns: All of them; those that do not fit are dropped by priority.
        gap: Cells between two columns.

    Attributes:
        gutter: Cells before the first column, for the sign of a marked row.
        matcher: What is highlighted.
        painted: Rows that were drawn so far; a table at rest does not count up.
    """

    def __init__(self, widget: Widget, columns: Sequence[Column], gap: int) -> None:
        self.columns = tuple(columns)
        self.gap = gap
        self.gutter = 0
        self.matcher: Matcher | None = None
        self.painted = 0
        self.palette = Palette(widget, "line-table")
        self._width = -1
        self._places: tuple[Place, ...] | None = None
        self._strips: LRUCache[tuple[Hashable, str, bool], tuple[Row, Strip]] = LRUCache(_CACHED)

    def set_width(self, width: int) -> None:
        """Draw in *width* cells; everything again if that or the background has changed."""
        if self.palette.renew() or width != self._width:
            self._width = width
            self.clear()

    def clear(self) -> None:
        """Forget what was drawn and where the columns are."""
        self._places = None
        self._strips.clear()

    @property
    def places(self) -> tuple[Place, ...]:
        """The columns that are shown."""
        if self._places is None:
            self._places = lay_out(self.columns, self._width - self.gutter, self.gap)
        return self._places

    def column_at(self, x: int) -> Column | None:
        """The column that is at *x* cells from the left."""
        left = self.gutter
        for place in self.places:
            if left <= x < left + place.width:
                return self.columns[place.index]
            left += place.width + self.gap
        return None

    def row(self, row: Row, layer: str, *, marked: bool, size: int) -> Strip:
        """*row* in *size* cells, on a line that is *layer*: ``cursor``, ``hover`` or none."""
        slot = (row.key, layer, marked)
        cached = self._strips.get(slot)
        if cached is not None and (cached[0] is row or cached[0] == row):
            return cached[1]
        parts: list[Part] = [("✓ " if marked else "  ", "mark")] if self.gutter else []
        for number, place in enumerate(self.places):
            if number:
                parts.append((" " * self.gap, ""))
            cell = row.cells[place.index] if place.index < len(row.cells) else Cell()
            indent = min(2 * row.depth, place.width - 1) if number == 0 else 0
            if indent:
                parts.append((" " * indent, ""))
            laid = lay(cell.parts, place.width - indent, self.columns[place.index].align)
            parts += mark_matches(laid, self.matcher) if self.matcher else laid
        strip = self._strip(parts, layer, size, dim=row.dim)
        self._strips[slot] = (row, strip)
        self.painted += 1
        return strip

    def header(self, sort_key: str | None, *, descending: bool, size: int) -> Strip:
        """The titles, with the sign of the order at that of *sort_key*."""
        parts: list[Part] = [("  ", "")] if self.gutter else []
        for number, place in enumerate(self.places):
            if number:
                parts.append((" " * self.gap, ""))
            column = self.columns[place.index]
            title, style = column.title, ""
            if column.key == sort_key:
                sign, style = "▾" if descending else "▴", "bold"
                title = f"{title[: max(0, place.width - 1)]}{sign}"
            parts.append((fit(title, place.width, column.align), style))
        return self._strip(parts, "header", size)

    def blank(self, size: int) -> Strip:
        """A line without a row."""
        return Strip.blank(size, self.palette.style())

    def _strip(self, parts: Sequence[Part], layer: str, size: int, *, dim: bool = False) -> Strip:
        style = self.palette.style
        segments = [Segment(text, style("dim" if dim else names, layer)) for text, names in parts if text]
        return Strip(segments).adjust_cell_length(size, style("", layer))
