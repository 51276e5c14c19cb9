"""The lines of a log as they are seen: a ring followed or held still, filtered, folded, drawn row by row."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from agentdash.core.logs.model import Level, LogLine, LogRing
from tui.widgets.cells import Part, fit
from tui.widgets.log.draw import SERVICE_CSS, SERVICES, LineDrawing, shape
from tui.widgets.log.index import LogFilter, LogIndex, Spot
from tui.widgets.log.terms import asked
from tui.widgets.match import matcher
from tui.widgets.palette import LAYERS, NAMES, Inked, Palette, default_css

if TYPE_CHECKING:
    from datetime import tzinfo

PACE = 0.33
"""Seconds between two pictures while each shows other lines than the one before."""
_CACHED = 1024


class LogLines(Inked, ScrollView, can_focus=True, inherit_bindings=False):
    """What is seen of the newest lines of a ring; call `feed` when it has grown.

    While it follows, the newest line is at the bottom. While it is held nothing on screen moves, and what
    comes is counted in `frozen_new`.

    Args:
        ring: Where the lines are; the view keeps none itself.
        tz: Zone that times are shown in; None: local.
    """

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"log-view--{name}" for name in (*NAMES, *LAYERS)),
        *(f"log-view--service-{number}" for number in range(SERVICES)),
    }
    """
    | Class | What |
    | :- | :- |
    | `log-view--cursor` | The line of the cursor: its background. |
    | `log-view--match` | Text that was searched for. |
    | `log-view--service-0` … | Names of services, told apart by colour. |
    | `log-view--dim` … | One for each of `palette.NAMES`. |
    """

    DEFAULT_CSS = default_css("LogLines", "log-view") + SERVICE_CSS

    following: reactive[bool] = reactive(True, repaint=False, init=False)
    """Whether the newest line is kept in view."""

    frozen_new: reactive[int] = reactive(0, repaint=False, init=False)
    """Lines that came while it was held, and pass the filter."""

    frozen_lost: reactive[int] = reactive(0, repaint=False, init=False)
    """Lines that were in view or below while it was held, and have left the ring since."""

    filter_text: reactive[str] = reactive("", repaint=False, init=False)
    """What a person typed to filter, as `log_terms.asked` takes it."""

    level_filter: reactive[Level | None] = reactive[Level | None](None, repaint=False, init=False)
    """The least level that lines must have."""

    source_filter: reactive[str] = reactive("", repaint=False, init=False)
    """The source or service that lines must be of."""

    search_text: reactive[str] = reactive("", repaint=False, init=False)
    """What is highlighted, and gone to by `search_next`; empty: the filter's text."""

    wrap: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether long lines take several rows, rather than being cut."""

    @dataclass
    class Changed(Message, namespace="log_view"):
        """What is to be said about the view has changed: following, counts or filter."""

        view: LogLines

        @property
        def control(self) -> LogLines:
            """The view."""
            return self.view

    def __init__(
        self,
        ring: LogRing,
        *,
        tz: tzinfo | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.ring = ring
        self.repaints = 0
        """Rows that were drawn anew since the start."""
        self._tz = tz
        self._index = LogIndex(ring)
        self._fed = ring.end
        self._fed_at = 0.0
        self._pending: Timer | None = None
        self._anchor = Spot(0)
        self._cursor: int | None = None
        self._drawn: list[tuple[Spot, int]] = []
        self._heights: dict[tuple[int, int], int] = {}
        self._width = -1
        self._drawing = LineDrawing(shape(80), tz)
        self._palette = Palette(self, "log-view")
        self._strips: LRUCache[tuple[Spot, int, bool, bool, bool], Strip] = LRUCache(_CACHED)
        self._pressed_to_focus = False

    # What it holds

    @property
    def shown(self) -> int:
        """Lines that pass the filter, folded ones too."""
        return self._index.shown

    @property
    def total(self) -> int:
        """Lines that there are."""
        return len(self.ring)

    def lines(self) -> list[LogLine]:
        """All lines that pass the filter, in order of display."""
        return [line for n in self._index.numbers() if (line := self.ring.line(n)) is not None]

    # Taking lines in

    def feed(self) -> None:
        """Show what has come since the last time; repaints only if that changes what is seen."""
        if self.ring.end == self._fed:
            return
        self._fed = self.ring.end
        fresh = self._index.feed()
        if not self.following:
            unseen = 0 if self._filtered else self._index.missed
            self.frozen_new += fresh + unseen
            self.frozen_lost += unseen + sum(n >= self._anchor.number for n in self._index.gone)
            if self._cursor is not None and self._cursor < self.ring.first:
                first = self._index.at(0)
                self._cursor = first.number if first else None
        self._place()
        self.post_message(self.Changed(self))

    def change_ring(self, ring: LogRing, older: int = 0) -> None:
        """Show the lines of another ring: those of the one before, with *older* more in front of them."""
        self.ring = ring
        self._fed = ring.end
        wanted = self._index.filter
        self._index = LogIndex(ring)
        self._index.set_filter(wanted)
        self._anchor = Spot(self._anchor.number + older, self._anchor.part)
        self._cursor = None if self._cursor is None else self._cursor + older
        self._restyle()
        self.post_message(self.Changed(self))

    def keep_up(self) -> None:
        """Like `feed`, but of lines that come by whole pages only a few pictures a second are drawn."""
        late = time.monotonic() - self._fed_at
        if self.following and self.ring.end - self._fed >= self._page > 0 and late < PACE:
            if self._pending is None:
                self._pending = self.set_timer(PACE - late, self.keep_up)
            return
        if self._pending is not None:
            self._pending.stop()
            self._pending = None
        self._fed_at = time.monotonic()
        self.feed()

    @property
    def _filtered(self) -> bool:
        return self._index.filter != LogFilter()

    def _refilter(self) -> None:
        cursor = self._cursor
        self._index.set_filter(asked(self.filter_text, self.level_filter, self.source_filter))
        if cursor is not None:
            spot = self._index.at(min(self._index.row_of(cursor), self._index.rows - 1))
            self._cursor = spot.number if spot else None
        self._restyle()
        if self._cursor is not None:
            self._reveal()
        self.post_message(self.Changed(self))

    def watch_filter_text(self) -> None:
        """Show other lines."""
        self._refilter()

    def watch_level_filter(self) -> None:
        """Show other lines."""
        self._refilter()

    def watch_source_filter(self) -> None:
        """Show other lines."""
        self._refilter()

    def watch_search_text(self) -> None:
        """Highlight other words."""
        self._restyle()
        self.post_message(self.Changed(self))

    def watch_wrap(self) -> None:
        """Count rows anew."""
        self._restyle()
        if self._cursor is not None:
            self._reveal()

    def watch_following(self, following: bool) -> None:
        """Go to the newest line, or hold what is seen."""
        self.frozen_new = 0
        self.frozen_lost = 0
        if following:
            self._cursor = None
        else:
            top = self.scroll_offset.y
            self._hold_at(top)
            self._cursor = self._line_at(min(top + self._page, self._rows) - 1)
        self._place()
        self.refresh()
        self.post_message(self.Changed(self))

    # Rows: those of the index, below one that says what has gone, if anything has

    @property
    def _banner(self) -> int:
        return 1 if self.frozen_lost else 0

    @property
    def _rows(self) -> int:
        return self._index.rows + self._banner

    @property
    def _page(self) -> int:
        return self.scrollable_content_region.height

    def _line_at(self, row: int) -> int | None:
        spot = self._index.at(max(0, row - self._banner))
        return None if spot is None else spot.number

    def _height(self, number: int) -> int:
        index = self._index
        followers = index.followers(number)
        height = self._heights.get((number, followers))
        if height is None:
            line = self.ring.line(number)
            if line is None:
                return 1
            if len(self._heights) > 4 * self.ring.limit:
                self._heights.clear()
            height = self._heights[number, followers] = self._drawing.height(
                line, followers, opened=index.is_open(number), follows=index.head_of(number) != number
            )
        return height

    def _place(self) -> None:
        """Scroll to where the view belongs, and repaint if other rows are seen there."""
        rows, page = self._rows, self._page
        size = Size(self.size.width, rows)
        if size != self.virtual_size:
            # The widget is as large as before: a new layout would change nothing.
            self.set_reactive(Widget.virtual_size, size)
            if self.is_mounted:
                self._scroll_update(size)
        top = rows - page if self.following else 0
        if not self.following and not self._banner:
            top = self._index.row_of(self._anchor.number) + self._anchor.part
        self._set_top(max(0, min(top, rows - page)))
        seen = self._seen()
        if seen != self._drawn:
            self._drawn = seen
            self.refresh()

    def _seen(self) -> list[tuple[Spot, int]]:
        index, top = self._index, self.scroll_offset.y
        spots = [index.at(row - self._banner) for row in range(top, top + self._page)]
        gone = [(Spot(-1), self.frozen_lost)] if self._banner and top == 0 else []
        return gone + [(spot, index.followers(spot.number)) for spot in spots if spot]

    def _set_top(self, top: int) -> None:
        """Scroll without the repaint that scrolling brings: the same lines may be on other rows now."""
        if top != self.scroll_y or top != self.scroll_target_y:
            self.set_reactive(Widget.scroll_y, top)
            self.set_reactive(Widget.scroll_target_y, top)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.position = top

    def _hold_at(self, top: int) -> None:
        self._anchor = self._index.at(max(0, top - self._banner)) or Spot(self.ring.end)

    def _look_at(self, top: int) -> None:
        self._hold_at(max(0, top))
        self.frozen_lost = 0
        self._place()

    def _reveal(self) -> None:
        """Bring the cursor into view."""
        if self._cursor is None:
            return
        top, page = self.scroll_offset.y, self._page
        row = self._index.row_of(self._cursor) + self._banner
        height = min(page, self._height(self._cursor) if self.wrap else 1)
        if row < top:
            self._look_at(row)
        elif row + height > top + page:
            self._look_at(row + height - page)

    # Drawing

    def _repaint(self, number: int) -> None:
        """Draw the rows of one line anew."""
        row = self._index.row_of(number) + self._banner
        self.refresh_lines(row, self._height(number) if self.wrap else 1)

    def _restyle(self) -> None:
        """All lines look different now."""
        self._width = self.scrollable_content_region.width
        self._drawing = LineDrawing(
            shape(self._width), self._tz, matcher(self.search_text or self._index.filter.text)
        )
        self._heights.clear()
        self._strips.clear()
        self._index.height = self._height if self.wrap else None
        self._index.changed()
        self._place()
        self.refresh()

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the state of the widget changes."""
        super().notify_style_update()
        self._palette.clear()
        self._strips.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of *crop*; all anew if what lies below them has changed."""
        if self.scrollable_content_region.width != self._width:  # the scroll bar has come or gone
            self._restyle()
        if self._palette.renew():
            self._strips.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw line *y* of what is seen."""
        width = self._width
        row = self.scroll_offset.y + y
        if self._banner and row == 0:
            gone = f"… {self.frozen_lost} lines that were here have gone: {self.ring.limit} are kept"
            return self._strip([(fit(gone, width), "warn")], "")
        spot = self._index.at(row - self._banner)
        line = self.ring.line(spot.number) if spot else None
        if spot is None or line is None:
            return Strip.blank(self.size.width, self._palette.style())
        followers, opened = self._index.followers(spot.number), self._index.is_open(spot.number)
        follows = self._index.head_of(spot.number) != spot.number
        on_cursor = spot.number == self._cursor
        slot = (spot, followers, opened, follows, on_cursor)
        strip = self._strips.get(slot)
        if strip is None:
            parts = self._parts(line, spot, followers, opened=opened, follows=follows)
            strip = self._strips[slot] = self._strip(parts, "cursor" if on_cursor else "")
            self.repaints += 1
        return strip

    def _parts(
        self, line: LogLine, spot: Spot, followers: int, *, opened: bool, follows: bool
    ) -> Sequence[Part]:
        if not self.wrap:
            return self._drawing.row(line, followers, opened=opened, follows=follows)
        rows = self._drawing.wrapped(line, followers, opened=opened, follows=follows)
        return rows[spot.part] if spot.part < len(rows) else ()

    def _strip(self, parts: Sequence[Part], layer: str) -> Strip:
        style = self._palette.style
        segments = [Segment(text, style(names, layer)) for text, names in parts if text]
        return Strip(segments).adjust_cell_length(self.size.width, style("", layer))

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor is strong in focus and weak outside."""
        super().watch_has_focus(_has_focus)
        self._strips.clear()
        self.refresh()

    def on_mount(self) -> None:
        """Take in what was set before."""
        self._index.set_filter(asked(self.filter_text, self.level_filter, self.source_filter))

    def on_resize(self) -> None:
        """Columns change with the width; the view stays where it belongs."""
        self._restyle()
