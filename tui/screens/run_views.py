"""Which views of a run are shown: one of each deck, one deck alone where there is little room, one zoomed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.widgets.deck import Deck

if TYPE_CHECKING:
    from tui.screens.run_view import RunView

ZOOMS = ("-zoom-main", "-zoom-side")


def show(screen: RunView, view: str) -> None:
    """Show a view, and go to it."""
    deck: Deck = screen.main if view in screen.main.widgets else screen.side
    deck.current = view
    screen.set_class(deck is screen.side, "-side")
    if zoomed(screen):
        zoom(screen, deck)
    screen.call_after_refresh(deck.body.focus)


def following(screen: RunView) -> str:
    """The view after the one with the focus: of its deck; where one deck is shown at a time, of both."""
    deck: Deck = screen.side if screen.side.has_focus_within else screen.main
    views = list(deck.widgets)
    if screen.has_class("-narrow"):
        views = [*screen.main.widgets, *screen.side.widgets]
    return views[(views.index(deck.current) + 1) % len(views)]


def zoomed(screen: RunView) -> bool:
    """Whether one deck is shown alone."""
    return any(screen.has_class(name) for name in ZOOMS)


def zoom(screen: RunView, deck: Deck | None) -> None:
    """That deck alone, or everything again."""
    screen.set_class(deck is not None and deck is screen.main, "-zoom-main")
    screen.set_class(deck is not None and deck is screen.side, "-zoom-side")
    if deck is not None:
        screen.call_after_refresh(deck.body.focus)


def back(screen: RunView) -> bool:
    """Everything again, or the main deck again; False where there is nothing to go back from."""
    if zoomed(screen):
        zoom(screen, None)
    elif screen.has_class("-narrow") and screen.has_class("-side"):
        show(screen, screen.main.current)
    else:
        return False
    return True
