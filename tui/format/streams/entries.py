"""Groups, consumers, pending entries and messages as lines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import (
    Consumer,
    Group,
    GroupJudgement,
    Message,
    PendingEntry,
    StreamJudgement,
    Verdict,
    id_age_ms,
    id_parts,
)
from tui.format.item import Cell, Column, Row
from tui.format.streams.actions import MANY_DELIVERIES
from tui.format.streams.body import preview
from tui.format.streams.listing import NO_JUDGEMENT, lag_cell, oldest_cell, pending_cell, verdict_cell
from tui.widgets.table.rows import LateRow

GROUP_COLUMNS = (
    Column("group", "GROUP", 14, flex=1, min_width=8),
    Column("consumers", "CONS", 4, align="right", priority=3),
    Column("lag", "LAG", 6, align="right"),
    Column("pending", "PEND", 5, align="right"),
    Column("oldest", "OLDEST", 6, align="right", priority=2),
    Column("rates", "IN/OUT", 9, align="right", priority=4, sortable=False),
    Column("verdict", "VERDICT", 18, flex=1, min_width=10),
)
CONSUMER_COLUMNS = (
    Column("consumer", "CONSUMER", 13, flex=1, min_width=8, max_width=26),
    Column("pending", "PEND", 5, align="right"),
    Column("idle", "IDLE", 6, align="right"),
    Column("inactive", "LAST DELIVERY", 13, align="right", priority=1),
    Column("liveness", "LIVENESS", 24, flex=3, min_width=14, sortable=False),
)
PENDING_COLUMNS = (
    Column("id", "ID", 18, min_width=15),
    Column("consumer", "CONSUMER", 12, flex=1, min_width=8, priority=2),
    Column("delivered", "DELIVERED", 9, align="right"),
    Column("age", "AGE", 6, align="right", priority=3),
    Column("times", "×", 3, align="right", priority=1),
    Column("data", "DATA", 14, flex=2, priority=4, sortable=False),
)
MESSAGE_COLUMNS = (
    Column("id", "ID", 18, min_width=15),
    Column("age", "AGE", 6, align="right", priority=1),
    Column("data", "DATA", 20, flex=1, sortable=False),
)


def group_row(group: Group, judgement: StreamJudgement, now: int) -> Row:
    """One group; formatted only when it is drawn, for a stream may have thousands."""
    cells, sort = partial(_group_cells, group, judgement, now), partial(_group_sort, group, judgement)
    return LateRow(group.name, cells, make_sort=sort)


def _group_sort(group: Group, judgement: StreamJudgement) -> tuple[object, ...]:
    judged = judgement.group(group.name) or NO_JUDGEMENT
    oldest = group.oldest_pending.idle_ms if group.oldest_pending else None
    return (
        as_text(group.name),
        len(group.consumers),
        group.lag.value,
        group.pending,
        oldest,
        None,
        judged.verdict.value,
    )


def _group_cells(group: Group, judgement: StreamJudgement, now: int) -> tuple[Cell, ...]:
    judged: GroupJudgement = judgement.group(group.name) or NO_JUDGEMENT
    oldest = group.oldest_pending.idle_ms if group.oldest_pending else None
    rates = f"{units.count(judgement.rate_in)}/{units.count(judged.rate_out)}"
    return (
        Cell(as_text(group.name), "bold"),
        _consumers_cell(group),
        lag_cell(group.lag, stopped=judged.verdict is Verdict.STOPPED),
        pending_cell(group.pending),
        oldest_cell(oldest),
        Cell(rates, "dim"),
        verdict_cell(judged, now),
    )


def _consumers_cell(group: Group) -> Cell:
    if not group.consumers_known:
        return Cell("?", "unknown")
    return Cell(str(len(group.consumers)), "" if group.consumers else "bad")


def consumer_rows(group: Group, liveness: Mapping[bytes, Liveness]) -> list[Row]:
    """All consumers together, then each with its liveness."""
    blank = (Cell(""), Cell(""), Cell(""))
    whole = (Cell("all consumers", "dim"), Cell(str(group.pending), "dim"), *blank)
    rows = (consumer_row(consumer, liveness.get(consumer.name)) for consumer in group.consumers)
    return [Row(key=None, cells=whole), *rows]


def consumer_row(consumer: Consumer, liveness: Liveness | None) -> Row:
    """One consumer. ``never``: nothing was delivered to it yet."""
    inactive = consumer.inactive_ms
    got = "never" if inactive is not None and inactive < 0 else units.age(inactive)
    cells = (
        Cell(as_text(consumer.name)),
        pending_cell(consumer.pending),
        Cell(units.age(consumer.idle_ms), "dim"),
        Cell(got, "dim"),
        liveness_cell(liveness, holds=consumer.pending > 0),
    )
    sort = (as_text(consumer.name), consumer.pending, consumer.idle_ms, inactive, None)
    return Row(key=consumer.name, cells=cells, sort=sort)


def liveness_cell(liveness: Liveness | None, *, holds: bool) -> Cell:
    """``● blocked in XREADGROUP now``, ``■ its process ended``, ``? …``; dim without pending entries."""
    if liveness is None:
        return Cell(units.UNKNOWN, "dim")
    if liveness.alive:
        return Cell(spans=(("● ", "good"), (liveness.detail, "dim")))
    if liveness.alive is False:
        return Cell(spans=(("■ ", "bad"), (liveness.detail, "bad" if holds else "dim")))
    if liveness.blocked is False:
        return Cell(spans=(("○ ", "warn" if holds else "dim"), (liveness.detail, "dim")))
    return Cell(spans=(("? ", "unknown"), (liveness.detail, "dim")))


def pending_row(entry: PendingEntry) -> Row:
    """One pending entry."""
    often = entry.deliveries > MANY_DELIVERIES
    data = (
        Cell("data deleted while pending", "unknown")
        if entry.gone
        else Cell(preview(entry.body or ()), "dim")
    )
    cells = (
        Cell(entry.id, "id"),
        Cell(as_text(entry.consumer)),
        Cell(units.age(entry.idle_ms), "warn"),
        Cell(units.age(entry.age_ms), "dim"),
        Cell(str(entry.deliveries), "bad" if often else "dim"),
        data,
    )
    sort = (
        _place(entry.id),
        as_text(entry.consumer),
        entry.idle_ms,
        entry.age_ms,
        entry.deliveries,
        None,
    )
    return Row(key=entry.id, cells=cells, sort=sort)


def message_row(message: Message, now: int, *, gone: bool = False) -> Row:
    """One entry of a stream; *gone*: it was trimmed since it was read."""
    age = id_age_ms(message.id, now)
    cells = (Cell(message.id, "id"), Cell(units.age(age), "dim"), Cell(preview(message.fields)))
    return Row(key=message.id, cells=cells, dim=gone, sort=(_place(message.id), age, None))


def _place(entry_id: str) -> int:
    """The id as one number, to sort by."""
    ms, seq = id_parts(entry_id)
    return (ms << 64) + seq
