"""The log as a person goes through it: by keys and mouse, from match to match and error to error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from agentdash.core.logs.model import Level, LogLine
from tui.actions import HIDDEN, Action, HasActions
from tui.widgets.log.lines import LogLines
from tui.widgets.match import condition

if TYPE_CHECKING:
    from textual import events
    from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp

_WHEEL = 3
_ERRORS = {Level.ERROR, Level.FATAL}


class LogView(HasActions, LogLines, can_focus=True, inherit_bindings=False):
    """The newest lines of a ring with a cursor.

    As soon as a person moves, it is held: nothing on screen moves until they follow again.
    """

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

    @dataclass
    class LineSelected(Message):
        """Enter was pressed on a line, or it was clicked while the cursor was there."""

        view: LogView
        line: LogLine

        @property
        def control(self) -> LogView:
            """The view."""
            return self.view

    @property
    def current_line(self) -> LogLine | None:
        """The line of the cursor; the newest shown one while following; None where nothing is shown."""
        if self._cursor is not None:
            return self.ring.line(self._cursor)
        last = self._index.at(self._index.rows - 1)
        return None if last is None else self.ring.line(last.number)

    # Going about

    def _hold(self) -> bool:
        """Stop following, with the cursor on the lowest line in view; False where nothing is shown."""
        if self.following:
            self.following = False
        if self._cursor is None:
            self._cursor = self._line_at(self.scroll_offset.y)
        return self._cursor is not None

    def _move_to(self, number: int | None) -> None:
        if number is None:
            return
        before, self._cursor = self._cursor, number
        self._reveal()
        for line in (number,) if before is None else (before, number):
            self._repaint(line)

    def _move_rows(self, rows: int) -> None:
        held = not self.following
        if self._hold() and self._cursor is not None and (held or rows < 0):
            row = self._index.row_of(self._cursor)
            if rows > 0 and self.wrap:
                rows = max(rows, self._height(self._cursor))
            self._move_to(self._line_at(max(0, min(row + rows, self._index.rows - 1)) + self._banner))

    def action_cursor_up(self) -> None:
        """Move one line up."""
        self._move_rows(-1)

    def action_cursor_down(self) -> None:
        """Move one line down."""
        if not self.following:
            self._move_rows(1)

    def action_page_up(self) -> None:
        """Move a page up."""
        self._move_rows(-max(1, self._page - 1))

    def action_page_down(self) -> None:
        """Move a page down."""
        if not self.following:
            self._move_rows(max(1, self._page - 1))

    def action_first(self) -> None:
        """Go to the oldest line."""
        if self._hold():
            self._look_at(0)
            self._move_to(self._line_at(0))

    def action_last(self) -> None:
        """Go to the newest line and follow."""
        self.following = True

    def action_follow(self) -> None:
        """Follow or hold."""
        self.following = not self.following

    def action_wrap(self) -> None:
        """Wrap long lines or cut them."""
        self.wrap = not self.wrap

    def action_select(self) -> None:
        """Say that the line was chosen."""
        if (line := self.current_line) is not None:
            self.post_message(self.LineSelected(self, line))

    def action_fold(self) -> None:
        """Unfold the lines that continue this one, or fold them again."""
        if not self._hold() or self._cursor is None:
            return
        head = self._index.head_of(self._cursor)
        if self._index.set_open(head, not self._index.is_open(head)):
            self._cursor = head
            self._heights.clear()
            self._index.changed()
            self._reveal()
            self._place()
            self.refresh()

    def action_search_next(self) -> None:
        """Go to the next match."""
        self.search_next()

    def action_search_prev(self) -> None:
        """Go to the match before."""
        self.search_prev()

    def action_next_error(self) -> None:
        """Go to the next error."""
        self.next_error()

    def action_prev_error(self) -> None:
        """Go to the error before."""
        self.prev_error()

    def search_next(self) -> bool:
        """Go to the next line that says what is searched, round to the first; False where none does.

        From the newest line, to the newest that says it.
        """
        return self._search(-1 if self._cursor is None else 1)

    def search_prev(self) -> bool:
        """Go to the line before that says what is searched, round to the last."""
        return self._search(-1)

    def go_to_time(self, at: int) -> bool:
        """Go to the first line of *at*, Unix ms, or later; False where there is none."""
        for number in self._index.numbers():
            line = self.ring.line(number)
            if line is not None and line.continues is None and (line.at or line.seen_at) >= at:
                self._go_to(number)
                return True
        return False

    def next_error(self) -> bool:
        """Go to the next ERROR or FATAL, round to the first; from the newest line, to the newest of them.

        False where there is none.
        """
        return self._seek(lambda line: line.level in _ERRORS, -1 if self._cursor is None else 1)

    def prev_error(self) -> bool:
        """Go to the ERROR or FATAL before, round to the last."""
        return self._seek(lambda line: line.level in _ERRORS, -1)

    def _search(self, step: int) -> bool:
        says = condition(self.search_text or self._index.filter.text)
        if says is None:
            return False
        return self._seek(lambda line: says(line.message) or says(line.service or line.source), step)

    def _seek(self, wanted: Callable[[LogLine], bool], step: int) -> bool:
        numbers = self._index.numbers()
        if not numbers:
            return False
        start = len(numbers) if step < 0 else -1
        if self._cursor in numbers:
            start = numbers.index(self._cursor)
        for distance in range(1, len(numbers) + 1):
            number = numbers[(start + step * distance) % len(numbers)]
            line = self.ring.line(number)
            if line is not None and wanted(line):
                self._go_to(number)
                if not 0 <= start + step * distance < len(numbers):
                    way = ("later", "first") if step > 0 else ("earlier", "last")
                    self.notify(f"no {way[0]} one: round to the {way[1]}", markup=False)
                return True
        return False

    def _go_to(self, number: int) -> None:
        self._hold()
        if self._index.head_of(number) != number and self._index.set_open(number, opened=True):
            self._heights.clear()
            self._index.changed()
            self._place()
        self._move_to(number)

    # The mouse

    def _scroll_by_person(self, top: int) -> None:
        """Hold where the person scrolled to; at the very end, follow."""
        end = max(0, self._rows - self._page)
        if top >= end:
            self.following = True
            return
        if self.following:
            self.following = False
        self._look_at(top)

    def on_focus(self) -> None:
        """Remember that a press may only have brought the focus."""
        self._pressed_to_focus = True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line; on the line of the cursor, or twice: choose it."""
        brought_focus, self._pressed_to_focus = self._pressed_to_focus, False
        offset = event.get_content_offset(self)
        row = -1 if offset is None else self.scroll_offset.y + offset.y - self._banner
        spot = self._index.at(row)
        if spot is None:
            return
        again = spot.number == self._cursor and (event.chain > 1 or not brought_focus)
        self._hold()
        self._move_to(spot.number)
        if again:
            self.action_select()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Hold, some lines above."""
        event.prevent_default().stop()
        self._scroll_by_person(self.scroll_offset.y - _WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Some lines below; at the end, follow."""
        event.prevent_default().stop()
        self._scroll_by_person(self.scroll_offset.y + _WHEEL)

    def on_scroll_to(self, message: ScrollTo) -> None:
        """The bar was dragged."""
        message.prevent_default().stop()
        if message.y is not None:
            self._scroll_by_person(round(message.y))

    def on_scroll_up(self, message: ScrollUp) -> None:
        """The bar was clicked above its handle."""
        message.prevent_default().stop()
        self._scroll_by_person(self.scroll_offset.y - self._page)

    def on_scroll_down(self, message: ScrollDown) -> None:
        """The bar was clicked below its handle."""
        message.prevent_default().stop()
        self._scroll_by_person(self.scroll_offset.y + self._page)
