"""A stream in depth: groups → consumers → entries → the message; charts; what can be done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from agentdash.core import units
from agentdash.core.commands import Outcome
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.stream_commands import SeenEntry
from agentdash.core.stream_ids import EXAMPLES, place
from agentdash.core.stream_queries import Rights, RightsOn
from agentdash.core.streams import Group, Stream, StreamJudgement
from agentdash.core.text import decode, printable
from tui.format import entries, stream_chart
from tui.format.state import LIVE, PaneKind, PaneState, pane_state
from tui.format.stream_message import masked_copy
from tui.screens.base import FactScreen
from tui.screens.stream_acts import ACTIONS, Selection, StreamActs
from tui.screens.stream_ask import Ask
from tui.screens.stream_lists import EntryList, FoundEntries, PendingEntries, StreamEntries
from tui.screens.stream_reading import MessageReader
from tui.widgets.document import Document, Para
from tui.widgets.pane import Pane
from tui.widgets.table import LineTable

NEAR = 10
"""Rows from the end of the list at which the next page is read."""
SHORT = 34
"""Lines of the terminal below which there is no room for charts."""


class StreamScreen(FactScreen):
    """One stream. Enter goes one step in, Esc one step back.

    Args:
        name: The key.
        group: The group to begin with, if any.
    """

    AUTO_FOCUS = "#groups-table"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "act('acknowledge')", "Acknowledge", id="pending.acknowledge"),
        Binding("C", "act('claim')", "Claim", id="pending.claim"),
        Binding("D", "act('delete')", "Delete", id="pending.delete"),
        Binding("full_stop", "menu", "Actions", key_display=".", id="stream.actions"),
        Binding("b", "browse", "Entries", id="stream.browse"),
        Binding("b", "pending", "Pending", id="stream.pending"),
        Binding("f", "follow", "Follow", id="stream.follow"),
        Binding("i", "goto", "Go to id or time", id="stream.goto"),
        Binding("slash", "search", "Search", id="stream.search"),
        Binding("n", "search_on", "Search on", id="stream.search_on"),
        Binding("t", "trace", "Trace", id="stream.trace"),
        Binding("y", "copy", "Copy", show=False, id="stream.copy"),
        Binding("escape", "back", "Back", id="screen.back"),
    ]

    def __init__(self, name: bytes, group: bytes | None = None) -> None:
        super().__init__()
        self._key = name
        self._wanted = group
        self._groups = LineTable(entries.GROUP_COLUMNS, id="groups-table")
        self._consumers = LineTable(entries.CONSUMER_COLUMNS, id="consumers-table")
        self._entries = LineTable(entries.PENDING_COLUMNS, id="entries-table")
        self._pending = PendingEntries(name)
        self._stream_entries = StreamEntries(name)
        self._found: FoundEntries | None = None
        self._shown: EntryList = self._pending
        self._wants: set[str] = set()
        self._asking = False
        self._failed = ""
        self._rights_asked = False

    def on_mount(self) -> None:
        """What needs the app."""
        self._acts = StreamActs(self.dash, self.selection, self._changed)
        self._message = MessageReader(self.dash)
        self._entries.marks_enabled = not self.dash.engine.read_only

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
    def entry(self) -> str | None:
        """Id of the entry under the cursor."""
        key = self._entries.cursor_key
        return key if isinstance(key, str) else None

    @property
    def shown(self) -> EntryList:
        """What the list of entries shows."""
        return self._shown

    def selection(self) -> Selection | None:
        """What an action would take: the marked entries, else the one under the cursor."""
        stream = self.stream
        if stream is None:
            return None
        marks = self._entries.marks
        ids = [str(row.key) for row in self._entries.rows if row.key in marks]
        if not ids and self.entry is not None:
            ids = [self.entry]
        held = self._pending.entries if self._shown.pending else {}
        chosen = tuple(
            SeenEntry(i, held[i].consumer, held[i].idle_ms) if i in held else SeenEntry(i) for i in ids
        )
        bodies = self._pending.bodies
        return Selection(stream, self.group, self.consumer, chosen, self._shown.pending, bodies)

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here, as far in as the focus is."""
        steps = ["Streams", decode(self._key)]
        depth = self._depth()
        if not self._shown.pending:
            steps.append("found" if self._shown is self._found else "entries")
        elif self.group is not None and depth >= 1:
            steps.append(decode(self.group.name))
            if depth >= 2:
                steps.append(decode(self.consumer) if self.consumer else "all consumers")
        if depth >= 3 and self.entry is not None:
            steps.append(self.entry)
        return tuple(steps)

    def _depth(self) -> int:
        order = ("groups-table", "consumers-table", "entries-table", "message-page")
        name = self.focused.id if self.focused else None
        return order.index(name) if name in order else 0

    # What it shows

    def body(self) -> Iterable[Widget]:
        """Groups, consumers, entries and charts at the left, the message at the right."""
        chart = Document(id="stream-lines")
        chart.can_focus = False
        with Vertical(id="stream-left"):
            yield Pane("Groups", self._groups, id="stream-groups")
            yield Pane("Consumers", self._consumers, id="stream-consumers")
            yield Pane("Pending", self._entries, id="stream-entries")
            yield Pane("Last 10 min", chart, id="stream-chart")
        yield Pane("Message", Document(id="message-page"), id="stream-message")

    def on_resize(self) -> None:
        """Charts only where there is room."""
        self.query_one("#stream-chart").display = self.app.size.height >= SHORT

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show groups, consumers and charts anew, and ask for the entries."""
        stream = self.stream
        groups = self.query_one("#stream-groups", Pane)
        if stream is None:
            gone = (Para.of("○ this stream is not there any more", "unknown"),)
            groups.state = PaneState(PaneKind.EMPTY, gone)
            return
        self._show_groups(groups, stream, now)
        if not stream.groups and self._shown.pending:
            self._show(self._stream_entries)
        self._show_consumers()
        self._show_chart(stream)
        if Topic.STREAMS in topics:
            self._ask("read")

    def _show_groups(self, pane: Pane, stream: Stream, now: int) -> None:
        judgement = self.judgement
        self._groups.set_rows([entries.group_row(group, judgement, now) for group in stream.groups])
        if self._wanted is not None and self._groups.move_to(self._wanted):
            self._wanted = None
            self._consumers.focus()
        nothing = ("no group reads this stream", "its entries are below; . makes a group")
        health = self.dash.store.health.get(Topic.STREAMS)
        pane.state = pane_state(health, now, rows=len(stream.groups), empty=nothing)
        pane.entitle(f"{decode(stream.name)} · {units.plural(len(stream.groups), 'group')}")
        cap = {"yes": "capped", "no": "not capped", "unknown": "cap unknown"}[judgement.cap.value]
        fields = f" · {units.plural(len(stream.fields), 'field')}" if stream.fields else ""
        rate = f"{units.count(judgement.rate_in)}/min"
        pane.summary = f"{units.count(stream.length)} entries · {rate} · {cap}{fields}"

    def _show_consumers(self) -> None:
        group = self.group
        pane = self.query_one("#stream-consumers", Pane)
        pane.display = group is not None and self._shown.pending
        if group is None:
            self._consumers.set_rows(())
            return
        self._consumers.set_rows(entries.consumer_rows(group))
        pane.entitle(f"Consumers of {decode(group.name)}")
        pane.summary = f"{len(group.consumers)}"
        nobody = (Para.of("■ no consumer has ever read in this group, or all were deleted", "bad"),)
        known = group.consumers or not group.consumers_known
        pane.state = LIVE if known else PaneState(PaneKind.LIVE, nobody, dim=True)

    def _show_chart(self, stream: Stream) -> None:
        pane, page = self.query_one("#stream-chart", Pane), self.query_one("#stream-lines", Document)
        if not pane.display or page.size.width <= 0:
            return
        group, courses = self.group, self.dash.store.courses
        of_group = courses.of_group(stream.name, group.name) if group is not None else None
        course = courses.of(stream.name)
        page.show(stream_chart.paras(stream, self.judgement, course, group, of_group, page.size.width))
        pane.entitle(f"{decode((group or stream).name)}, last 10 min")
        pane.state = LIVE

    # Reading

    def _ask(self, want: str) -> None:
        """Read what is looked at: ``read`` to bring it up to date, ``older`` or ``newer`` to read on."""
        self._wants.add(want)
        if not self._asking:
            self._asking = True
            self.run_worker(self._read(), name="entries", group="entries", exit_on_error=False)

    async def _read(self) -> None:
        try:
            while self._wants:
                wants, self._wants = self._wants, set()
                await self._read_once(wants)
        finally:
            self._asking = False

    async def _read_once(self, wants: set[str]) -> None:
        stream, ask = self.stream, self.dash.engine.ask
        if stream is None:
            return
        if self._shown.pending:
            self._pending.look_at(self.group.name if self.group else None, self.consumer)
        try:
            if "read" in wants:
                await self._shown.read(ask, stream)
            if isinstance(self._shown, StreamEntries):
                if "older" in wants:
                    await self._shown.older(ask)
                if "newer" in wants:
                    await self._shown.newer(ask)
            self._failed = ""
            await self._ask_rights()
        except SourceError as problem:
            self._failed = problem.message
        if self.is_mounted:
            self._show_entries()
            await self._read_message()

    async def _ask_rights(self) -> None:
        """Once: what the server's ACL forbids is greyed from the beginning."""
        if self._rights_asked or self.dash.engine.read_only:
            return
        self._rights_asked = True
        answer = await self.dash.engine.ask(RightsOn(self._key))
        if isinstance(answer, Rights):
            self._acts.rights = answer

    def _show(self, shown: EntryList) -> None:
        """Another kind of list."""
        if shown is not self._shown:
            self._shown = shown
            self._entries.clear_marks()
            self._entries.highlight = (
                self._found.needle if self._found is not None and shown is self._found else ""
            )
            self._entries.set_rows(())
            self._entries.set_columns(shown.columns)
            self._show_consumers()
            self._show_entries()
            self.refresh_bindings()
        self._ask("read")

    def _show_entries(self) -> None:
        stream, shown = self.stream, self._shown
        if stream is None or not self.is_mounted:
            return
        pane = self.query_one("#stream-entries", Pane)
        failed = (Para.of(f"✗ {printable(self._failed)}", "bad", hang=2),) if self._failed else ()
        rows = shown.rows(self.dash.now(), stream)
        follow = isinstance(shown, StreamEntries) and shown.following and self._entries.cursor_row <= 0
        self._entries.set_rows(rows)
        if follow and rows:
            self._entries.move_to(rows[0].key)
        pane.entitle(shown.title)
        pane.summary = shown.summary(stream)
        notice = failed or ((Para.of(shown.empty, "dim"),) if not rows else ())
        pane.state = PaneState(PaneKind.ERROR if failed else PaneKind.LIVE, notice, dim=bool(failed and rows))

    async def _read_message(self) -> None:
        entry_id, stream = self.entry, self.stream
        page, pane = self.query_one("#message-page", Document), self.query_one("#stream-message", Pane)
        pane.state = LIVE
        if entry_id is None or stream is None:
            pane.summary = ""
            page.show([Para.of("no entry is selected", "dim")])
            return
        pending = self._pending.entries.get(entry_id) if self._shown.pending else None
        group = self.group if self._shown.pending else None
        paras = await self._message.page(stream, entry_id, self._shown.message(entry_id), pending, group)
        if self.entry == entry_id and self.is_mounted:
            page.show(paras)
            pane.summary = "y copy · t trace" if self._message.correlation else "y copy"

    # What a person does

    def on_descendant_focus(self) -> None:
        """The trail goes as far in as the focus does."""
        self.call_after_refresh(lambda: self._draw_header(self.dash.now()))

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Another group, consumer or entry: show what belongs to it."""
        if message.table is self._groups:
            self._show_consumers()
            self._consumers.action_first()
            self._ask("read")
        elif message.table is self._consumers:
            self._ask("read")
        else:
            self._read_on()
            # A function, not its coroutine: the worker may be replaced before it begins.
            self.run_worker(
                self._read_message,  # type: ignore[arg-type] # mypy cannot choose between two kinds of work
                name="message",
                group="message",
                exclusive=True,
                exit_on_error=False,
            )
        self.call_after_refresh(self.draw_footer)

    def _read_on(self) -> None:
        """Near an end of the list: read on there. Away from the newest entry: hold."""
        shown, at = self._shown, self._entries.cursor_row
        if not isinstance(shown, StreamEntries) or not len(shown.window):
            return
        if at > 0 and shown.following:
            shown.following = False
            if (stream := self.stream) is not None:
                self.query_one("#stream-entries", Pane).summary = shown.summary(stream)
        if at >= self._entries.row_count - NEAR and not shown.window.at_oldest:
            self._ask("older")
        if at <= 0 and not shown.window.at_newest:
            self._ask("newer")

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: one step in."""
        if message.table is self._groups:
            self._show(self._pending)
            self._consumers.focus()
        elif message.table is self._consumers:
            self._entries.focus()
        else:
            self.query_one("#message-page", Document).focus()

    async def action_back(self) -> None:
        """One step back, at last to where one came from."""
        found, depth = self._found, self._depth()
        if found is not None and found.running:
            found.running = False
        elif depth == 3:
            self._entries.focus()
        elif found is not None and self._shown is found:
            self._found = None
            self._show(self._stream_entries)
        elif not self._shown.pending and self.stream is not None and self.stream.groups:
            self._show(self._pending)
            self._groups.focus()
        elif depth == 0 or not self._shown.pending:
            await super().action_back()
        else:
            (self._groups, self._consumers)[depth - 1].focus()

    def action_browse(self) -> None:
        """The entries of the stream."""
        self._show(self._stream_entries)
        self._entries.focus()

    def action_pending(self) -> None:
        """The pending entries of the group again."""
        self._show(self._pending)
        self._groups.focus()

    def action_follow(self) -> None:
        """The newest entry, and stay there."""
        shown = self._stream_entries
        shown.following = True
        shown.window.clear()
        self._show(shown)
        self._entries.focus()
        self._entries.action_first()

    def action_goto(self) -> None:
        """Ask for an id or a time, and show what is there."""
        now, zone = self.dash.now(), self.dash.zone

        def check(text: str) -> str | None:
            try:
                place(text, now, zone)
            except ValueError as problem:
                return str(problem)
            return None

        def take(text: str | None) -> None:
            if text is not None:
                self._show(self._stream_entries)
                self._entries.focus()
                self.run_worker(
                    self._go(place(text, now, zone)), group="goto", exclusive=True, exit_on_error=False
                )

        self.dash.push_screen(Ask("Go to which entry?", [Para.of(EXAMPLES, "dim", 2)], check=check), take)

    async def _go(self, where: str) -> None:
        shown = self._stream_entries
        shown.following = where == "+"
        try:
            entry_id = await shown.go(self.dash.engine.ask, where)
        except SourceError as problem:
            self.dash.say(problem.message, good=False)
            return
        self._show_entries()
        if entry_id is not None:
            self._entries.move_to(entry_id)

    def action_search(self) -> None:
        """Ask for a text, and look for it in the fields of all entries, newest first."""
        told = [Para.of("Held by a name, a value, or name=value; A–Z without regard to case.", "dim", 2)]
        value = self._found.needle if self._found else ""

        def take(text: str | None) -> None:
            if text:
                if self._found is not None:
                    self._found.running = False
                self._found = FoundEntries(self._key, text)
                self._show(self._found)
                self._entries.focus()
                self.action_search_on()

        self.dash.push_screen(Ask("Search for which text?", told, value=value), take)

    def action_search_on(self) -> None:
        """Go on with a search that has paused."""
        found = self._found
        if found is not None and not found.running and self._shown is found:
            self.run_worker(self._search(found), name="search", group="search", exit_on_error=False)

    async def _search(self, found: FoundEntries) -> None:
        def show() -> None:
            if self._shown is found:
                self._show_entries()
            else:
                found.running = False

        try:
            await found.search(self.dash.engine.ask, show)
        except SourceError as problem:
            self._failed = problem.message
            self._show_entries()

    def action_trace(self) -> None:
        """The log lines with the correlation id of the message."""
        if self._message.correlation:
            self.dash.trace(self._message.correlation[0])
        else:
            self.dash.say("this message carries no correlation id to trace", good=False)

    def action_copy(self) -> None:
        """Copy the message as text."""
        self.dash.copy(masked_copy(self.query_one("#message-page", Document).paras), "the message")

    # Changing it

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that belong to another kind of list are not there."""
        if action == "search_on":
            return self._shown is self._found
        if action in {"follow", "goto"}:
            return not self._shown.pending
        if action == "pending":
            return not self._shown.pending and bool(self._groups.row_count)
        if action == "browse" or (action == "act" and parameters[0] in {"acknowledge", "claim"}):
            return self._shown.pending
        return super().check_action(action, parameters)

    def blocked(self) -> set[str]:
        """What cannot be done to what is selected."""
        if not self.is_mounted:
            return set()
        return {f"act('{verb}')" for verb in ACTIONS if self._acts.why_not(verb) is not None}

    def action_act(self, verb: str) -> None:
        """Ask for one of the actions."""
        self._acts.start(verb)

    def action_menu(self) -> None:
        """Show all actions."""
        self._acts.menu()

    def commands(self) -> Iterable[tuple[str, str, Callable[[], None]]]:
        """For the palette: title, help, what to call."""
        for verb, (title, key, _) in ACTIONS.items():
            why = self._acts.why_not(verb)
            help_text = why or (f"in this stream ({key})" if key else "in this stream")
            yield title, help_text, partial(self._acts.start, verb)

    def _changed(self, outcome: Outcome) -> None:
        """Look again at once."""
        if self.is_mounted:
            if outcome.ok:
                self._entries.clear_marks()
            if not self._shown.pending and isinstance(self._shown, StreamEntries):
                self._shown.window.clear()
            self._ask("read")
            self.draw_footer()
