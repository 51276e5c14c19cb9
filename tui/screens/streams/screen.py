"""A stream in depth, with its keys: ways through it, and what can be done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from agentdash.core.links.related import LinkKind
from agentdash.core.text import decode
from tui.format import detail
from tui.format.streams import shape as stream_shape
from tui.format.streams.message import masked_copy
from tui.screens import connected
from tui.screens.page import PageScreen
from tui.screens.streams import navigation as stream_ways
from tui.screens.streams.action_table import ACTIONS
from tui.screens.streams.view import StreamView
from tui.widgets.document import Para


class StreamScreen(StreamView):
    """One stream. Enter goes one step in, Esc one step back."""

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
        Binding("l", "log", "Log", show=False, id="stream.log"),
        Binding("o", "repo", "Repo", show=False, id="stream.repo"),
        Binding("d", "details", "Details", show=False, id="stream.details"),
        Binding("y", "copy", "Copy", show=False, id="stream.copy"),
        Binding("m", "more", "More of long fields", show=False, id="stream.more"),
        Binding("escape", "back", "Back", id="screen.back"),
    ]

    CHANGES = frozenset({"act", "menu"})

    # What a person does

    async def action_back(self) -> None:
        """One step back, at last to where one came from."""
        if not stream_ways.back(self):
            await super().action_back()

    def action_browse(self) -> None:
        """The entries of the stream."""
        self.entries.show(self.entries.stream_entries)
        self.set_focus(self.entries.table)

    def action_pending(self) -> None:
        """The pending entries of the group again."""
        if (why := self.why_not("pending")) is not None:
            self.dash.say(why, good=False)
            return
        self.entries.show(self.entries.pending)
        self.set_focus(self.groups.table)

    def action_follow(self) -> None:
        """The newest entry, and stay there."""
        self.entries.follow()

    def action_goto(self) -> None:
        """Ask for an id or a time, and show what is there."""
        stream_ways.ask_place(self.dash, self.entries)

    def action_search(self) -> None:
        """Ask for a text, and look for it in the fields of all entries, newest first."""
        stream_ways.ask_text(self.dash, self.entries)

    def action_search_on(self) -> None:
        """Go on with a search that has paused."""
        if (why := self.why_not("search_on")) is not None:
            self.dash.say(why, good=False)
        else:
            self.entries.search_on()

    def action_trace(self) -> None:
        """All that logs and streams hold of the correlation id of the message."""
        if self.message.correlation:
            self.dash.trace(self.message.correlation[0])
        else:
            self.dash.say("this message carries no correlation id to trace", good=False)

    def action_log(self) -> None:
        """The log of who holds the message, else the lines that name it."""
        kinds = (LinkKind.SERVICE, LinkKind.LOG)
        connected.go_first(self.dash, self.links(), kinds, "no log is known that is about it")

    def action_repo(self) -> None:
        """The repository of who holds the message."""
        words = "the name of its consumer leads to no run or service that works in a repository"
        connected.go_first(self.dash, self.links(), (LinkKind.REPO,), words)

    def action_details(self) -> None:
        """All that is known of the stream: counts, ids, the shape of its entries, its groups."""

        def write(_store: object, now: int) -> Sequence[Para]:
            stream = self.stream
            if stream is None:
                return [Para.of("this stream is not there any more", "unknown")]
            facts = detail.stream(stream, self.judgement, now)
            return [*facts, Para(), *stream_shape.paras(stream)]

        self.dash.push_screen(PageScreen(("Streams", decode(self._key), "details"), write))

    def action_copy(self) -> None:
        """Copy the message as text."""
        self.dash.copy(masked_copy(self.message.page.paras), "the message")

    def action_more(self) -> None:
        """Show more of a message that is longer than what is shown of it."""
        if self.message.more():
            self._start_message()
        else:
            self.dash.say("there is no more of this message to show", good=False)

    # Changing it

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One key leads from the pending entries to the stream, and back."""
        if action in {"browse", "pending"}:
            return self.entries.shown.pending == (action == "browse")
        return super().check_action(action, parameters)

    def blocked(self) -> set[str]:
        """What cannot be done to what is selected."""
        actions = (*(f"act('{verb}')" for verb in ACTIONS), "pending", "search_on")
        return {action for action in actions if self.why_not(action) is not None}

    def hidden(self) -> set[str]:
        """What belongs to another kind of list than the one that is shown."""
        if self.entries.shown.pending:
            return {"follow", "goto", "search_on"}
        found = self.entries.shown is self.entries.found
        return {"act('acknowledge')", "act('claim')", *(() if found else ("search_on",))}

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, in words."""
        if action == "pending":
            return None if self.groups.table.row_count else "no group reads this stream: nothing is pending"
        if action == "search_on":
            return self.entries.why_no_search()
        verb = action.removeprefix("act('").removesuffix("')")
        return self.acts.why_not(verb) if self.ready and verb in ACTIONS else None

    def action_act(self, verb: str) -> None:
        """Ask for one of the actions."""
        self.acts.start(verb)

    def action_menu(self) -> None:
        """Show all actions."""
        self.acts.menu()

    def commands(self) -> Iterable[tuple[str, str, Callable[[], None]]]:
        """For the palette: title, help, what to call."""
        if self.dash.engine.read_only:
            return
        for verb, row in ACTIONS.items():
            why = self.acts.why_not(verb)
            key = f" ({row.key})" if row.key else ""
            help_text = f"not now: {why}" if why else f"in this stream{key}"
            yield row.label, help_text, partial(self.acts.start, verb)
