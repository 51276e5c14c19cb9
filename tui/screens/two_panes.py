"""A screen of two panes: one view of each is shown; one pane alone where there is little room, or zoomed."""

from __future__ import annotations

from tui.screens.base import FactScreen
from tui.widgets.tabs import TabGroup

NARROW = 110
"""Columns below which one pane is shown at a time."""
ZOOMS = ("-zoom-main", "-zoom-side")


class TwoPanes(FactScreen):
    """What `main` and `side` show, and which of them."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    main: TabGroup
    side: TabGroup

    @property
    def zoomed(self) -> bool:
        """Whether one pane is shown alone."""
        return any(self.has_class(name) for name in ZOOMS)

    def zoom(self, tabs: TabGroup | None) -> None:
        """That pane alone, or everything again."""
        self.set_class(tabs is not None and tabs is self.main, "-zoom-main")
        self.set_class(tabs is not None and tabs is self.side, "-zoom-side")
        if tabs is not None:
            self.call_after_refresh(tabs.body.focus)

    def action_show(self, view: str) -> None:
        """Show a view, and go to it."""
        tabs = self.main if view in self.main.widgets else self.side
        tabs.current = view
        self.set_class(tabs is self.side, "-side")
        if self.zoomed:
            self.zoom(tabs)
        self.call_after_refresh(tabs.body.focus)

    def action_next_view(self) -> None:
        """The next view of the tab group with the focus; where one pane is shown at a time, of both."""
        tabs = self.side if self.side.has_focus_within else self.main
        views = list(tabs.widgets)
        if self.has_class("-narrow"):
            views = [*self.main.widgets, *self.side.widgets]
        self.action_show(views[(views.index(tabs.current) + 1) % len(views)])

    def action_zoom(self) -> None:
        """The tab group with the focus alone, or everything again."""
        tabs = self.side if self.side.has_focus_within else self.main
        self.zoom(None if self.zoomed else tabs)

    async def action_back(self) -> None:
        """Everything again, or the main tabs again, or to where one came from."""
        if self.zoomed:
            self.zoom(None)
        elif self.has_class("-narrow") and self.has_class("-side"):
            self.action_show(self.main.current)
        else:
            await super().action_back()
