"""What a log view shows, without a screen: the filter, the cursor, the page, following or paused."""

from __future__ import annotations

from collections.abc import Callable

from agentdash.core.logs.model import LogLine, LogRing
from tui.widgets.log.index import LogFilter, LogIndex, Spot


class LogViewModel:
    """The rows of a ring of lines. While it follows, the newest row is the last one on the page.

    While it is paused nothing on the page moves. Rows are those of the index, below one that reports dropped
    lines if there are any.

    Args:
        ring: The lines; call `feed` when it has grown.

    Attributes:
        index: Which lines are shown, and on which row.
        page: Rows of a page.
        top: The row at the top of the page.
        following: Whether the newest line stays on the page.
        cursor: Number of the line of the cursor; None while following.
        unseen: Lines that came while paused, and pass the filter.
        dropped: Lines of the page and below that have left the ring while paused.
    """

    def __init__(self, ring: LogRing) -> None:
        self.ring = ring
        self.index = LogIndex(ring)
        self.page = 0
        self.top = 0
        self.following = True
        self.cursor: int | None = None
        self.unseen = 0
        self.dropped = 0
        self._fed = ring.end
        self._anchor = Spot(0)

    @property
    def pending(self) -> int:
        """Lines that came since the last `feed`."""
        return self.ring.end - self._fed

    @property
    def current(self) -> LogLine | None:
        """The line of the cursor; the newest shown one while following; None where no line is shown."""
        if self.cursor is not None:
            return self.ring.line(self.cursor)
        last = self.index.at(self.index.rows - 1)
        return None if last is None else self.ring.line(last.number)

    def lines(self) -> list[LogLine]:
        """All lines that pass the filter, in order of display."""
        return [line for n in self.index.numbers() if (line := self.ring.line(n)) is not None]

    # Lines and filter

    def feed(self) -> bool:
        """Add the lines that came; returns whether there were any."""
        if not self.pending:
            return False
        self._fed = self.ring.end
        new = self.index.feed()
        if not self.following:
            missed = self.index.missed if self.index.filter == LogFilter() else 0
            self.unseen += new + missed
            self.dropped += missed + sum(number >= self._anchor.number for number in self.index.gone)
            if self.cursor is not None and self.cursor < self.ring.first:
                first = self.index.at(0)
                self.cursor = first.number if first else None
        self.place()
        return True

    def change_ring(self, ring: LogRing, older: int = 0) -> None:
        """Show another ring: the lines of the one before, with *older* more in front of them."""
        wanted = self.index.filter
        self.ring, self._fed, self.index = ring, ring.end, LogIndex(ring)
        self.index.set_filter(wanted)
        self._anchor = Spot(self._anchor.number + older, self._anchor.part)
        self.cursor = None if self.cursor is None else self.cursor + older

    def set_filter(self, wanted: LogFilter) -> None:
        """Show the lines that pass *wanted*; the cursor stays on its line, or on the next one."""
        cursor = self.cursor
        self.index.set_filter(wanted)
        if cursor is not None:
            spot = self.index.at(min(self.index.row_of(cursor), self.index.rows - 1))
            self.cursor = spot.number if spot else None

    def set_height(self, height: Callable[[int], int] | None) -> None:
        """Set how many rows the line of a number has; None: each has one."""
        self.index.height = height
        self.index.changed()
        self.place()

    # Rows

    @property
    def banner(self) -> int:
        """Rows above those of the lines: 1 where lines were dropped, else 0."""
        return 1 if self.dropped else 0

    @property
    def rows(self) -> int:
        """All rows."""
        return self.index.rows + self.banner

    def row_of(self, number: int) -> int:
        """The first row of a line."""
        return self.index.row_of(number) + self.banner

    def height(self, number: int) -> int:
        """The rows of a line."""
        return self.index.height(number) if self.index.height else 1

    def spot(self, row: int) -> Spot | None:
        """What is on *row*; None on the banner and below the last line."""
        return self.index.at(row - self.banner)

    def visible(self) -> list[tuple[Spot, int]]:
        """What is on the page, top down, each with the number of lines that continue it."""
        index, first = self.index, self.top - self.banner
        spots = map(index.at, range(first, first + self.page))
        banner = [(Spot(-1), self.dropped)] if self.banner and self.top == 0 else []
        return banner + [(spot, index.followers(spot.number)) for spot in spots if spot is not None]

    def place(self) -> None:
        """Set `top` to where the page belongs."""
        last = self.rows - self.page
        top = last if self.following else 0
        if not self.following and not self.banner:
            top = self.index.row_of(self._anchor.number) + self._anchor.part
        self.top = max(0, min(top, last))

    def _line_at(self, row: int) -> int | None:
        spot = self.index.at(max(0, row - self.banner))
        return None if spot is None else spot.number

    # Following and scrolling

    def follow(self) -> None:
        """Go to the newest line and stay there."""
        self.following = True
        self.unseen = self.dropped = 0
        self.cursor = None
        self.place()

    def pause(self) -> bool:
        """Stop following, with the cursor on the lowest line of the page; False where no line is shown."""
        if self.following:
            self._anchor_at(self.top)
            self.cursor = self._line_at(min(self.top + self.page, self.rows) - 1)
            self.following = False
            self.unseen = self.dropped = 0
            self.place()
        if self.cursor is None:
            self.cursor = self._line_at(self.top)
        return self.cursor is not None

    def scroll_to(self, top: int) -> None:
        """Pause at *top*; follow at the end."""
        if top >= max(0, self.rows - self.page):
            self.follow()
        else:
            self.pause()
            self._pause_at(top)

    def _pause_at(self, top: int) -> None:
        self._anchor_at(max(0, top))
        self.dropped = 0
        self.place()

    def _anchor_at(self, top: int) -> None:
        self._anchor = self.index.at(max(0, top - self.banner)) or Spot(self.ring.end)

    def reveal(self) -> None:
        """Scroll until the cursor is on the page."""
        if self.cursor is None:
            return
        row = self.row_of(self.cursor)
        height = min(self.page, self.height(self.cursor))
        if row < self.top:
            self._pause_at(row)
        elif row + height > self.top + self.page:
            self._pause_at(row + height - self.page)

    # The cursor

    def move_to(self, number: int | None) -> None:
        """Pause with the cursor on a line."""
        if self.pause() and number is not None:
            self.cursor = number
            self.reveal()

    def move_rows(self, rows: int) -> None:
        """Move the cursor down, or up by negative *rows*; down does nothing while following."""
        was_paused = not self.following
        if (was_paused or rows < 0) and self.pause() and self.cursor is not None:
            if rows > 0:
                rows = max(rows, self.height(self.cursor))
            row = self.index.row_of(self.cursor) + rows
            self.move_to(self._line_at(max(0, min(row, self.index.rows - 1)) + self.banner))

    def move_to_first(self) -> None:
        """Put the cursor on the oldest line."""
        if self.pause():
            self._pause_at(0)
            self.move_to(self._line_at(0))

    def fold(self) -> None:
        """Unfold the lines that continue that of the cursor, or fold them again."""
        if not self.pause() or self.cursor is None:
            return
        head = self.index.head_of(self.cursor)
        if self.index.set_open(head, not self.index.is_open(head)):
            self.cursor = head
            self.reveal()
            self.place()

    def seek(self, wanted: Callable[[LogLine], bool], step: int) -> tuple[bool, bool]:
        """Go to the next line that is *wanted*, or with *step* -1 to the one before.

        Returns:
            Whether there is one, and whether the search wrapped around to reach it.
        """
        numbers = self.index.numbers()
        start = len(numbers) if step < 0 else -1
        if self.cursor in numbers:
            start = numbers.index(self.cursor)
        for distance in range(1, len(numbers) + 1):
            place = start + step * distance
            number = numbers[place % len(numbers)]
            line = self.ring.line(number)
            if line is not None and wanted(line):
                self._go_to(number)
                return True, not 0 <= place < len(numbers)
        return False, False

    def seek_time(self, at: int) -> bool:
        """Go to the first line of *at*, Unix ms, or later; False where there is none."""
        for number in self.index.numbers():
            line = self.ring.line(number)
            if line is not None and line.continues is None and (line.at or line.seen_at) >= at:
                self._go_to(number)
                return True
        return False

    def _go_to(self, number: int) -> None:
        self.pause()
        if self.index.head_of(number) != number and self.index.set_open(number, opened=True):
            self.place()
        self.move_to(number)
