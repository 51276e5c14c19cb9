"""Where Enter and links lead: from a record to the screen that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from agentdash.core.links.related import RunLog, StreamPlace, Trace
from tui.screens import factories
from tui.subjects import subject_of_record

if TYPE_CHECKING:
    from tui.dash import Dash

PLACES: dict[type, Callable[[Dash, Any], Screen[None]]] = {
    StreamPlace: factories.place_screen,
    RunLog: factories.run_log_screen,
    Trace: factories.trace_screen,
}
"""Targets of links that are no record of a subject."""


def screen_of(dash: Dash, target: object) -> Screen[None] | None:
    """The screen for *target*; None where there is none."""
    if (factory := PLACES.get(type(target))) is not None:
        return factory(dash, target)
    subject = subject_of_record(target)
    return subject.screen_of(dash, target) if subject is not None else None
