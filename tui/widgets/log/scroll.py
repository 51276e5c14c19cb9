"""A scroll view of the rows of a model: feeds it, follows or pauses with it, and scrolls it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.widget import Widget

from tui.widgets.log.index import Spot
from tui.widgets.log.model import LogViewModel
from tui.widgets.palette import StyledWidget

if TYPE_CHECKING:
    from textual import events
    from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
    from textual.timer import Timer

REPAINT_INTERVAL = 0.33
"""Seconds between two repaints while each shows a whole page of new lines."""
_WHEEL = 3


class ModelScrollView(StyledWidget, ScrollView, can_focus=True, inherit_bindings=False):
    """Scrolls to where a model is, and the model to where a person scrolls.

    Attributes:
        model: Call `sync` after each change of it.
    """

    model: LogViewModel
    _fed_at = 0.0
    _pending: Timer | None = None
    _pressed_to_focus = False
    _drawn: tuple[list[tuple[Spot, int]], bool, int | None] = ([], True, None)

    class Changed(Message, namespace="log_view"):
        """Following or paused, a count or a filter has changed."""

    @property
    def status(self) -> str:
        """Following or paused, for a border."""
        return "following" if self.following else f"paused, {self.model.unseen} new (f: follow)"

    @property
    def following(self) -> bool:
        """Whether the newest line is kept in view."""
        return self.model.following

    @following.setter
    def following(self, following: bool) -> None:
        if following:
            self.model.follow()
        else:
            self.model.pause()
        self.sync()

    def feed(self) -> None:
        """Show the lines that came; repaints only if that changes what is on the page."""
        if self.model.feed():
            self.sync()
            self.post_message(self.Changed())

    def keep_up(self) -> None:
        """Like `feed`, but of lines that come by whole pages only a few repaints a second are made."""
        late = time.monotonic() - self._fed_at
        model = self.model
        if model.following and model.pending >= model.page > 0 and late < REPAINT_INTERVAL:
            if self._pending is None:
                self._pending = self.set_timer(REPAINT_INTERVAL - late, self.keep_up)
            return
        if self._pending is not None:
            self._pending.stop()
            self._pending = None
        self._fed_at = time.monotonic()
        self.feed()

    def sync(self) -> None:
        """Scroll to where the model is, and repaint what has changed."""
        model = self.model
        size = Size(self.size.width, model.rows)
        if size != self.virtual_size:
            # The widget is as large as before: a new layout would change nothing.
            self.set_reactive(Widget.virtual_size, size)
            if self.is_mounted:
                self._scroll_update(size)
        self._set_top(model.top)
        drawn, self._drawn = self._drawn, (model.visible(), model.following, model.cursor)
        if drawn[:2] != self._drawn[:2]:
            self.refresh()
        elif drawn[2] != model.cursor:
            for number in (drawn[2], model.cursor):
                if number is not None:
                    self.refresh_lines(model.row_of(number), model.height(number))
        if drawn[1] != model.following:
            self.post_message(self.Changed())

    def _set_top(self, top: int) -> None:
        """Scroll without the repaint that scrolling causes: the same lines may be on other rows now."""
        if top != self.scroll_y or top != self.scroll_target_y:
            self.set_reactive(Widget.scroll_y, top)
            self.set_reactive(Widget.scroll_target_y, top)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.position = top

    def action_select(self) -> None:
        """Called for a click on the line of the cursor."""

    def scroll_model(self, top: int) -> None:
        """Scroll the model to *top*."""
        self.model.scroll_to(top)
        self.sync()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Some rows up."""
        event.prevent_default().stop()
        self.scroll_model(self.model.top - _WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Some rows down."""
        event.prevent_default().stop()
        self.scroll_model(self.model.top + _WHEEL)

    def on_scroll_to(self, message: ScrollTo) -> None:
        """The bar was dragged."""
        message.prevent_default().stop()
        if message.y is not None:
            self.scroll_model(round(message.y))

    def on_scroll_up(self, message: ScrollUp) -> None:
        """The bar was clicked above its handle."""
        message.prevent_default().stop()
        self.scroll_model(self.model.top - self.model.page)

    def on_scroll_down(self, message: ScrollDown) -> None:
        """The bar was clicked below its handle."""
        message.prevent_default().stop()
        self.scroll_model(self.model.top + self.model.page)

    def on_focus(self) -> None:
        """Remember that a press may only have brought the focus."""
        self._pressed_to_focus = True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line; on the line of the cursor, or twice: select it."""
        brought_focus, self._pressed_to_focus = self._pressed_to_focus, False
        offset = event.get_content_offset(self)
        spot = None if offset is None else self.model.spot(self.model.top + offset.y)
        if spot is None:
            return
        again = spot.number == self.model.cursor and (event.chain > 1 or not brought_focus)
        self.model.move_to(spot.number)
        self.sync()
        if again:
            self.action_select()
