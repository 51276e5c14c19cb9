"""The rows of a log view as strips, cached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from rich.segment import Segment
from textual.cache import LRUCache
from textual.strip import Strip

from agentdash.core.logs.model import LogLine
from tui.widgets.cells import Part, fit
from tui.widgets.log.draw import LineDrawing, shape
from tui.widgets.log.index import Spot
from tui.widgets.log.model import LogViewModel
from tui.widgets.match import Matcher
from tui.widgets.palette import Palette

_CACHED = 1024


class _LineState(NamedTuple):
    """What the drawing of a line depends on, beside the line."""

    spot: Spot
    followers: int
    opened: bool
    follows: bool


class LogPainter:
    """Draws the rows of a model.

    Args:
        model: The rows.
        palette: The styles.
        tz: Zone that times are shown in; None: local.

    Attributes:
        repaints: Rows that were drawn since the start.
    """

    def __init__(self, model: LogViewModel, palette: Palette, tz: tzinfo | None) -> None:
        self.repaints = 0
        self.wrap = False
        self._model = model
        self._palette = palette
        self._tz = tz
        self._drawing = LineDrawing(shape(80), tz)
        self._heights: dict[tuple[int, int], int] = {}
        self._strips: LRUCache[tuple[_LineState, bool], Strip] = LRUCache(_CACHED)

    def restyle(self, width: int, find: Matcher | None, *, wrap: bool) -> None:
        """Draw all lines again: at *width* cells, with what *find* matches highlighted."""
        self.wrap = wrap
        self._drawing = LineDrawing(shape(width), self._tz, find)
        self._heights.clear()
        self.clear()

    def clear(self) -> None:
        """Draw all lines again: the styles have changed."""
        self._strips.clear()

    def height(self, number: int) -> int:
        """The rows of a line when it is wrapped."""
        index = self._model.index
        followers = index.followers(number)
        opened = followers > 0 and index.is_open(number)
        key = (number, -followers if opened else followers)
        height = self._heights.get(key)
        if height is None:
            line = self._model.ring.line(number)
            if line is None:
                return 1
            if len(self._heights) > 4 * self._model.ring.limit:
                self._heights.clear()
            height = self._heights[key] = self._drawing.height(
                line, followers, opened=opened, follows=index.head_of(number) != number
            )
        return height

    def row(self, row: int, width: int, size: int) -> Strip:
        """A row as a strip of *size* cells, *width* of them without the scroll bar."""
        model = self._model
        if model.banner and row == 0:
            text = f"… older lines dropped: {model.dropped:,} (buffer {model.ring.limit:,})"
            return self._strip([(fit(text, width), "warn")], "", size)
        spot = model.spot(row)
        line = model.ring.line(spot.number) if spot else None
        if spot is None or line is None:
            return Strip.blank(size, self._palette.style())
        state = self._state(spot)
        on_cursor = spot.number == model.cursor
        strip = self._strips.get((state, on_cursor))
        if strip is None:
            parts = self._parts(line, state)
            strip = self._strip(parts, "cursor" if on_cursor else "", size)
            self._strips[state, on_cursor] = strip
            self.repaints += 1
        return strip

    def _state(self, spot: Spot) -> _LineState:
        index, number = self._model.index, spot.number
        return _LineState(
            spot, index.followers(number), index.is_open(number), index.head_of(number) != number
        )

    def _parts(self, line: LogLine, state: _LineState) -> Sequence[Part]:
        if not self.wrap:
            return self._drawing.row(line, state.followers, opened=state.opened, follows=state.follows)
        rows = self._drawing.wrapped(line, state.followers, opened=state.opened, follows=state.follows)
        return rows[state.spot.part] if state.spot.part < len(rows) else ()

    def _strip(self, parts: Sequence[Part], layer: str, size: int) -> Strip:
        style = self._palette.style
        segments = [Segment(text, style(names, layer)) for text, names in parts if text]
        return Strip(segments).adjust_cell_length(size, style("", layer))
