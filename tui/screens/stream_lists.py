"""What the list on the stream screen can show: pending entries, the stream itself, what was searched for.

Each kind has `columns`, a `title`, a `summary` and a word for `empty`, gives `rows`, and is brought up to
date by `read`, which raises SourceError when the server cannot be asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from agentdash.core import units
from agentdash.core.entry_window import EntryWindow
from agentdash.core.queries import Answer, MessagesAt, PendingList, PendingOf, Query
from agentdash.core.stream_ids import before
from agentdash.core.stream_plan import Fields
from agentdash.core.stream_queries import EntriesFrom, EntryPage, SearchEntries, SearchPage
from agentdash.core.streams import Message, PendingEntry, Stream, id_parts
from agentdash.core.text import decode, printable
from tui.format import entries
from tui.format.item import Column, Row
from tui.format.stream_press import MANY_DELIVERIES

Asker = Callable[[Query], Awaitable[Answer]]
PREVIEWED = 50
"""Pending entries whose data is shown in the list."""
MOST_PENDING = 200
PAGE = 100
SEARCHED_AT_ONCE = 100_000
"""Entries that one search looks at before it asks whether to go on."""
MOST_FOUND = 1000


class PendingEntries:
    """The pending entries of a group, or of one of its consumers; the bodies of the first ones beside them.

    Attributes:
        group: None where no group is looked at.
    """

    columns: ClassVar[tuple[Column, ...]] = entries.PENDING_COLUMNS
    pending: ClassVar[bool] = True

    def __init__(self, stream: bytes) -> None:
        self.group: bytes | None = None
        self.consumer: bytes | None = None
        self.entries: dict[str, PendingEntry] = {}
        self._stream = stream
        self._total: int | None = None
        self._bodies: dict[str, Message] = {}

    def look_at(self, group: bytes | None, consumer: bytes | None) -> None:
        """Another group or consumer: what is known of the one before is not of it."""
        if (group, consumer) != (self.group, self.consumer):
            self.group, self.consumer = group, consumer
            self.entries, self._total = {}, None

    @property
    def title(self) -> str:
        """For the border."""
        return f"Pending of {decode(self.group)}" if self.group is not None else "Pending"

    def summary(self, stream: Stream) -> str:  # noqa: ARG002 - other lists need it
        """How many, of how many."""
        total = self._total if self._total is not None else len(self.entries)
        often = max((entry.deliveries for entry in self.entries.values()), default=0)
        poison = f" · {often} deliveries: likely a poison message" if often > MANY_DELIVERIES else ""
        return f"oldest first · {len(self.entries)} of {total}{poison}"

    @property
    def empty(self) -> str:
        """What to say where there are none."""
        return "○ nothing is pending: all that was delivered is acknowledged"

    def rows(self, now: int, stream: Stream) -> list[Row]:  # noqa: ARG002 - ages come with the entries
        """The lines, oldest id first."""
        return [entries.pending_row(entry) for entry in self.entries.values()]

    def message(self, entry_id: str) -> Message | None:
        """The data of one, where it was read."""
        return self._bodies.get(entry_id)

    @property
    def bodies(self) -> dict[str, Fields]:
        """The data of those that were read, by id."""
        return {entry_id: message.fields for entry_id, message in self._bodies.items()}

    async def read(self, ask: Asker, stream: Stream) -> None:  # noqa: ARG002 - other lists need it
        """Read them anew. Bodies are read once: an entry never changes."""
        group, consumer = self.group, self.consumer
        if group is None:
            return
        found = await ask(PendingOf(self._stream, group, consumer, MOST_PENDING))
        if not isinstance(found, PendingList):
            return
        wanted = tuple(e.id for e in found.entries[:PREVIEWED] if not e.gone and e.id not in self._bodies)
        answer = await ask(MessagesAt(self._stream, wanted)) if wanted else ()
        for message in answer if isinstance(answer, tuple) else ():
            self._bodies[message.id] = message
        if (group, consumer) != (self.group, self.consumer):
            return  # another one is looked at meanwhile
        kept = {entry.id for entry in found.entries}
        self._bodies = {entry_id: body for entry_id, body in self._bodies.items() if entry_id in kept}
        self.entries = {entry.id: self._with_body(entry) for entry in found.entries}
        self._total = found.total

    def _with_body(self, entry: PendingEntry) -> PendingEntry:
        known = self._bodies.get(entry.id)
        return replace(entry, body=known.fields) if known is not None and entry.body is None else entry


class StreamEntries:
    """The entries of the stream, newest first, a window that moves with the cursor.

    Attributes:
        following: Whether new entries are shown as they come.
    """

    columns: ClassVar[tuple[Column, ...]] = entries.MESSAGE_COLUMNS
    pending: ClassVar[bool] = False

    def __init__(self, stream: bytes) -> None:
        self.following = True
        self.window = EntryWindow(stream)
        self._stream = stream
        self._newest_known: str | None = None

    @property
    def title(self) -> str:
        """For the border."""
        return "Entries"

    def summary(self, stream: Stream) -> str:
        """Where the window is."""
        parts = [f"{len(self.window)} of {units.count(stream.length)}", "newest first"]
        if self.following:
            parts.append("following")
        elif self._behind(stream):
            parts.append("newer ones above (f follows)")
        else:
            parts.append("held (f follows)")
        if self.window.at_oldest:
            parts.append("to the first")
        return " · ".join(parts)

    def _behind(self, stream: Stream) -> bool:
        newest = self.window.newest
        return (
            newest is not None and stream.last_id is not None and id_parts(newest) < id_parts(stream.last_id)
        )

    @property
    def empty(self) -> str:
        """What to say where there are none."""
        return "○ the stream is empty" if self.window.at_oldest else "◌ reading …"

    def rows(self, now: int, stream: Stream) -> list[Row]:
        """The lines; those that were trimmed away since they were read are dim."""
        first = id_parts(stream.first_id) if stream.first_id else None
        return [
            entries.message_row(entry, now, gone=first is None or id_parts(entry.id) < first)
            for entry in self.window
        ]

    def message(self, entry_id: str) -> Message | None:
        """The data of one."""
        return next((entry for entry in self.window if entry.id == entry_id), None)

    async def read(self, ask: Asker, stream: Stream) -> None:
        """The newest ones at first; new ones while following."""
        newest = self.window.newest
        if newest and stream.last_id and id_parts(newest) > id_parts(stream.last_id):
            self.window.clear()  # the stream was made anew
        if not len(self.window):
            await self.show(ask, None)
        elif self.following and self._behind(stream):
            page = await self._page(ask, self.window.ask_newer(2 * PAGE))
            if page is not None and page.more:
                self.window.clear()  # more came than is shown: begin with the newest again
                await self.show(ask, None)
            elif page is not None:
                self.window.take_newer(page)

    async def show(self, ask: Asker, start: str | None) -> None:
        """Show the piece that begins with *start* (None: with the newest) and goes back from there."""
        page = await self._page(ask, EntriesFrom(self._stream, start, True, PAGE))
        if page is not None:
            self.window.clear()
            self.window.take_older(page)
            self.window.at_newest = start is None

    async def go(self, ask: Asker, place: str) -> str | None:
        """Show what is around *place* (an id, ``-`` or ``+``).

        Returns:
            The id of the first entry from there on, else of the last one before; None where there is none.
        """
        if place == "+":
            await self.show(ask, None)
            return self.window.newest
        start = None if place == "-" else place
        newer = await self._page(ask, EntriesFrom(self._stream, start, False, PAGE))
        older = EntryPage((), more=False)
        below = before(place) if place != "-" else None
        if below is not None:
            found = await self._page(ask, EntriesFrom(self._stream, below, True, PAGE))
            older = found or older
        if newer is None:
            return None
        self.window.clear()
        self.window.take_older(older)
        self.window.take_newer(newer)
        return newer.entries[0].id if newer.entries else self.window.newest

    async def older(self, ask: Asker) -> None:
        """Read on at the old end."""
        page = await self._page(ask, self.window.ask_older(PAGE))
        if page is not None:
            self.window.take_older(page)

    async def newer(self, ask: Asker) -> None:
        """Read on at the new end."""
        page = await self._page(ask, self.window.ask_newer(PAGE))
        if page is not None:
            self.window.take_newer(page)

    async def _page(self, ask: Asker, query: EntriesFrom | None) -> EntryPage | None:
        answer = await ask(query) if query is not None else None
        return answer if isinstance(answer, EntryPage) else None


class FoundEntries:
    """Entries with a field that holds a text: found step by step, from the newest on.

    Attributes:
        running: Whether the search goes on by itself; taking it away stops it.
        scanned: Entries that were looked at.
        complete: Whether the oldest entry was reached.
    """

    columns: ClassVar[tuple[Column, ...]] = entries.MESSAGE_COLUMNS
    pending: ClassVar[bool] = False

    def __init__(self, stream: bytes, needle: str) -> None:
        self.needle = needle
        self.running = False
        self.scanned = 0
        self.complete = False
        self._stream = stream
        self._next: str | None = None
        self._found: dict[str, Message] = {}

    @property
    def title(self) -> str:
        """For the border."""
        return f"Entries with “{printable(self.needle)}”"

    def summary(self, stream: Stream) -> str:
        """How far it has come, and how to go on or stop."""
        seen = f"{len(self._found)} found in {units.count(self.scanned)} of {units.count(stream.length)}"
        if self.running:
            return f"{seen} · searching, esc stops"
        if self.complete:
            return f"{seen} · all searched"
        return f"{seen} · n goes on"

    @property
    def empty(self) -> str:
        """What to say where there are none."""
        if self.running:
            return f"◌ searching … {units.count(self.scanned)} entries so far"
        if self.complete:
            return "○ no entry holds it"
        return f"○ none in the newest {units.count(self.scanned)} entries · n goes on"

    def rows(self, now: int, stream: Stream) -> list[Row]:  # noqa: ARG002 - other lists need it
        """The lines, newest first."""
        return [entries.message_row(message, now) for message in self._found.values()]

    def message(self, entry_id: str) -> Message | None:
        """The data of one."""
        return self._found.get(entry_id)

    async def read(self, ask: Asker, stream: Stream) -> None:
        """What was found does not change."""

    async def search(self, ask: Asker, show: Callable[[], None]) -> None:
        """Search on until the oldest entry, a good many more, or until `running` is taken away.

        Raises:
            SourceError: when the server cannot be asked.
        """
        self.running = not self.complete
        limit = self.scanned + SEARCHED_AT_ONCE
        try:
            while self.running and self.scanned < limit and len(self._found) < MOST_FOUND:
                answer = await ask(SearchEntries(self._stream, self.needle, self._next))
                if not isinstance(answer, SearchPage):
                    return
                self._found |= {message.id: message for message in answer.found}
                self.scanned += answer.scanned
                self._next = answer.next_start
                self.complete = answer.next_start is None
                if self.complete:
                    self.running = False
                show()
        finally:
            self.running = False
            show()


EntryList = PendingEntries | StreamEntries | FoundEntries
