"""Diagnostics (``:diag``): what this program itself costs, and how each of its sources is doing."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core.store import Store
from tui.dash import Dash
from tui.format import diag
from tui.screens.page import PageScreen
from tui.widgets.document import Para

TRAIL = ("Diagnostics",)


def diag_screen(dash: Dash) -> PageScreen:
    """The page of diagnostics."""

    def write(store: Store, now: int) -> Sequence[Para]:
        return diag.paras(dash.own, dash.engine.health, store, now)

    return PageScreen(TRAIL, write)
