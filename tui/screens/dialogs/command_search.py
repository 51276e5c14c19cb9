"""The command palette: Textual's own, but Enter selects by what was typed, not by what was listed before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Never

from textual import on
from textual.app import SystemCommand
from textual.command import CommandPalette, SearchIcon
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui.actions import actions_on, call, keyless, keys_of
from tui.screens.dialogs.help import MOVES
from tui.screens.dialogs.typed_ahead import TypedAhead
from tui.widgets.footer import key_name


class CommandSearch(CommandPalette, TypedAhead):
    """An Enter during the search is applied once the search has ended."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._looking: Worker[Never] | None = None
        self._entered = False

    def on_mount(self) -> None:
        """An icon of one cell that every font has."""
        self.query_one(SearchIcon).icon = "›"

    def _action_command_list(self, action: str) -> None:
        """Move in the list; Textual's own fails while the list is still empty."""
        with suppress(KeyError):
            super()._action_command_list(action)

    def _gather_commands(self, search_value: str) -> Worker[Never]:
        self._entered = False
        self._looking = super()._gather_commands(search_value)
        return self._looking

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Select now, or once the search for the typed text has ended."""
        event.prevent_default()
        event.stop()
        self._entered = self._looking is not None and not self._looking.is_finished
        if not self._entered:
            self._select_or_command()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Select the first result, if Enter was pressed."""
        if event.worker is self._looking and event.state is WorkerState.SUCCESS and self._entered:
            self._entered = False
            self._select_or_command()


def commands_of(screen: Screen[Any]) -> Iterator[SystemCommand]:
    """What can be done on *screen*, and on the app."""
    app = screen.app
    for node, action in (*actions_on(screen), *keyless(screen)):
        if action.verb in MOVES or action.id == "app.command":
            continue
        key = f" ({key_name(keys_of(node, action).split(',')[0])})" if action.key else ""
        why = action.why_not(node)
        about = f"not now: {why}" if why else action.id
        do = partial(app.call_later, app.run_action, call(action.id), node)
        yield SystemCommand(action.name + key, about, do)
