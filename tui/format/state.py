"""The state of a pane: whether its data is loading, live, stale or missing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agentdash.core import units
from agentdash.core.snapshot import SourceHealth, SourceState
from agentdash.core.text import printable
from tui.widgets.document import Para


class PaneKind(StrEnum):
    """What a pane has to show."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"
    ERROR = "error"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class PaneState:
    """The notice of a pane and the end of its border.

    Attributes:
        kind: See `PaneKind`.
        notice: Above the data, or in its place; () for none.
        border: What the border says besides the summary, and how that is coloured.
        dim: Whether the data is drawn as something of the past.
        over: Whether the notice is above the data, not in its place.
    """

    kind: PaneKind
    notice: tuple[Para, ...] = ()
    border: tuple[str, str] = ("", "")
    dim: bool = False
    over: bool = False


LIVE = PaneState(PaneKind.LIVE)
_SOON_MS = 1000


def pane_state(
    health: SourceHealth | None,
    now: int,
    *,
    rows: int | None,
    empty: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> PaneState:
    """The state of a pane.

    Args:
        health: Of its source.
        now: Unix ms.
        rows: How many lines there are to show; None before the first data.
        empty: What is missing, and how to get something in.
        notes: What the data lacks, and why.
    """
    state = health.seen_at(now) if health else SourceState.LOADING
    age = health.age_ms(now) if health else None
    if state is SourceState.ERROR and health is not None:
        return _error(health, now, age, has_data=bool(rows))
    if state is SourceState.ABSENT and health is not None:
        return PaneState(PaneKind.EMPTY, _empty(health.error or empty[0], health.cure or empty[1]))
    if rows is None:
        return PaneState(PaneKind.LOADING, (Para.of("◌ reading …", "dim"),), ("loading", "dim"))
    if state is SourceState.STALE:
        notice: tuple[Para, ...] = ()
        if health is not None and health.error:
            notice = (Para.of(f"◌ {printable(health.error)}", "warn", hang=2),)
        return PaneState(PaneKind.STALE, notice, (f"stale, {units.age(age)} old", "warn"), dim=True)
    if rows == 0:
        return PaneState(PaneKind.EMPTY, (*_notes(notes), *_empty(*empty)))
    return PaneState(PaneKind.LIVE, _notes(notes), over=bool(notes))


def _notes(notes: tuple[str, ...]) -> tuple[Para, ...]:
    more = f" (and {len(notes) - 1} more)" if notes[1:] else ""
    return (Para.of(f"◌ {printable(notes[0])}{more}", "warn", hang=2),) if notes else ()


def _empty(what: str, how: str) -> tuple[Para, ...]:
    return (
        Para.of(f"○ {printable(what)}", "dim", hang=2),
        *((Para(((f"  {printable(how)}", "dim"),), hang=2),) if how else ()),
    )


def _soon(ms: int) -> str:
    """``in 4s``; what is due already waits for its turn, or is under way."""
    return f"in {units.age(ms)}" if ms >= _SOON_MS else "now"


def _error(health: SourceHealth, now: int, age: int | None, *, has_data: bool) -> PaneState:
    error = printable(health.error or "cannot be read")
    again = "" if health.retry_at is None else f"retry {_soon(health.retry_at - now)}"
    if has_data:
        notice = (Para(((f"✗ {error}", "bad"), (f" · {again}" if again else "", "dim")), hang=2),)
        return PaneState(PaneKind.ERROR, notice, (f"last read {units.age(age)} ago", "bad"), dim=True)
    notice = (
        Para.of(f"✗ {error}", "bad", hang=2),
        *((Para.of(f"  {printable(health.cure)}", "", hang=2),) if health.cure else ()),
        *((Para.of(f"  {again}", "dim"),) if again else ()),
    )
    return PaneState(PaneKind.ERROR, notice, ("error", "bad"))
