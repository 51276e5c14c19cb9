"""The log: the newest lines of a ring, followed or paused, filtered, folded, searched, with a cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from agentdash.core.logs.model import Level, LogLine, LogRing
from tui.actions import HIDDEN, Action, HasActions
from tui.widgets.log.draw import SERVICE_CSS, SERVICES
from tui.widgets.log.model import LogViewModel
from tui.widgets.log.paint import LogPainter
from tui.widgets.log.scroll import ModelScrollView
from tui.widgets.log.terms import parse_filter
from tui.widgets.match import condition, matcher
from tui.widgets.palette import LAYERS, NAMES, Palette, default_css

if TYPE_CHECKING:
    from datetime import tzinfo


_ERRORS = {Level.ERROR, Level.FATAL}


class LogView(HasActions, ModelScrollView, can_focus=True, inherit_bindings=False):
    """The newest lines of a ring with a cursor; call `feed` when it has grown.

    Any movement pauses it: nothing on screen moves until it follows again.

    Args:
        ring: The lines; the view keeps none itself.
        tz: Zone that times are shown in; None: local.
    """

    ALLOW_SELECT = False

    WHERE = "the log"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("log.up", "up,k", "Up", "cursor_up", footer=HIDDEN),
        Action("log.down", "down,j", "Down", "cursor_down", footer=HIDDEN),
        Action("log.page_up", "pageup", "Page up", "page_up", footer=HIDDEN),
        Action("log.page_down", "pagedown", "Page down", "page_down", footer=HIDDEN),
        Action("log.first", "home,g", "First", "first", footer=HIDDEN),
        Action("log.last", "end,G", "Last, and follow", "last", footer=HIDDEN),
        Action("log.follow", "f", "Follow", "follow"),
        Action("log.next_error", "e", "Next error", "next_error"),
        Action("log.select", "enter", "Open", "select"),
        Action("log.fold", "space", "Unfold", "fold"),
        Action("log.wrap", "w", "Wrap", "wrap"),
        Action("log.search_next", "n", "Next match", "search_next", footer=HIDDEN),
        Action("log.search_prev", "N", "Previous match", "search_prev", footer=HIDDEN),
        Action("log.prev_error", "E", "Previous error", "prev_error", footer=HIDDEN),
    )

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"log-view--{name}" for name in (*NAMES, *LAYERS)),
        *(f"log-view--service-{number}" for number in range(SERVICES)),
    }
    """
    | Class | What |
    | :- | :- |
    | `log-view--cursor` | The line of the cursor: its background. |
    | `log-view--match` | Text that was searched for. |
    | `log-view--service-0` … | Names of services, each in its colour. |
    | `log-view--dim` … | One for each of `palette.NAMES`. |
    """

    DEFAULT_CSS = default_css("LogView", "log-view") + SERVICE_CSS

    filter_text: reactive[str] = reactive("", repaint=False, init=False)
    """The filter as it was typed, as `terms.parse_filter` reads it."""

    level_filter: reactive[Level | None] = reactive[Level | None](None, repaint=False, init=False)
    """The least level of lines."""

    source_filter: reactive[str] = reactive("", repaint=False, init=False)
    """The source or service of lines."""

    search_text: reactive[str] = reactive("", repaint=False, init=False)
    """What is highlighted, and gone to by `action_search_next`; empty: the text of the filter."""

    wrap: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether long lines take several rows, rather than being cut."""

    @dataclass
    class LineSelected(Message):
        """Enter was pressed on a line, or it was clicked while the cursor was there."""

        view: LogView
        line: LogLine

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
        self.model = LogViewModel(ring)
        self._palette = Palette(self, "log-view")
        self.painter = LogPainter(self.model, self._palette, tz)
        self._width = -1

    @property
    def ring(self) -> LogRing:
        """The lines."""
        return self.model.ring

    @property
    def shown(self) -> int:
        """Lines that pass the filter, folded ones too."""
        return self.model.index.shown

    @property
    def total(self) -> int:
        """Lines in the ring."""
        return len(self.ring)

    @property
    def current_line(self) -> LogLine | None:
        """The line of the cursor; the newest shown one while following; None where no line is shown."""
        return self.model.current

    def lines(self) -> list[LogLine]:
        """All lines that pass the filter, in order of display."""
        return self.model.lines()

    # Filters

    def change_ring(self, ring: LogRing, older: int = 0) -> None:
        """Show another ring: the lines of the one before, with *older* more in front of them."""
        self.model.change_ring(ring, older)
        self._restyle()
        self.post_message(self.Changed())

    def _refilter(self) -> None:
        self.model.set_filter(parse_filter(self.filter_text, self.level_filter, self.source_filter))
        self._restyle(reveal=True)
        self.post_message(self.Changed())

    watch_filter_text = watch_level_filter = watch_source_filter = _refilter

    def watch_search_text(self) -> None:
        """Highlight other words."""
        self._restyle()
        self.post_message(self.Changed())

    def watch_wrap(self) -> None:
        """Count rows again."""
        self._restyle(reveal=True)

    # Drawing

    def _restyle(self, *, reveal: bool = False) -> None:
        """Draw all lines again; with *reveal* scroll to the cursor."""
        region = self.scrollable_content_region
        self._width = region.width
        self.model.page = region.height
        find = matcher(self.search_text or self.model.index.filter.text)
        self.painter.restyle(self._width, find, wrap=self.wrap)
        self.model.set_height(self.painter.height if self.wrap else None)
        if reveal:
            self.model.reveal()
        self.sync()
        self.refresh()

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the state of the widget changes."""
        super().notify_style_update()
        self._palette.clear()
        self.painter.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of *crop*; all again if the styles of what is below them have changed."""
        if self.scrollable_content_region.width != self._width:  # the scroll bar has come or gone
            self._restyle()
        if self._palette.renew():
            self.painter.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw row *y* of the page."""
        return self.painter.row(self.model.top + y, self._width, self.size.width)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor is strong in focus and weak outside."""
        super().watch_has_focus(_has_focus)
        self.painter.clear()
        self.refresh()

    def on_mount(self) -> None:
        """Apply a filter that was set before."""
        self.model.set_filter(parse_filter(self.filter_text, self.level_filter, self.source_filter))

    def on_resize(self) -> None:
        """Columns change with the width."""
        self._restyle()

    # Keys

    def action_cursor_up(self) -> None:
        """Move one line up."""
        self.model.move_rows(-1)
        self.sync()

    def action_cursor_down(self) -> None:
        """Move one line down."""
        self.model.move_rows(1)
        self.sync()

    def action_page_up(self) -> None:
        """Move a page up."""
        self.model.move_rows(-max(1, self.model.page - 1))
        self.sync()

    def action_page_down(self) -> None:
        """Move a page down."""
        self.model.move_rows(max(1, self.model.page - 1))
        self.sync()

    def action_first(self) -> None:
        """Go to the oldest line."""
        self.model.move_to_first()
        self.sync()

    def action_last(self) -> None:
        """Go to the newest line and follow."""
        self.following = True

    def action_follow(self) -> None:
        """Follow or pause."""
        self.following = not self.following

    def action_wrap(self) -> None:
        """Wrap long lines or cut them."""
        self.wrap = not self.wrap

    def action_select(self) -> None:
        """Report the line of the cursor as selected."""
        if (line := self.current_line) is not None:
            self.post_message(self.LineSelected(self, line))

    def action_fold(self) -> None:
        """Unfold the lines that continue this one, or fold them again."""
        self.model.fold()
        self.sync()
        self.refresh()

    def action_search_next(self) -> bool:
        """Go to the next match, from the last around to the first; while following, to the newest.

        Returns False where there is none.
        """
        return self._search(-1 if self.model.cursor is None else 1)

    def action_search_prev(self) -> bool:
        """Go to the previous match, from the first around to the last; False where there is none."""
        return self._search(-1)

    def action_next_error(self) -> bool:
        """Go to the next ERROR or FATAL as `action_search_next` goes to matches."""
        return self._seek(lambda line: line.level in _ERRORS, -1 if self.model.cursor is None else 1)

    def action_prev_error(self) -> bool:
        """Go to the previous ERROR or FATAL as `action_search_prev` goes to matches."""
        return self._seek(lambda line: line.level in _ERRORS, -1)

    def go_to_time(self, at: int) -> bool:
        """Go to the first line of *at*, Unix ms, or later; False where there is none."""
        found = self.model.seek_time(at)
        self.sync()
        return found

    def _search(self, step: int) -> bool:
        matches = condition(self.search_text or self.model.index.filter.text)
        if matches is None:
            return False
        return self._seek(lambda line: matches(line.message) or matches(line.service or line.source), step)

    def _seek(self, wanted: Callable[[LogLine], bool], step: int) -> bool:
        found, wrapped = self.model.seek(wanted, step)
        self.sync()
        if wrapped:
            ends = ("last", "first") if step > 0 else ("first", "last")
            self.notify(f"{ends[0]} match passed: continued at the {ends[1]}", markup=False)
        return found
