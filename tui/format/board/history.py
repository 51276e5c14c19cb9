"""The last ten minutes of the fleet, as four lines."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.fleet_history import Course
from agentdash.core.store import Store
from tui.widgets.cells import sparkline, squeeze
from tui.widgets.document import Para

NAME_WIDTH = 13


def paras(store: Store, now: int, width: int) -> tuple[Para, ...]:
    """Errors, tokens and messages a minute, in *width* cells; a gap is where nothing was known."""
    history = store.history
    room = max(6, width - NAME_WIDTH - 7)
    return (
        _line("errors/min", history.errors, now, room, "bad"),
        _line("tokens/min", history.tokens, now, room, "unknown"),
        _line("messages/min", history.messages, now, room, "spark"),
        Para(((f"{'10 min ago':<{NAME_WIDTH}}{'now':>{room}}", "faint"),)),
    )


def _line(name: str, course: Course, now: int, room: int, style: str) -> Para:
    rate = course.per_minute(now)
    drawn = sparkline(squeeze(course.recent(now), room), room)
    number = units.count(rate)
    return Para(
        ((f"{name:<{NAME_WIDTH}}", "dim"), (drawn, style), (f"{number:>7}", style if rate else "dim"))
    )
