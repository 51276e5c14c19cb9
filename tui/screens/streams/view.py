"""The view of a stream: groups → consumers → entries → message; charts."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget

from agentdash.core.commands import Outcome
from agentdash.core.links import related
from agentdash.core.links.related import Link, StreamPlace
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import Topic
from agentdash.core.streams.model import Group, Stream, StreamJudgement
from tui.format.streams import shape as stream_shape
from tui.screens.base import FactScreen
from tui.screens.streams.actions import StreamActions
from tui.screens.streams.entries import EntryPane, ShownPart
from tui.screens.streams.message import MessagePane
from tui.screens.streams.rights import RightsPoll
from tui.screens.streams.selection import Selection
from tui.screens.streams.topology import ChartPane, ConsumersPane, GroupsPane
from tui.widgets.document import Document
from tui.widgets.table.table import LineTable

NARROW = 100
"""Columns below which an open message covers the screen."""
SHORT = 34
"""Lines of the terminal below which charts and schema are hidden."""


class StreamView(FactScreen):
    """The view of one stream.

    Args:
        place: The stream, and the selection in it to begin with.
    """

    AUTO_FOCUS = "#groups-table"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    def __init__(self, place: StreamPlace) -> None:
        super().__init__()
        self._key = place.stream
        self._wanted: StreamPlace | None = place if place.group is not None else None
        self._at_group: bytes | None = None
        self._read_now: str | None = None
        self.groups = GroupsPane()
        self.consumers = ConsumersPane()
        self.entries = EntryPane(place.stream, self._shown_part, self._read_beside)
        self.chart = ChartPane()
        self.message = MessagePane()

    def on_mount(self) -> None:
        """Create what needs the app."""
        self.rights_poll = RightsPoll(self.dash, self._key)
        self.stream_actions = StreamActions(self.dash, self.selection, self._changed, self.rights_poll)
        self.message.why_not = self.stream_actions.why_not
        self.entries.table.marks_enabled = not self.dash.engine.read_only

    # Subject

    @property
    def about(self) -> object:
        """Identity of its subject."""
        return StreamPlace(self._key)

    @property
    def stream(self) -> Stream | None:
        """Its newest record."""
        return self.dash.store.stream(self._key)

    @property
    def judgement(self) -> StreamJudgement:
        """Its newest judgement."""
        return self.dash.store.judgement(self._key)

    @property
    def group(self) -> Group | None:
        """The group under the cursor."""
        return self.dash.store.group(self._key, self.groups.current)

    @property
    def entry(self) -> str | None:
        """Id of the open entry, even if the list no longer has it; else of the one under the cursor."""
        return self._read_now or self.entries.current

    def _shown_part(self) -> ShownPart | None:
        stream = self.stream
        return ShownPart(stream, self.group, self.consumers.current) if stream is not None else None

    def selection(self) -> Selection | None:
        """What an action would apply to: the marked entries, else the one under the cursor."""
        part, pane = self._shown_part(), self.entries
        if part is None:
            return None
        liveness = self.rights_poll.liveness_of(part.group, self.judgement)
        return Selection(
            part.stream,
            part.group,
            part.consumer,
            pane.chosen(self._read_now),
            pane.shown.pending,
            pane.pending.bodies,
            liveness,
            left=self._read_now if self._read_now and not pane.holds(self._read_now) else None,
            gone=frozenset(entry.id for entry in pane.pending.entries.values() if entry.gone),
        )

    def links(self) -> list[Link]:
        """The owner of the message, its log lines, repository, findings; without one, of the group."""
        place = StreamPlace(self._key, self.groups.current, self.consumers.current, self.entry)
        held = self.entries.pending.entries if self.entries.shown.pending else {}
        entry = held.get(self.entry or "")
        holder = entry.consumer if entry is not None else self.consumers.current
        stream, group, store = self.stream, self.group, self.dash.store
        if holder is None and entry is None and stream is not None:
            return related.of_stream(store, stream, group)
        found = related.findings_on(store, self._key, group.name if group is not None else None)
        return [*related.of_message(store, place, holder, self.message.correlation), *found]

    @property
    def trail(self) -> tuple[str, ...]:
        """The breadcrumb, down to the focus."""
        steps = ["Streams", as_text(self._key)]
        depth, pane, group = self.depth, self.entries, self.group
        if not pane.shown.pending:
            steps.append("found" if pane.shown is pane.found else "entries")
        elif group is not None and depth >= 1:
            steps.append(as_text(group.name))
            if depth >= 2:
                consumer = self.consumers.current
                if consumer or depth == 2:
                    steps.append(as_text(consumer) if consumer else "all consumers")
        if depth >= 3 and self.entry is not None:
            steps.append(self.entry)
        return tuple(steps)

    @property
    def depth(self) -> int:
        """The level of the focus: 0 groups, 1 consumers, 2 entries, 3 message."""
        order = ("groups-table", "consumers-table", "entries-table", "message-page")
        name = self.focused.id if self.focused else None
        return order.index(name) if name in order else 0

    # Content

    def body(self) -> Iterable[Widget]:
        """Groups, consumers, entries and charts at the left, the message at the right."""
        shape = Document(id="stream-shape")
        shape.can_focus = False
        with Vertical(id="stream-left"):
            yield self.groups
            yield shape
            yield self.consumers
            yield self.entries
            yield self.chart
        yield self.message

    def on_resize(self) -> None:
        """Show charts and schema only where there is room."""
        self.chart.display = self.query_one("#stream-shape").display = self.app.size.height >= SHORT

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Update groups, consumers and charts, and read the entries."""
        stream = self.stream
        if stream is None:
            self.groups.gone()
            return
        self.groups.present(stream, self.judgement, self.dash.store.health.get(Topic.STREAMS), now)
        self._go_to_wanted()
        self.query_one("#stream-shape", Document).show(stream_shape.line(stream))
        if not stream.groups and self.entries.shown.pending:
            self.entries.show(self.entries.stream_entries)
        self._show_consumers()
        group, history = self.group, self.dash.store.stream_history
        of_group = history.group(stream.name, group.name) if group is not None else None
        self.chart.present(stream, self.judgement, history.stream(stream.name), group, of_group)
        if Topic.STREAMS in topics:
            self.entries.ask()

    def _show_consumers(self) -> None:
        group = self.group
        self.consumers.display = group is not None and self.entries.shown.pending
        self.consumers.present(group, self.rights_poll.liveness_of(group, self.judgement))

    def go_to(self, place: StreamPlace) -> None:
        """Select the group, consumer and entry of *place*, as far as they exist."""
        self._wanted = place
        self._go_to_wanted()

    def _go_to_wanted(self) -> None:
        wanted = self._wanted
        if wanted is None or not self.groups.table.move_to(wanted.group):
            return
        self._wanted, self._at_group = None, wanted.group
        self._show_consumers()
        if wanted.consumer is not None and self.consumers.table.move_to(wanted.consumer):
            self.set_focus(self.entries.table)
        else:
            self.set_focus(self.consumers.table)

    async def _read_beside(self) -> None:
        await self.rights_poll.read()
        if self.ready:
            self._show_consumers()

    async def _read_message(self) -> None:
        part, pane = self._shown_part(), self.entries
        holders = self.rights_poll.liveness_of(self.group, self.judgement)
        await self.message.read(part, self.entry, pane.shown, holders, lambda: self.entry)

    # Events

    def on_descendant_focus(self) -> None:
        """Update the breadcrumb; leaving the message closes it."""
        if self.depth == 3:
            self._read_now = self._read_now or self.entries.current
        elif self._read_now is not None:
            self._read_now = None
            self._start_message()
        self.call_after_refresh(lambda: self._draw_header(self.dash.now()))

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Show what belongs to the group, consumer or entry under the cursor."""
        if message.table is self.groups.table:
            self._show_consumers()
            if self.groups.current != self._at_group:
                self._at_group = self.groups.current
                self.consumers.table.action_first()
            self.entries.ask()
        elif message.table is self.consumers.table:
            self.entries.ask()
        else:
            self.entries.read_on()
            self._start_message()
        self.call_after_refresh(self.draw_footer)

    def on_entry_pane_listed(self) -> None:
        """Update the message after the list."""
        self._start_message()

    def on_entry_pane_turned(self) -> None:
        """Another kind of list has other actions."""
        self._show_consumers()
        self.refresh_bindings()

    def _start_message(self) -> None:
        # A function, not its coroutine: the worker may be replaced before it begins.
        self.run_worker(
            self._read_message,  # type: ignore[arg-type] # mypy cannot choose between two kinds of work
            name="message",
            group="message",
            exclusive=True,
        )

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: one level down."""
        if message.table is self.groups.table:
            self.entries.show(self.entries.pending)
            self.set_focus(self.consumers.table)
        elif message.table is self.consumers.table:
            self.set_focus(self.entries.table)
        else:
            self.look_closer(True)

    def look_closer(self, closer: bool) -> None:
        """Open the message, which stays open while the list moves; or go back to the entries."""
        if closer:
            self._read_now = self.entries.current
            self.entries.hold()
        self.set_class(closer, "-closer")
        self.set_focus(self.message.page if closer else self.entries.table)

    def _changed(self, outcome: Outcome) -> None:
        """Read again at once."""
        if self.ready:
            self.entries.changed(done=outcome.ok)
            self.draw_footer()
