"""The entries of a stream as a list on the stream screen, through a moving window."""

from __future__ import annotations

from typing import ClassVar

from agentdash.core import units
from agentdash.core.streams.entry_window import EntryWindow
from agentdash.core.streams.ids import before
from agentdash.core.streams.model import Message, Stream, id_parts
from agentdash.core.streams.queries import EntriesFrom, EntryPage
from tui.format.item import Column, Row
from tui.format.streams import entries
from tui.screens.streams.asker import Asker

PAGE = 100


class StreamEntries:
    """The entries of the stream, newest first; the window moves with the cursor.

    Attributes:
        following: Whether new entries are shown as they come.
    """

    columns: ClassVar[tuple[Column, ...]] = entries.MESSAGE_COLUMNS
    pending: ClassVar[bool] = False

    def __init__(self, stream: bytes) -> None:
        self.following = True
        self.window = EntryWindow(stream)
        self._stream = stream

    @property
    def title(self) -> str:
        """Title of the pane."""
        return "Entries"

    def summary(self, stream: Stream) -> str:
        """The position of the window."""
        parts = [f"{len(self.window)} of {units.count(stream.length)}", "newest first"]
        if self.following:
            parts.append("following")
        elif self._behind(stream):
            parts.append("newer entries (f: follow)")
        else:
            parts.append("paused (f: follow)")
        if self.window.at_oldest:
            parts.append("back to the first")
        return " · ".join(parts)

    def _behind(self, stream: Stream) -> bool:
        newest = self.window.newest
        return (
            newest is not None and stream.last_id is not None and id_parts(newest) < id_parts(stream.last_id)
        )

    @property
    def empty(self) -> str:
        """The text where there are no rows."""
        return "○ the stream is empty" if self.window.at_oldest else "◌ reading …"

    def rows(self, now: int, stream: Stream) -> list[Row]:
        """The rows; entries that were trimmed since they were read are dim."""
        first = id_parts(stream.first_id) if stream.first_id else None
        return [
            entries.message_row(entry, now, gone=first is None or id_parts(entry.id) < first)
            for entry in self.window
        ]

    def message(self, entry_id: str) -> Message | None:
        """The fields of one entry, if it is in the window."""
        return next((entry for entry in self.window if entry.id == entry_id), None)

    async def read(self, ask: Asker, stream: Stream) -> None:
        """Read the newest entries at first; new ones while following."""
        newest = self.window.newest
        if newest and stream.last_id and id_parts(newest) > id_parts(stream.last_id):
            self.window.clear()  # the stream was created again
        if not len(self.window):
            await self.show(ask, None)
        elif self.following and self._behind(stream):
            page = await self._page(ask, self.window.newer_query(2 * PAGE))
            if page is not None and page.more:
                self.window.clear()  # more came than is shown: begin with the newest again
                await self.show(ask, None)
            elif page is not None:
                self.window.add_newer(page)

    async def show(self, ask: Asker, start: str | None) -> None:
        """Show the page of older entries from *start* on (None: from the newest)."""
        page = await self._page(ask, EntriesFrom(self._stream, start, True, PAGE))
        if page is not None:
            self.window.clear()
            self.window.add_older(page)
            self.window.at_newest = start is None

    async def go(self, ask: Asker, place: str) -> str | None:
        """Show the entries around *place* (an id, ``-`` or ``+``).

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
        self.window.add_older(older)
        self.window.add_newer(newer)
        return newer.entries[0].id if newer.entries else self.window.newest

    async def older(self, ask: Asker) -> None:
        """Read the next older page."""
        page = await self._page(ask, self.window.older_query(PAGE))
        if page is not None:
            self.window.add_older(page)

    async def newer(self, ask: Asker) -> None:
        """Read the next newer page."""
        page = await self._page(ask, self.window.newer_query(PAGE))
        if page is not None:
            self.window.add_newer(page)

    async def _page(self, ask: Asker, query: EntriesFrom | None) -> EntryPage | None:
        answer = await ask(query) if query is not None else None
        return answer if isinstance(answer, EntryPage) else None
