"""Navigation in a stream: go to a position, search, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.streams.ids import EXAMPLES, parse_position
from tui.screens.dialogs.prompt import Prompt
from tui.screens.streams.entries import EntryPane
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash
    from tui.screens.streams.view import StreamView


def back(screen: StreamView) -> bool:
    """Go one step back in *screen*; False at its first step."""
    pane, found, depth = screen.entries, screen.entries.found, screen.depth
    if found is not None and found.running:
        found.running = False
    elif depth == 3:
        screen.look_closer(False)
    elif pane.table.marks:
        pane.table.clear_marks()
    elif found is not None and pane.shown is found:
        pane.found = None
        pane.show(pane.stream_entries)
    elif not pane.shown.pending and screen.stream is not None and screen.stream.groups:
        pane.show(pane.pending)
        screen.set_focus(screen.groups.table)
    elif depth == 0 or not pane.shown.pending:
        return False
    else:
        screen.set_focus((screen.groups.table, screen.consumers.table)[depth - 1])
    return True


def ask_place(dash: Dash, pane: EntryPane) -> None:
    """Prompt for an id or a time, and go there."""
    now, zone = dash.now(), dash.zone

    def check(text: str) -> str | None:
        try:
            parse_position(text, now, zone)
        except ValueError as problem:
            return str(problem)
        return None

    def accept(text: str | None) -> None:
        if text is not None:
            pane.go(parse_position(text, now, zone))

    dash.push_screen(Prompt("Go to which entry?", [Para.of(EXAMPLES, "dim", 2)], check=check), accept)


def ask_text(dash: Dash, pane: EntryPane) -> None:
    """Prompt for a text, and search all entries for it, newest first."""
    hint = [Para.of("Matches a name, a value, or name=value; ignores the case of A–Z.", "dim", 2)]
    value = pane.found.needle if pane.found else ""

    def accept(text: str | None) -> None:
        if text:
            pane.search(text)

    dash.push_screen(Prompt("Search for which text?", hint, value=value), accept)
