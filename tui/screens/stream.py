"""A stream in depth: groups → consumers → pending entries → the message."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from agentdash.core import units
from agentdash.core.queries import MessageAt, MessagesAt, NewestMessages, PendingList, PendingOf
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.streams import Group, Message, PendingEntry, Stream, StreamJudgement
from agentdash.core.text import decode, printable
from tui.format import entries
from tui.format.state import LIVE, PaneKind, PaneState, pane_state
from tui.screens.base import FactScreen
from tui.widgets.document import Document, Para
from tui.widgets.pane import Pane
from tui.widgets.table import LineTable

PREVIEWED = 50
"""Pending entries whose data is shown in the list."""


class StreamScreen(FactScreen):
    """One stream. Enter goes one step in, Esc one step back.

    Args:
        name: The key.
        group: The group to begin with, if any.
    """

    AUTO_FOCUS = "#groups-table"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "browse", "Newest entries", id="stream.browse"),
        Binding("y", "copy", "Copy", id="stream.copy"),
        Binding("escape", "back", "Back", id="screen.back"),
    ]

    def __init__(self, name: bytes, group: bytes | None = None) -> None:
        super().__init__()
        self._key = name
        self._wanted = group
        self._groups = LineTable(entries.GROUP_COLUMNS, id="groups-table")
        self._consumers = LineTable(entries.CONSUMER_COLUMNS, id="consumers-table")
        self._entries = LineTable(entries.PENDING_COLUMNS, id="entries-table")
        self._browsing = False
        self._asking = False
        self._again = False
        self._pending: dict[Hashable, PendingEntry] = {}
        self._messages: dict[Hashable, Message] = {}
        self._bodies: dict[str, tuple[tuple[bytes, bytes], ...]] = {}
        self._total: int | None = None
        self._failed = ""
        self._shown: tuple[str, Message | None] | None = None

    # What it is about

    @property
    def stream(self) -> Stream | None:
        """Its newest record."""
        found = self.dash.store.streams
        return next((stream for stream in found.streams if stream.name == self._key), None) if found else None

    @property
    def judgement(self) -> StreamJudgement:
        """What the window of samples says of it."""
        found = self.dash.store.streams
        if found is None:
            return StreamJudgement()
        pairs = zip(found.streams, found.judgements, strict=False)
        return next((judged for stream, judged in pairs if stream.name == self._key), StreamJudgement())

    @property
    def group(self) -> Group | None:
        """The group under the cursor."""
        stream, key = self.stream, self._groups.cursor_key
        return next((group for group in stream.groups if group.name == key), None) if stream else None

    @property
    def consumer(self) -> bytes | None:
        """The consumer under the cursor; None for all."""
        key = self._consumers.cursor_key
        return key if isinstance(key, bytes) else None

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here, as far in as the focus is."""
        steps = ["Streams", decode(self._key)]
        if self._browsing:
            return (*steps, "newest entries")
        depth = self._depth()
        if self.group and depth >= 1:
            steps.append(decode(self.group.name))
        if depth >= 2:
            steps.append(decode(self.consumer) if self.consumer else "all consumers")
        if depth >= 3 and self._entries.cursor_key is not None:
            steps.append(str(self._entries.cursor_key))
        return tuple(steps)

    def _depth(self) -> int:
        order = ("groups-table", "consumers-table", "entries-table", "message-page")
        name = self.focused.id if self.focused else None
        return order.index(name) if name in order else 0

    # What it shows

    def body(self) -> Iterable[Widget]:
        """Groups, consumers and entries at the left, the message at the right."""
        with Vertical(id="stream-left"):
            yield Pane("Groups", self._groups, id="stream-groups")
            yield Pane("Consumers", self._consumers, id="stream-consumers")
            yield Pane("Pending", self._entries, id="stream-entries")
        yield Pane("Message", Document(id="message-page"), id="stream-message")

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show groups and consumers anew, and ask for the entries."""
        stream = self.stream
        health = self.dash.store.health.get(Topic.STREAMS)
        groups = self.query_one("#stream-groups", Pane)
        if stream is None:
            gone = (Para.of("○ this stream is not there any more", "unknown"),)
            groups.state = PaneState(PaneKind.EMPTY, gone)
            return
        judgement = self.judgement
        self._groups.set_rows([entries.group_row(group, judgement, now) for group in stream.groups])
        if self._wanted is not None and self._groups.move_to(self._wanted):
            self._wanted = None
            self._consumers.focus()
        nothing = ("no group reads this stream", "its newest entries are below")
        groups.state = pane_state(health, now, rows=len(stream.groups), empty=nothing)
        groups.entitle(f"{decode(stream.name)} · {units.plural(len(stream.groups), 'group')}")
        cap = {"yes": "capped", "no": "not capped", "unknown": "cap unknown"}[judgement.cap.value]
        fields = f" · {len(stream.fields)} fields" if stream.fields else ""
        groups.summary = (
            f"{units.count(stream.length)} entries · {units.count(judgement.rate_in)}/min · {cap}{fields}"
        )
        if not stream.groups and not self._browsing:
            self.action_browse()
        self._show_consumers()
        if Topic.STREAMS in topics:
            self._ask()

    def _show_consumers(self) -> None:
        group = self.group
        pane = self.query_one("#stream-consumers", Pane)
        pane.display = group is not None and not self._browsing
        if group is None:
            self._consumers.set_rows(())
            return
        self._consumers.set_rows(entries.consumer_rows(group))
        pane.entitle(f"Consumers of {decode(group.name)}")
        pane.summary = f"{len(group.consumers)}"
        nobody = (Para.of("■ no consumer has ever read in this group, or all were deleted", "bad"),)
        pane.state = LIVE if group.consumers else PaneState(PaneKind.LIVE, nobody, dim=True)

    def _ask(self) -> None:
        """Read the entries that are looked at; one question at a time."""
        self._again = True
        if not self._asking:
            self._asking = True
            self.run_worker(self._read(), name="entries", group="entries", exit_on_error=False)

    async def _read(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._read_once()
        finally:
            self._asking = False

    async def _read_once(self) -> None:
        group, consumer = self.group, self.consumer
        try:
            if self._browsing:
                answer = await self.dash.engine.ask(NewestMessages(self._key, 200))
                if isinstance(answer, tuple):
                    self._messages = {message.id: message for message in answer}
            elif group is not None:
                found = await self.dash.engine.ask(PendingOf(self._key, group.name, consumer, 200))
                if isinstance(found, PendingList):
                    self._pending = {entry.id: entry for entry in await self._with_bodies(found.entries)}
                    self._total = found.total
            self._failed = ""
        except SourceError as problem:
            self._failed = problem.message
        if self.is_mounted:
            self._show_entries()
            await self._read_message()

    async def _with_bodies(self, found: tuple[PendingEntry, ...]) -> list[PendingEntry]:
        """*found* with the bodies of the first ones: an entry never changes, so each is read once."""
        wanted = tuple(e.id for e in found[:PREVIEWED] if not e.gone and e.id not in self._bodies)
        if wanted:
            answer = await self.dash.engine.ask(MessagesAt(self._key, wanted))
            for message in answer if isinstance(answer, tuple) else ():
                self._bodies[message.id] = message.fields
        kept = {entry.id for entry in found}
        self._bodies = {entry_id: body for entry_id, body in self._bodies.items() if entry_id in kept}
        return [replace(entry, body=self._bodies.get(entry.id, entry.body)) for entry in found]

    def _show_entries(self) -> None:
        pane = self.query_one("#stream-entries", Pane)
        failed = (Para.of(f"✗ {printable(self._failed)}", "bad", hang=2),) if self._failed else ()
        if self._browsing:
            rows = [entries.message_row(message) for message in self._messages.values()]
            self._entries.set_columns(entries.MESSAGE_COLUMNS)
            pane.entitle("Newest entries")
            stream = self.stream
            pane.summary = f"{len(rows)} of {units.count(stream.length if stream else None)} · newest first"
            empty = "○ the stream is empty"
        else:
            rows = [entries.pending_row(entry) for entry in self._pending.values()]
            self._entries.set_columns(entries.PENDING_COLUMNS)
            group = self.group
            pane.entitle(f"Pending of {decode(group.name)}" if group else "Pending")
            total = self._total if self._total is not None else len(rows)
            pane.summary = f"{len(rows)} of {total} · oldest first"
            empty = "○ nothing is pending: all that was delivered is acknowledged"
        self._entries.set_rows(rows)
        notice = failed or ((Para.of(empty, "dim"),) if not rows else ())
        pane.state = PaneState(PaneKind.ERROR if failed else PaneKind.LIVE, notice, dim=bool(failed and rows))

    async def _read_message(self) -> None:
        key = self._entries.cursor_key
        page = self.query_one("#message-page", Document)
        self.query_one("#stream-message", Pane).state = LIVE
        stream = self.stream
        if not isinstance(key, str) or stream is None:
            page.show([Para.of("no entry is selected", "dim")])
            return
        pending = None if self._browsing else self._pending.get(key)
        message = self._messages.get(key) if self._browsing else None
        if not self._browsing:
            if self._shown is None or self._shown[0] != key:
                try:
                    answer = await self.dash.engine.ask(MessageAt(self._key, key))
                except SourceError as problem:
                    page.show([Para.of(f"✗ {printable(problem.message)}", "bad")])
                    return
                self._shown = (key, answer if isinstance(answer, Message) else None)
            message = self._shown[1]
        if self._entries.cursor_key == key and self.is_mounted:
            group = self.group
            page.show(
                entries.message_page(stream, key, message, pending, group.name if group and pending else None)
            )

    # What a person does

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Another group, consumer or entry: show what belongs to it."""
        if message.table is self._groups:
            self._pending, self._total = {}, None
            self._show_consumers()
            self._consumers.action_first()
            self._ask()
        elif message.table is self._consumers:
            self._ask()
        else:
            self.run_worker(
                self._read_message(), name="message", group="message", exclusive=True, exit_on_error=False
            )

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: one step in."""
        if message.table is self._groups:
            self._browsing = False
            self._show_consumers()
            self._consumers.focus()
            self._ask()
        elif message.table is self._consumers:
            self._entries.focus()
        else:
            self.query_one("#message-page", Document).focus()

    async def action_back(self) -> None:
        """One step back, at last to where one came from."""
        if self._browsing and self.stream is not None and self.stream.groups:
            self._browsing = False
            self._groups.focus()
            self._ask()
            return
        steps = (self._groups, self._consumers, self._entries)
        depth = self._depth()
        if depth == 0 or self._browsing:
            await super().action_back()
        else:
            steps[depth - 1].focus()

    def action_browse(self) -> None:
        """The newest entries of the stream, or the pending ones of the group again."""
        stream = self.stream
        self._browsing = not self._browsing or stream is None or not stream.groups
        self._show_consumers()
        self._ask()
        if self._browsing:
            self._entries.focus()
        else:
            self._groups.focus()

    def action_copy(self) -> None:
        """Copy the message as text."""
        page = self.query_one("#message-page", Document)
        self.dash.copy(
            "\n".join("".join(text for text, _ in para.parts) for para in page.paras), "the message"
        )
