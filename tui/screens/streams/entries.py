"""The list on the stream screen: pending entries, entries of the stream, or search results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual.message import Message

from agentdash.core.snapshot import SourceError
from agentdash.core.streams.commands import SeenEntry
from agentdash.core.streams.model import Group, Stream
from agentdash.core.text import printable
from tui.format.state import PaneKind, PaneState
from tui.format.streams import entries
from tui.guard import is_live
from tui.screens.streams.list_kinds import EntryList, FoundEntries, PendingEntries, StreamEntries
from tui.widgets.document import Para
from tui.widgets.pane import Pane
from tui.widgets.table.table import LineTable

if TYPE_CHECKING:
    from tui.dash import Dash

NEAR = 10
"""Rows before the end of the list at which the next page is read."""


@dataclass(frozen=True, slots=True)
class ShownPart:
    """What the screen shows: a stream, one of its groups, one of its consumers (None: all)."""

    stream: Stream
    group: Group | None = None
    consumer: bytes | None = None


class EntryPane(Pane):
    """Entries in a table, updated by one worker.

    Args:
        name: The key of the stream.
        shown_part: Returns what is shown now; None where the stream is deleted.
        beside: Read after each pass, for what else the screen shows; raises SourceError.

    Attributes:
        table: Its widget.
        shown: The current list.
        found: The last search.
        asking: Whether something is being read.
        failed: Why the last read failed; empty where it did not.
    """

    class Listed(Message):
        """The list was updated."""

    class Turned(Message):
        """Another kind of list is shown."""

    def __init__(
        self, name: bytes, shown_part: Callable[[], ShownPart | None], beside: Callable[[], Awaitable[None]]
    ) -> None:
        self.table = LineTable(entries.PENDING_COLUMNS, id="entries-table")
        super().__init__("Pending", self.table, id="stream-entries")
        self.pending = PendingEntries(name)
        self.stream_entries = StreamEntries(name)
        self.found: FoundEntries | None = None
        self.shown: EntryList = self.pending
        self.asking = False
        self.failed = ""
        self._key = name
        self._shown_part = shown_part
        self._beside = beside
        self._wants: set[str] = set()

    @property
    def dash(self) -> Dash:
        """The app, typed."""
        return cast("Dash", self.app)

    @property
    def current(self) -> str | None:
        """Id of the entry under the cursor."""
        key = self.table.cursor_key
        return key if isinstance(key, str) else None

    def holds(self, entry_id: str) -> bool:
        """Whether it is in the list."""
        return self.table.row_of(entry_id) is not None

    def chosen(self, read: str | None = None) -> tuple[SeenEntry, ...]:
        """The marked entries, else the open one (*read*), else the one under the cursor, as shown."""
        marks = self.table.marks
        ids = [str(row.key) for row in self.table.rows if row.key in marks]
        one = read or self.current
        if not ids and one is not None and (read is None or not self.shown.pending or self.holds(one)):
            ids = [one]
        held = self.pending.entries if self.shown.pending else {}
        return tuple(
            SeenEntry(i, held[i].consumer, held[i].idle_ms) if i in held else SeenEntry(i) for i in ids
        )

    # Reading

    def ask(self, want: str = "read") -> None:
        """Read entries: ``read`` to update the list, ``older`` or ``newer`` for the next page."""
        self._wants.add(want)
        if not self.asking:
            self.asking = True
            self.run_worker(self._read(), name="entries", group="entries")

    async def _read(self) -> None:
        try:
            while self._wants:
                wants, self._wants = self._wants, set()
                await self._read_once(wants)
        finally:
            self.asking = False

    async def _read_once(self, wants: set[str]) -> None:
        part, ask = self._shown_part(), self.dash.engine.ask
        if part is None:
            return
        if self.shown.pending:
            self.pending.show(part.group.name if part.group else None, part.consumer)
        try:
            if "read" in wants:
                await self.shown.read(ask, part.stream)
            if isinstance(self.shown, StreamEntries):
                if "older" in wants:
                    await self.shown.older(ask)
                if "newer" in wants:
                    await self.shown.newer(ask)
            self.failed = ""
            await self._beside()
        except SourceError as problem:
            self.failed = problem.message
        if is_live(self):
            self.draw()

    def read_on(self) -> None:
        """Read the next page near an end of the list; pause away from the newest entry."""
        shown, at = self.shown, self.table.cursor_row
        if not isinstance(shown, StreamEntries) or not len(shown.window):
            return
        if at > 0:
            self.hold()
        if at >= self.table.row_count - NEAR and not shown.window.at_oldest:
            self.ask("older")
        if at <= 0 and not shown.window.at_newest:
            self.ask("newer")

    # Showing

    def show(self, shown: EntryList) -> None:
        """Switch to another kind of list."""
        if shown is not self.shown:
            self.shown = shown
            self.table.clear_marks()
            self.table.highlight = self.found.needle if self.found is not None and shown is self.found else ""
            self.table.set_rows(())
            self.table.set_columns(shown.columns)
            self.draw()
            self.post_message(self.Turned())
        self.ask()

    def draw(self) -> None:
        """Update the table."""
        part, shown = self._shown_part(), self.shown
        if part is None or not is_live(self):
            return
        failed = (Para.of(f"✗ {printable(self.failed)}", "bad", hang=2),) if self.failed else ()
        rows = shown.rows(self.dash.now(), part.stream)
        follow = isinstance(shown, StreamEntries) and shown.following and self.table.cursor_row <= 0
        self.table.set_rows(rows)
        if follow and rows:
            self.table.move_to(rows[0].key)
        self.set_title(shown.title)
        self.summary = shown.summary(part.stream)
        notice = failed or ((Para.of(shown.empty, "dim"),) if not rows else ())
        self.state = PaneState(PaneKind.ERROR if failed else PaneKind.LIVE, notice, dim=bool(failed and rows))
        self.post_message(self.Listed())

    # Actions

    def follow(self) -> None:
        """Follow the newest entry."""
        shown = self.stream_entries
        shown.following = True
        shown.window.clear()
        self.show(shown)
        self.table.focus()
        self.table.action_first()

    def hold(self) -> None:
        """Pause at the entry under the cursor."""
        shown, part = self.shown, self._shown_part()
        if isinstance(shown, StreamEntries) and shown.following:
            shown.following = False
            if part is not None:
                self.summary = shown.summary(part.stream)

    def go(self, where: str) -> None:
        """Show the entries around *where*: an id, ``-`` or ``+``."""
        self.show(self.stream_entries)
        self.table.focus()
        self.run_worker(self._go(where), group="goto", exclusive=True)

    async def _go(self, where: str) -> None:
        shown = self.stream_entries
        shown.following = where == "+"
        try:
            entry_id = await shown.go(self.dash.engine.ask, where)
        except SourceError as problem:
            self.dash.say(problem.message, good=False)
            return
        self.draw()
        if entry_id is not None:
            self.table.move_to(entry_id)

    def search(self, text: str) -> None:
        """Search for *text* in the fields of all entries, newest first."""
        if self.found is not None:
            self.found.running = False
        self.found = FoundEntries(self._key, text)
        self.show(self.found)
        self.table.focus()
        self.search_on()

    def why_no_search(self) -> str | None:
        """Why no search can continue now; None where one can."""
        found = self.found
        if found is None or self.shown is not found:
            return "no search yet (/: search)"
        if found.running:
            return "searching (Esc: stop)"
        return "all entries were searched" if found.complete else None

    def search_on(self) -> None:
        """Continue a paused search."""
        found = self.found
        if found is not None and not found.running and self.shown is found:
            self.run_worker(self._search(found), name="search", group="search")

    async def _search(self, found: FoundEntries) -> None:
        def show() -> None:
            if self.shown is found:
                self.draw()
            else:
                found.running = False

        try:
            await found.search(self.dash.engine.ask, show)
        except SourceError as problem:
            self.failed = problem.message
            self.draw()

    def changed(self, *, done: bool) -> None:
        """Update at once after a command; *done*: whether it succeeded."""
        if done:
            self.table.clear_marks()
        if isinstance(self.shown, StreamEntries):
            self.shown.window.clear()
        self.ask()
