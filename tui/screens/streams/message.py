"""The message pane of the stream screen: reads one entry, and shows its page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from agentdash.core.links.owner import Owner
from agentdash.core.links.owners import owner_of
from agentdash.core.queries import MessageAt
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.message_body import correlation_ids
from agentdash.core.streams.model import Message, Stream
from agentdash.core.streams.queries import Holder, Holders, HoldersOf
from agentdash.core.text import printable
from tui.format.state import LIVE, PaneKind, PaneState
from tui.format.streams.body import FIRST, MOST, Body, body_of, is_long
from tui.format.streams.message import EntryFacts, findings_about, lines_about, message_page
from tui.guard import is_live
from tui.screens.streams.entries import ShownPart
from tui.screens.streams.list_kinds import EntryList, PendingEntries
from tui.widgets.document import Para
from tui.widgets.folding import FoldingDocument
from tui.widgets.pane import Pane

if TYPE_CHECKING:
    from tui.dash import Dash

MOST_GROUPS = 20


@dataclass(frozen=True, slots=True)
class ReadBody:
    """The formatted fields of the entry *id*, at most *most* bytes of them."""

    id: str
    most: int
    shown: Body
    correlation: tuple[str, ...]


def read_body(message: Message, most: int) -> ReadBody:
    """Format the fields; 10 to 200 ms where they are long."""
    return ReadBody(message.id, most, body_of(message.fields, most), correlation_ids(message.fields))


class MessagePane(Pane):
    """The open entry.

    Attributes:
        correlation: Its correlation ids.
        why_not: Why an action is not possible now, by its verb; None where it is.
    """

    def __init__(self) -> None:
        self.page = FoldingDocument(id="message-page")
        super().__init__("Message", self.page, id="stream-message")
        self.correlation: tuple[str, ...] = ()
        self.why_not: Callable[[str], str | None] = lambda _verb: None
        self._read: Message | None = None
        self._page_of: str | None = None
        self._body: ReadBody | None = None
        self._most = FIRST

    @property
    def dash(self) -> Dash:
        """The app, typed."""
        return cast("Dash", self.app)

    async def read(
        self,
        part: ShownPart | None,
        entry_id: str | None,
        shown: EntryList,
        liveness: Mapping[bytes, Liveness],
        current: Callable[[], str | None],
    ) -> None:
        """Read *entry_id* and show it, if it is still `current` then.

        If the server cannot be read, the previous page stays, dimmed.
        """
        if entry_id is None or part is None:
            self.state, self._page_of = LIVE, None
            self.summary, self.correlation = "", ()
            self.page.show([Para.of("no entry is selected", "dim")])
            return
        state = LIVE
        try:
            paras: Sequence[Para] = await self._paras(part, entry_id, shown, liveness)
        except SourceError as problem:
            failed = Para.of(f"✗ {printable(problem.message)}", "bad", 2)
            known = self._page_of == entry_id
            paras = self.page.paras if known else (Para.of(entry_id, "id"),)
            state = PaneState(PaneKind.ERROR, (failed,), dim=known)
        if is_live(self) and current() == entry_id:
            self.state, self._page_of = state, entry_id
            self.page.show(paras)
            self.summary = self._keys()

    def on_resize(self) -> None:
        """Fit the keys into the new width."""
        if self._page_of is not None:
            self.summary = self._keys()

    def _keys(self) -> str:
        """Keys that lead to related records, as many as fit; all of them are in the help."""
        keys = ["y copy", *(["t trace"] if self.correlation else []), "l log", "o repo", "c connected"]
        while len(words := " · ".join(keys)) > self.outer_size.width - 4 and len(keys) > 1:
            del keys[0]
        return words

    async def _paras(
        self, part: ShownPart, entry_id: str, shown: EntryList, liveness: Mapping[bytes, Liveness]
    ) -> list[Para]:
        stream = part.stream
        message = shown.message(entry_id)
        pending = shown.entries.get(entry_id) if isinstance(shown, PendingEntries) else None
        if message is None and not (pending is not None and pending.gone):
            message = await self._message(stream, entry_id)
        body = await self._body_of(message) if message is not None else None
        holders = await self._holders(stream, entry_id)
        store, now = self.dash.store, self.dash.now()
        self.correlation = body.correlation if body else ()
        group = part.group if shown.pending else None
        facts = EntryFacts(
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
            liveness=liveness,
            owner=owner_of(pending.consumer, store) if pending is not None else Owner(),
            body=body.shown if body else None,
        )
        return message_page(facts, now, self.dash.zone, self.why_not)

    async def _body_of(self, message: Message) -> ReadBody:
        """The formatted fields, once per entry; long ones in a thread, so that keys are not delayed."""
        known = self._body
        if known is None or known.id != message.id or known.most != self._most:
            if known is not None and known.id != message.id:
                self._most = FIRST
            make = partial(read_body, message, self._most)
            self._body = await asyncio.to_thread(make) if is_long(message.fields) else make()
        return self._body  # type: ignore[return-value]

    def more(self) -> bool:
        """Show four times as much of long fields; False where all is shown."""
        if self._body is None or not self._body.shown.cut:
            return False
        self._most = min(MOST, 4 * self._most)
        return True

    async def _message(self, stream: Stream, entry_id: str) -> Message | None:
        """Its fields; an entry never changes, so it is read once."""
        if self._read is None or self._read.id != entry_id:
            answer = await self.dash.engine.ask(MessageAt(stream.name, entry_id))
            self._read = answer if isinstance(answer, Message) else None
        return self._read

    async def _holders(self, stream: Stream, entry_id: str) -> tuple[Holder, ...] | None:
        groups = tuple(group.name for group in stream.groups[:MOST_GROUPS])
        if not groups:
            return ()
        answer = await self.dash.engine.ask(HoldersOf(stream.name, entry_id, groups))
        return answer.holders if isinstance(answer, Holders) else None
