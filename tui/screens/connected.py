"""Follows links between records: run, message, process, log, repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentdash.core.links.related import Link, LinkKind, StreamPlace, identity, unique
from tui.screens.dialogs.menu import Choice, Menu

if TYPE_CHECKING:
    from tui.dash import Dash


def choose(dash: Dash, links: Sequence[Link]) -> None:
    """Follow the only link, or let the person choose."""
    found = unique(links)
    if not found:
        dash.say("nothing related found", good=False)
    elif len(found) == 1:
        follow(dash, found[0])
    else:

        def chosen(number: str | None) -> None:
            if number is not None:
                follow(dash, found[int(number)])

        lines = [
            Choice(str(number), f"{link.kind.value:<9}{link.title}", note=link.why)
            for number, link in enumerate(found)
        ]
        dash.push_screen(Menu("Related", lines), chosen)


def go_first(dash: Dash, links: Sequence[Link], kinds: Sequence[LinkKind], missing: str) -> None:
    """Go to the first link of the first of *kinds* that there is one of; else say *missing*."""
    for kind in kinds:
        for link in links:
            if link.kind is kind:
                follow(dash, link)
                return
    dash.say(missing, good=False)


def follow(dash: Dash, link: Link) -> None:
    """Open the target of *link*; go back where that is the screen below."""
    here, target = dash.screen, link.target
    about: object = StreamPlace(target.stream) if isinstance(target, StreamPlace) else target
    below = dash.screen_stack[-2] if len(dash.screen_stack) > 1 else None
    shown = getattr(below, "about", None)
    if below is not None and shown is not None and identity(shown) == identity(about):
        dash.pop_screen()
        if isinstance(target, StreamPlace) and target.group is not None and hasattr(below, "go_to"):
            below.go_to(target)
        return
    dash.open(target)
    if dash.screen is not here and hasattr(dash.screen, "came_from"):
        trail = getattr(here, "trail", ())
        dash.screen.came_from = trail[-1] if trail else "Overview"
