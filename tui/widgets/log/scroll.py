"""A scroll view whose rows and position are those of a model without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget

from tui.widgets.log.index import Spot
from tui.widgets.log.model import LogViewModel
from tui.widgets.palette import StyledWidget

if TYPE_CHECKING:
    from textual import events
    from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp

_WHEEL = 3


class ModelScrollView(StyledWidget, ScrollView, can_focus=True, inherit_bindings=False):
    """Scrolls to where a model is, and the model to where a person scrolls.

    Attributes:
        model: Call `sync` after each change of it.
    """

    model: LogViewModel
    _pressed_to_focus = False
    _drawn: tuple[list[tuple[Spot, int]], bool, int | None] = ([], True, None)

    def sync(self) -> bool:
        """Scroll to where the model is, and repaint what has changed.

        Returns whether it changed between following and paused.
        """
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
        return drawn[1] != model.following

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
