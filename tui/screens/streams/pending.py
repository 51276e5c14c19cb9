"""The pending entries of a group as a list on the stream screen."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from agentdash.core.queries import MessagesAt, PendingList, PendingOf
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import Fields
from agentdash.core.streams.model import Message, PendingEntry, Stream
from tui.format.item import Column, Row
from tui.format.streams import entries
from tui.format.streams.actions import MANY_DELIVERIES
from tui.screens.streams.asker import Asker

PREVIEWED = 50
"""Pending entries whose fields are shown in the list."""
MOST_PENDING = 200


class PendingEntries:
    """The pending entries of a group, or of one of its consumers; with the fields of the first ones.

    Attributes:
        group: None where none is selected.
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

    def show(self, group: bytes | None, consumer: bytes | None) -> None:
        """Switch to another group or consumer, without the entries of the previous one."""
        if (group, consumer) != (self.group, self.consumer):
            self.group, self.consumer = group, consumer
            self.entries, self._total = {}, None

    @property
    def title(self) -> str:
        """Title of the pane."""
        return f"Pending of {as_text(self.group)}" if self.group is not None else "Pending"

    def summary(self, stream: Stream) -> str:  # noqa: ARG002 - other lists need it
        """Number of listed entries, of how many."""
        total = self._total if self._total is not None else len(self.entries)
        often = max((entry.deliveries for entry in self.entries.values()), default=0)
        poison = f" · {often} deliveries: likely a poison message" if often > MANY_DELIVERIES else ""
        return f"oldest first · {len(self.entries)} of {total}{poison}"

    @property
    def empty(self) -> str:
        """The text where there are no rows."""
        return "○ no pending entries"

    def rows(self, now: int, stream: Stream) -> list[Row]:  # noqa: ARG002 - ages come with the entries
        """The rows, oldest id first."""
        return [entries.pending_row(entry) for entry in self.entries.values()]

    def message(self, entry_id: str) -> Message | None:
        """The fields of one entry, where read."""
        return self._bodies.get(entry_id)

    @property
    def bodies(self) -> dict[str, Fields]:
        """The fields of entries, where read, by id."""
        return {entry_id: message.fields for entry_id, message in self._bodies.items()}

    async def read(self, ask: Asker, stream: Stream) -> None:  # noqa: ARG002 - other lists need it
        """Read them again; fields only once, for an entry never changes."""
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
            return  # another one was selected meanwhile
        kept = {entry.id for entry in found.entries}
        self._bodies = {entry_id: body for entry_id, body in self._bodies.items() if entry_id in kept}
        self.entries = {entry.id: self._with_body(entry) for entry in found.entries}
        self._total = found.total

    def _with_body(self, entry: PendingEntry) -> PendingEntry:
        known = self._bodies.get(entry.id)
        return replace(entry, body=known.fields) if known is not None and entry.body is None else entry
