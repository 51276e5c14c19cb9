"""A screen of two decks: one view of each is shown; one deck alone where there is little room, or zoomed."""

from __future__ import annotations

from tui.screens.base import FactScreen
from tui.widgets.tabs import Deck

NARROW = 110
"""Columns below which one deck is shown at a time."""
ZOOMS = ("-zoom-main", "-zoom-side")


class TwoDecks(FactScreen):
    """What `main` and `side` show, and which of them."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    main: Deck
    side: Deck

    @property
    def zoomed(self) -> bool:
        """Whether one deck is shown alone."""
        return any(self.has_class(name) for name in ZOOMS)

    def zoom(self, deck: Deck | None) -> None:
        """That deck alone, or everything again."""
        self.set_class(deck is not None and deck is self.main, "-zoom-main")
        self.set_class(deck is not None and deck is self.side, "-zoom-side")
        if deck is not None:
            self.call_after_refresh(deck.body.focus)

    def action_show(self, view: str) -> None:
        """Show a view, and go to it."""
        deck = self.main if view in self.main.widgets else self.side
        deck.current = view
        self.set_class(deck is self.side, "-side")
        if self.zoomed:
            self.zoom(deck)
        self.call_after_refresh(deck.body.focus)

    def action_next_view(self) -> None:
        """The next view of the deck with the focus; where one deck is shown at a time, of both."""
        deck = self.side if self.side.has_focus_within else self.main
        views = list(deck.widgets)
        if self.has_class("-narrow"):
            views = [*self.main.widgets, *self.side.widgets]
        self.action_show(views[(views.index(deck.current) + 1) % len(views)])

    def action_zoom(self) -> None:
        """The deck with the focus alone, or everything again."""
        deck = self.side if self.side.has_focus_within else self.main
        self.zoom(None if self.zoomed else deck)

    async def action_back(self) -> None:
        """Everything again, or the main deck again, or to where one came from."""
        if self.zoomed:
            self.zoom(None)
        elif self.has_class("-narrow") and self.has_class("-side"):
            self.action_show(self.main.current)
        else:
            await super().action_back()
