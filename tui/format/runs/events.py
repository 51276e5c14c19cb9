"""The events of a run as lines, and one of them as a page."""

from __future__ import annotations

import json
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.clock import time_text
from agentdash.core.runs import event as ev
from agentdash.core.runs.activity import event_line
from agentdash.core.runs.model import RunEvent
from agentdash.core.text import printable
from tui.format.item import Cell, Column, Row
from tui.widgets.document import Para, field

COLUMNS = (
    Column("at", "TIME", 8, sortable=False),
    Column("turn", "TURN", 4, align="right", priority=1, sortable=False),
    Column("type", "EVENT", 20, priority=2, sortable=False),
    Column("what", "WHAT", 20, flex=1, min_width=12, sortable=False),
)
_STYLES = {
    ev.RUN_FAILED: "bad",
    ev.RUN_CANCELLED: "bad",
    ev.RUN_CANCELLING: "warn",
    ev.RUN_COMPLETED: "good",
    ev.RUN_PAUSED: "warn",
    ev.RUN_PAUSING: "warn",
    ev.COMPLETION: "good",
    ev.DROPPED: "warn",
    ev.OUTPUT: "dim",
    ev.TOKEN_USAGE: "dim",
    ev.LOG_UPDATED: "dim",
}
_MOST_CHARACTERS = 64 * 1024
"""Characters of a payload that a page shows at most."""
_MOST = 2000
"""Lines of a payload that a page shows at most."""


def clock(ms: int | None, zone: tzinfo | None) -> str:
    """``14:27:55``; empty where unknown, ``out of range`` for an impossible time."""
    return "" if ms is None else time_text(ms, zone)


def _time(event: RunEvent, zone: tzinfo | None) -> str:
    return OUT_OF_RANGE if event.at_out_of_range else clock(event.at, zone)


def style_of(event: RunEvent) -> str:
    """The style of an event: dim for frequent ones, loud for the end of a run and failures."""
    if event.type == ev.TESTS_COMPLETED and event.data.get("failed"):
        return "warn"
    if event.type == ev.TURN_COMPLETED and event.data.get("exitCode") not in (None, 0):  # may be a list
        return "bad"
    return _STYLES.get(event.type, "")


def event_row(event: RunEvent, zone: tzinfo | None, folder: str | None = None) -> Row:
    """One event as a row; paths below *folder* are relative to it."""
    style = style_of(event)
    what = event_line(event)
    if folder:
        what = what.replace(f"{folder.rstrip('/')}/", "")
    cells = (
        Cell(_time(event, zone), "dim"),
        Cell("" if event.turn is None else str(event.turn), "dim"),
        Cell(printable(event.type), style or "info"),
        Cell(what, style),
    )
    return Row(key=event.id, cells=cells)


def event_page(event: RunEvent, zone: tzinfo | None) -> list[Para]:
    """One event with its whole payload."""
    page = [
        field("event", printable(event.type), "info"),
        field("id", event.id, "id"),
        field("time", _time(event, zone) or units.UNKNOWN),
        field("turn", units.UNKNOWN if event.turn is None else str(event.turn)),
        Para(),
    ]
    text = event.data.get("text")
    if isinstance(text, str):
        page += [Para.of(printable(line)) for line in text[:_MOST_CHARACTERS].splitlines()[:_MOST]]
        page.append(Para())
    rest = {name: value for name, value in event.data.items() if name != "text"}
    if rest:
        page += [Para.of(printable(line)) for line in _as_json(rest).splitlines()[:_MOST]]
    return page


def _as_json(data: object) -> str:
    """*data* as indented JSON, cut to `_MOST_CHARACTERS`."""
    pieces: list[str] = []
    left = _MOST_CHARACTERS
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False, default=str).iterencode(data):
        pieces.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            return "".join((*pieces, "\n… (truncated)"))
    return "".join(pieces)
