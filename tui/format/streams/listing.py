"""Streams and their groups as lines."""

from __future__ import annotations

from functools import partial
from heapq import nsmallest

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.model import (
    Group,
    GroupJudgement,
    Lag,
    LagGrade,
    Stream,
    StreamJudgement,
    Verdict,
)
from tui.format.item import Cell, Column, Item, ListingView, Row
from tui.format.streams.forecast import drains_cell, drains_value
from tui.widgets.cells import sparkline
from tui.widgets.table.rows import LateRow

COLUMNS = (
    Column("name", "STREAM · GROUP", 14, flex=1, min_width=12),
    Column("length", "LEN", 5, align="right", priority=3),
    Column("rates", "RATE", 8, priority=5, sortable=False),
    Column("rate", "/MIN", 5, align="right", priority=4),
    Column("lag", "LAG", 6, align="right", priority=0),
    Column("pending", "PEND", 4, align="right", priority=1),
    Column("oldest", "OLDEST", 6, align="right", priority=2),
    Column("verdict", "VERDICT", 14, flex=1, priority=0, min_width=10),
)
WIDE = (
    Column("name", "STREAM · GROUP", 20, flex=1, min_width=18),
    *COLUMNS[1:-1],
    Column("verdict", "VERDICT", 16, flex=1, min_width=15),
    Column("drains", "DRAINS", 6, align="right", priority=5),
    Column("cap", "CAP", 4, priority=6),
    Column("consumers", "CONS", 4, align="right", priority=6),
    Column("memory", "MEMORY", 7, align="right", priority=7),
    Column("fields", "FIELDS", 14, flex=1, priority=8, sortable=False),
)

VERDICTS = {
    Verdict.WATCHING: ("◌", "dim"),
    Verdict.OK: ("●", "good"),
    Verdict.SLOW: ("◐", "warn"),
    Verdict.STALLED: ("◐", "warn"),
    Verdict.STOPPED: ("■", "bad"),
    Verdict.REWOUND: ("◐", "warn"),
    Verdict.UNREAD: ("■", "bad"),
    Verdict.UNKNOWN: ("?", "unknown"),
}
_ORDER = [
    Verdict.STOPPED, Verdict.UNREAD, Verdict.STALLED, Verdict.REWOUND, Verdict.SLOW, Verdict.UNKNOWN,
    Verdict.WATCHING, Verdict.OK,
]  # fmt: skip
_PLACE = {verdict: place for place, verdict in enumerate(_ORDER)}
_TROUBLES = frozenset(_ORDER[:5])
NO_JUDGEMENT = GroupJudgement(Verdict.WATCHING)
MOST_GROUPS = 200
"""Groups of one stream that are listed under it, the worst ones; its own screen lists all."""
Judged = tuple[Group, GroupJudgement]
"""A group and its judgement."""


def missing(stream: Stream) -> str:
    """The text for unknown memory or fields: ``…`` while they were not read yet."""
    return units.UNKNOWN if stream.sampled or stream.error else "…"


def worst_group(stream: Stream, judgement: StreamJudgement) -> Judged | None:
    """The group with the worst verdict, with its judgement."""
    worst: Judged | None = None
    lowest = len(_ORDER)
    for group in stream.groups:
        judged = judgement.group(group.name) or NO_JUDGEMENT
        if (place := _PLACE[judged.verdict]) < lowest:
            worst, lowest = (group, judged), place
            if not place:
                break
    return worst


def troubled(worst: Judged | None) -> bool:
    """Whether the worst group has a problem."""
    return worst is not None and worst[1].verdict in _TROUBLES


def rank(stream: Stream, worst: Judged | None) -> int:
    """Sort key: streams that cannot be read first, then the worst."""
    if stream.error:
        return 0
    return len(_ORDER) if worst is None else _PLACE[worst[1].verdict]


def item(stream: Stream, judgement: StreamJudgement, now: int, view: ListingView) -> Item:
    """One stream; its groups below it if one has a problem, or if it was unfolded."""
    return item_of(stream, judgement, worst_group(stream, judgement), now, view, MOST_GROUPS)


def item_of(
    stream: Stream, judgement: StreamJudgement, worst: Judged | None, now: int, view: ListingView, most: int
) -> Item:
    """As `item`, with its *worst* group known and at *most* so many groups listed."""
    trouble = troubled(worst)
    unfolded = bool(stream.groups) and (trouble != (stream.name in view.toggled))
    row = LateRow(
        (stream.name,),
        partial(_cells, stream, judgement, worst, now, trouble, unfolded),
        make_sort=partial(_sort, stream, judgement, worst, unfolded),
    )
    groups, further = listed(stream, judgement, view.needle, most) if unfolded else ((), 0)
    return Item(
        row,
        (stream, None),
        problem=trouble or bool(stream.error),
        children=tuple(group_item(stream, group, judgement, now) for group in groups),
        more=_more_row(stream, further) if further else None,
        left_out=len(stream.groups) - len(groups) if unfolded else 0,
    )


def listed(
    stream: Stream, judgement: StreamJudgement, needle: str, most: int
) -> tuple[tuple[Group, ...], int]:
    """The groups that are listed under *stream*, and the number of further ones.

    All of them; of more than *most* the worst ones, of those with *needle* in their name, if any.
    """
    groups = stream.groups
    if len(groups) <= most:
        return groups, 0
    if folded := needle.casefold():
        groups = tuple(group for group in groups if folded in as_text(group.name).casefold()) or groups

    def place(group: Group) -> int:
        return _PLACE[(judgement.group(group.name) or NO_JUDGEMENT).verdict]

    chosen = tuple(nsmallest(most, groups, key=place)) if len(groups) > most else groups
    return chosen, len(groups) - len(chosen)


def _more_row(stream: Stream, further: int) -> Row:
    """The number of groups that are not listed."""
    name = Cell(f"  … {further:,} more", "dim")
    blank = (Cell(""),) * 6
    return Row(
        (stream.name, None), (name, *blank, Cell("Enter: all groups", "dim"), *(Cell(""),) * 5), depth=1
    )


def _cells(
    stream: Stream,
    judgement: StreamJudgement,
    worst: Judged | None,
    now: int,
    troubled: bool,
    unfolded: bool,
) -> tuple[Cell, ...]:
    """The cells of a stream."""
    mark = "▾" if unfolded else "▸" if stream.groups else " "
    count = f" ({len(stream.groups)})" if len(stream.groups) > 1 and not unfolded else ""
    lead = (
        Cell(
            spans=(
                (f"{mark} ", "dim"),
                (as_text(stream.name), "bold" if troubled else ""),
                (count, "dim"),
            )
        ),
        Cell(units.count(stream.length)),
        Cell(sparkline(judgement.rates, 8), "spark"),
        Cell(units.count(judgement.rate_in), "dim" if not judgement.rate_in else ""),
    )
    if stream.error:
        middle = (Cell("?", "unknown"), Cell("?", "unknown"), Cell(units.UNKNOWN, "dim"))
        verdict = Cell(f"? {stream.error}", "unknown")
    elif unfolded:
        middle, verdict = (Cell(""), Cell(""), Cell("")), Cell("")
    elif worst is None:
        middle = (Cell(units.UNKNOWN, "dim"), Cell(units.UNKNOWN, "dim"), Cell(units.UNKNOWN, "dim"))
        known = stream.groups_known
        verdict = Cell("○ no group", "dim") if known else Cell("? groups unknown", "unknown")
    else:
        middle, verdict = _folded(stream, worst), verdict_cell(worst[1], now)
    drains = Cell("")
    if worst is not None and not unfolded and not stream.error:
        drains = drains_cell(*worst, judgement.rate_in)
    tail = (
        drains,
        Cell(judgement.cap.value, "dim"),
        Cell(str(sum(len(group.consumers) for group in stream.groups)), "dim"),
        Cell(units.size(stream.memory_bytes) if stream.memory_bytes is not None else missing(stream), "dim"),
        Cell(" ".join(stream.fields or ()) or missing(stream), "dim"),
    )
    return (*lead, *middle, verdict, *tail)


def _sort(
    stream: Stream, judgement: StreamJudgement, worst: Judged | None, unfolded: bool
) -> tuple[object, ...]:
    """The raw values to sort a stream by."""
    values: tuple[object, ...] = (None, None, None, None)
    drains_in = None
    if stream.error:
        values = (None, None, None, "error")
    elif worst is None:
        values = (None, None, None, "no group" if stream.groups_known else None)
    elif not unfolded:
        _, lag, pending, oldest = _together(stream)
        values, drains_in = (lag.value, pending, oldest, worst[1].verdict.value), drains_value(*worst)
    return (as_text(stream.name), stream.length, None, judgement.rate_in, *values, drains_in)


def _together(stream: Stream) -> tuple[Group, Lag, int, int | None]:
    """All groups of a stream: the one with the greatest lag, that lag, all pending, the oldest in ms."""
    top = max(stream.groups, key=lambda group: -1 if group.lag.value is None else group.lag.value)
    unknown = next((group.lag for group in stream.groups if group.lag.value is None), None)
    pending = sum(group.pending for group in stream.groups)
    waits = [wait for group in stream.groups if (wait := _oldest_ms(group)) is not None]
    return top, unknown or top.lag, pending, max(waits, default=None)


def _folded(stream: Stream, worst: Judged) -> tuple[Cell, Cell, Cell]:
    """One line for all groups of a stream: the greatest lag, all pending, the oldest."""
    top, lag, pending, oldest = _together(stream)
    stopped = worst[1].verdict is Verdict.STOPPED and worst[0] is top
    return lag_cell(lag, stopped=stopped), pending_cell(pending), oldest_cell(oldest)


def group_item(stream: Stream, group: Group, judgement: StreamJudgement, now: int) -> Item:
    """One group as a line under its stream."""
    judged = judgement.group(group.name) or NO_JUDGEMENT
    row = LateRow((stream.name, group.name), partial(_group_line, group, judged, judgement, now), depth=1)
    return Item(row, (stream, group), problem=judged.verdict in _TROUBLES)


def _group_line(
    group: Group, judged: GroupJudgement, judgement: StreamJudgement, now: int
) -> tuple[Cell, ...]:
    return (
        Cell(f"  {as_text(group.name)}"),
        Cell(""),
        Cell(""),
        Cell(""),
        lag_cell(group.lag, stopped=judged.verdict is Verdict.STOPPED),
        pending_cell(group.pending),
        oldest_cell(_oldest_ms(group)),
        verdict_cell(judged, now),
        drains_cell(group, judged, judgement.rate_in),
        Cell(""),
        Cell(str(len(group.consumers)), "dim" if group.consumers else "bad"),
        Cell(""),
        Cell(judged.why, "dim"),
    )


def _oldest_ms(group: Group) -> int | None:
    return group.oldest_pending.idle_ms if group.oldest_pending else None


def lag_text(lag: Lag) -> str:
    """``212``, ``≥1.0k``, ``≈40`` or ``?``, by how well it is known."""
    if lag.value is None or lag.grade is LagGrade.UNKNOWN:
        return "?"
    mark = {LagGrade.BOUNDED: "≥", LagGrade.ESTIMATED: "≈"}.get(lag.grade, "")
    return f"{mark}{units.count(lag.value)}"


def lag_cell(lag: Lag, *, stopped: bool) -> Cell:
    """The lag, coloured by whether it is known, 0, and whether its group has stopped."""
    text = lag_text(lag)
    if text == "?":
        return Cell(text, "unknown")
    return Cell(text, "good" if lag.value == 0 else "bad bold" if stopped else "warn")


def pending_cell(pending: int) -> Cell:
    """Entries delivered and not acknowledged."""
    return Cell(units.count(pending), "warn" if pending else "dim")


def oldest_cell(oldest_ms: int | None) -> Cell:
    """Idle time of the oldest pending entry."""
    return Cell(units.age(oldest_ms), "" if oldest_ms else "dim")


def verdict_cell(judged: GroupJudgement, now: int) -> Cell:
    """Glyph and verdict, with its duration or forecast."""
    glyph, style = VERDICTS[judged.verdict]
    text = judged.verdict.value
    since = now - judged.since if judged.since is not None else None
    if judged.verdict in {Verdict.STOPPED, Verdict.STALLED} and since is not None and since >= 1000:
        text += f" {units.age(since)}"
    elif judged.verdict in {Verdict.SLOW, Verdict.OK} and judged.forecast_s:
        text = f"drains {units.coarse(judged.forecast_s * 1000)}"
    elif judged.verdict is Verdict.WATCHING and judged.window_s:
        text = f"watching {judged.window_s:.0f}s"
    return Cell(f"{glyph} {text}", f"{style} bold" if style == "bad" else style)
