"""From any screen to the next thing that needs a person, and back with Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.fleet import attention
from agentdash.core.links.related import identity
from tui.screens.base import FactScreen
from tui.widgets.table.pane import ListPane

if TYPE_CHECKING:
    from tui.dash import Dash
    from tui.screens.board.board import Board


def show_next_attention(dash: Dash) -> None:
    """Show the next thing that needs a person over the screen one is at; Esc leads back to that.

    Pressed again, the one after it takes its place, so that it is one Esc still.
    """
    here = dash.screen
    needs = [
        (need, subject)
        for need in attention(dash.store, dash.now())
        if (subject := dash.store.record(need.topic, need.key))
    ]
    if not needs:
        dash.say("nothing needs you now", good=True)
        return
    shown = identity(getattr(here, "about", None))
    places = [identity(subject) for _, subject in needs]
    at = (places.index(shown) + 1) % len(needs) if shown in places else 0
    need, subject = needs[at]
    if places[at] == shown:
        dash.say("nothing else needs you now", good=True)
        return
    trail, again = getattr(here, "trail", ()), isinstance(here, FactScreen) and here.for_attention
    came_from = here.came_from if isinstance(here, FactScreen) and again else trail[-1] if trail else ""
    if again:
        dash.pop_screen()
    dash.open(subject)
    if isinstance(dash.screen, FactScreen):
        dash.screen.came_from, dash.screen.for_attention = came_from, True
    dash.say(f"{at + 1} of {len(needs)}: {need.why}", good=True)


def go_to_next(board: Board) -> bool:
    """Go to the next thing on *board* that needs a person; False where there is none."""
    needs = attention(board.dash.store, board.dash.now())
    if not needs:
        return False
    pane = board.current
    here = (pane.topic, pane.table.cursor_key if isinstance(pane, ListPane) else None)
    places = [(need.topic, need.key) for need in needs]
    at = (places.index(here) + 1) % len(places) if board.zoomed and here in places else 0
    board.go_to(*places[at])
    board.dash.say(f"{at + 1} of {len(places)}: {needs[at].why}", good=True)
    return True
