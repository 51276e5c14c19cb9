"""Reads all that is known of one entry: its data, who holds it, log lines and findings that are about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.message_body import correlation_ids
from agentdash.core.queries import MessageAt
from agentdash.core.snapshot import SourceError
from agentdash.core.stream_queries import Holder, Holders, HoldersOf
from agentdash.core.streams import Group, Message, PendingEntry, Stream
from agentdash.core.text import printable
from tui.format.stream_message import Looked, findings_about, lines_about, message_page
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash

MOST_GROUPS = 20


class MessageReader:
    """The entry that is looked at.

    Attributes:
        correlation: The ids that tie it to log lines.
    """

    def __init__(self, dash: Dash) -> None:
        self.correlation: tuple[str, ...] = ()
        self._dash = dash
        self._read: Message | None = None

    async def page(
        self,
        stream: Stream,
        entry_id: str,
        message: Message | None,
        pending: PendingEntry | None,
        group: Group | None,
    ) -> list[Para]:
        """Read what is not known yet, and write the page."""
        try:
            if message is None and not (pending is not None and pending.gone):
                message = await self._message(stream, entry_id)
            holders = await self._holders(stream, entry_id)
        except SourceError as problem:
            return [Para.of(entry_id, "id"), Para(), Para.of(f"✗ {printable(problem.message)}", "bad", 2)]
        store, now = self._dash.store, self._dash.now()
        self.correlation = correlation_ids(message.fields) if message else ()
        looked = Looked(
            stream=stream,
            id=entry_id,
            message=message,
            pending=pending,
            group=group,
            holders=holders,
            lines=lines_about(store.logs, entry_id, self.correlation),
            findings=findings_about(
                store.findings.findings if store.findings else (),
                stream.name,
                group.name if group else None,
                entry_id,
            ),
        )
        return message_page(looked, now, self._dash.zone)

    async def _message(self, stream: Stream, entry_id: str) -> Message | None:
        """Its data; an entry never changes, so it is read once while it is looked at."""
        if self._read is None or self._read.id != entry_id:
            answer = await self._dash.engine.ask(MessageAt(stream.name, entry_id))
            self._read = answer if isinstance(answer, Message) else None
        return self._read

    async def _holders(self, stream: Stream, entry_id: str) -> tuple[Holder, ...] | None:
        groups = tuple(group.name for group in stream.groups[:MOST_GROUPS])
        if not groups:
            return ()
        answer = await self._dash.engine.ask(HoldersOf(stream.name, entry_id, groups))
        return answer.holders if isinstance(answer, Holders) else None
