"""The screen of one stream, with its actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from agentdash.core.links.related import LinkKind, Trace
from agentdash.core.secrets.safe_text import as_text
from tui.actions import ALWAYS, HIDDEN, Action, press
from tui.format import detail
from tui.format.streams import shape as stream_shape
from tui.format.streams.cost import name
from tui.format.streams.message import masked_copy
from tui.screens import connected
from tui.screens.base import BACK
from tui.screens.dialogs.menu import Choice, Menu
from tui.screens.page import PageScreen
from tui.screens.streams import navigation as stream_navigation
from tui.screens.streams.action_table import ACTIONS, StreamAction
from tui.screens.streams.selection import Scope
from tui.screens.streams.view import StreamView
from tui.widgets.document import Para


def _on_entries(screen: StreamScreen) -> bool:
    """Whether the list is not that of pending entries."""
    return not screen.entries.shown.pending


def _on_pending(screen: StreamScreen) -> bool:
    """Whether the list is that of pending entries."""
    return screen.entries.shown.pending


def _on_found(screen: StreamScreen) -> bool:
    """Whether the list has search results."""
    return screen.entries.shown is screen.entries.found


def _change(verb: str, row: StreamAction) -> Action[StreamScreen]:
    """The key or menu entry of *row*, which changes the stream."""
    scope = "pending" if row.scope in {Scope.PENDING, Scope.ENTRIES} else "stream"
    return Action(
        f"{scope}.{verb}",
        row.key,
        verb.capitalize(),
        lambda screen: screen.stream_actions.start(verb),
        title=row.label,
        footer=_on_pending if row.scope is Scope.PENDING else ALWAYS,
        changes_world=True,
        why_not=lambda screen: screen.why_not(verb),
    )


class StreamScreen(StreamView):
    """One stream. Enter goes one step in, Esc one step back."""

    WHERE = "a stream"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        *(_change(verb, row) for verb, row in ACTIONS.items()),
        Action("stream.actions", "full_stop", "Actions", "menu", changes_world=True),
        Action("stream.browse", "b", "Entries", "browse", visible=_on_pending),
        Action(
            "stream.pending",
            "b",
            "Pending",
            "pending",
            visible=_on_entries,
            why_not=lambda screen: screen.why_no_pending,
        ),
        Action("stream.follow", "f", "Follow", "follow", footer=_on_entries),
        Action("stream.goto", "i", "Go to id or time", "goto", footer=_on_entries),
        Action("stream.search", "slash", "Search", "search"),
        Action(
            "stream.search_on",
            "n",
            "Next match",
            lambda screen: screen.entries.search_on(),
            footer=_on_found,
            why_not=lambda screen: screen.entries.why_no_search(),
        ),
        Action("stream.trace", "t", "Trace", "trace"),
        Action("stream.log", "l", "Log", "log", footer=HIDDEN),
        Action("stream.repo", "o", "Repo", "repo", footer=HIDDEN),
        Action("stream.details", "d", "Details", "details", footer=HIDDEN),
        Action("stream.copy", "y", "Copy", "copy", footer=HIDDEN),
        Action("stream.more", "m", "More of long fields", "more", footer=HIDDEN),
        BACK,
    )

    # Actions

    async def action_back(self) -> None:
        """One step back; from the first one to the previous screen."""
        if not stream_navigation.back(self):
            await super().action_back()

    def action_browse(self) -> None:
        """Show the entries of the stream."""
        self.entries.show(self.entries.stream_entries)
        self.set_focus(self.entries.table)

    def action_pending(self) -> None:
        """Show the pending entries of the group."""
        self.entries.show(self.entries.pending)
        self.set_focus(self.groups.table)

    def action_follow(self) -> None:
        """Follow the newest entry."""
        self.entries.follow()

    def action_goto(self) -> None:
        """Prompt for an id or a time, and go there."""
        stream_navigation.ask_place(self.dash, self.entries)

    def action_search(self) -> None:
        """Prompt for a text, and search all entries for it, newest first."""
        stream_navigation.ask_text(self.dash, self.entries)

    def action_trace(self) -> None:
        """Trace the correlation id of the message through logs and streams."""
        if self.message.correlation:
            self.dash.open(Trace(self.message.correlation[0]))
        else:
            self.dash.say("this message has no correlation id", good=False)

    def action_log(self) -> None:
        """The log of the owner of the message, else the lines that name it."""
        kinds = (LinkKind.SERVICE, LinkKind.LOG)
        connected.go_first(self.dash, self.links(), kinds, "no log found for it")

    def action_repo(self) -> None:
        """The repository of the owner of the message."""
        words = "no run or service of its consumer works in a repository"
        connected.go_first(self.dash, self.links(), (LinkKind.REPO,), words)

    def action_details(self) -> None:
        """The details of the stream: counts, ids, schema, groups."""

        def write(_store: object, now: int) -> Sequence[Para]:
            stream = self.stream
            if stream is None:
                return [Para.of("this stream no longer exists", "unknown")]
            facts = detail.stream(stream, self.judgement, now)
            return [*facts, Para(), *stream_shape.paras(stream)]

        self.dash.push_screen(PageScreen(("Streams", as_text(self._key), "details"), write))

    def action_copy(self) -> None:
        """Copy the message as text."""
        self.dash.copy(masked_copy(self.message.page.paras), "the message")

    def action_more(self) -> None:
        """Show more of a long message."""
        if self.message.more():
            self._start_message()
        else:
            self.dash.say("the message is shown in full", good=False)

    # Changes

    @property
    def why_no_pending(self) -> str | None:
        """Why there are no pending entries to show; None where there may be."""
        return None if self.groups.table.row_count else "no group reads this stream: no pending entries"

    def why_not(self, verb: str) -> str | None:
        """Why that change is not possible now; None where it is."""
        return self.stream_actions.why_not(verb) if self.ready else None

    def action_menu(self) -> None:
        """Show the menu of all changes."""
        choices = [
            Choice(action.id, action.name, action.key, action.why_not(self))
            for action in self.actions.values()
            if action.changes_world and action.id != "stream.actions"
        ]

        async def chosen(action_id: str | None) -> None:
            if action_id is not None:
                await press(self, action_id)

        self.dash.push_screen(Menu(f"Actions on {name(self._key)}", choices), chosen)
