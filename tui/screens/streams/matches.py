"""Search results as a list on the stream screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from agentdash.core import units
from agentdash.core.streams.model import Message, Stream
from agentdash.core.streams.queries import SearchEntries, SearchPage
from agentdash.core.text import printable
from tui.format.item import Column, Row
from tui.format.streams import entries
from tui.screens.streams.asker import Asker

SEARCHED_AT_ONCE = 100_000
"""Entries that one search reads before it pauses."""
MOST_FOUND = 1000


class FoundEntries:
    """Entries with a text in a field, found step by step, the newest first.

    Attributes:
        running: Whether the search is running; set to False to stop it.
        scanned: Entries read.
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
        """Title of the pane."""
        return f"Entries with “{printable(self.needle)}”"

    def summary(self, stream: Stream) -> str:
        """Progress, and the key to continue or stop."""
        seen = f"{len(self._found)} found in {units.count(self.scanned)} of {units.count(stream.length)}"
        if self.running:
            return f"{seen} · searching (Esc: stop)"
        if self.complete:
            return f"{seen} · all searched"
        return f"{seen} · n: continue"

    @property
    def empty(self) -> str:
        """The text where there are no rows."""
        if self.running:
            return f"◌ searching … {units.count(self.scanned)} entries so far"
        if self.complete:
            return "○ no matches"
        return f"○ no matches in the newest {units.count(self.scanned)} entries · n: continue"

    def rows(self, now: int, stream: Stream) -> list[Row]:  # noqa: ARG002 - other lists need it
        """The rows, newest first."""
        return [entries.message_row(message, now) for message in self._found.values()]

    def message(self, entry_id: str) -> Message | None:
        """The fields of one entry, if it is in the list."""
        return self._found.get(entry_id)

    async def read(self, ask: Asker, stream: Stream) -> None:
        """Nothing to update: results do not change."""

    async def search(self, ask: Asker, show: Callable[[], None]) -> None:
        """Continue until the oldest entry, `SEARCHED_AT_ONCE` more entries, or until `running` is False.

        Raises:
            SourceError: when the server cannot be read.
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
