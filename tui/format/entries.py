"""Consumers, pending entries and messages as lines, and a message as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable

from agentdash.core import units
from agentdash.core.streams import (
    Consumer,
    Group,
    GroupJudgement,
    Message,
    PendingEntry,
    Stream,
    StreamJudgement,
)
from agentdash.core.text import decode, printable
from tui.format.item import Cell, Column, Row
from tui.format.streams import NO_JUDGEMENT, lag_cell, oldest_cell, pending_cell, verdict_cell
from tui.widgets.document import Para, field

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
    Column("consumer", "CONSUMER", 16, flex=1, min_width=8),
    Column("pending", "PEND", 5, align="right"),
    Column("idle", "IDLE", 6, align="right"),
    Column("inactive", "LAST GOT", 8, align="right", priority=1),
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
MANY_DELIVERIES = 3
LONG_JSON = 20_000


def group_row(group: Group, judgement: StreamJudgement, now: int) -> Row:
    """One group."""
    judged: GroupJudgement = judgement.group(group.name) or NO_JUDGEMENT
    oldest = group.oldest_pending.idle_ms if group.oldest_pending else None
    rates = f"{units.count(judgement.rate_in)}/{units.count(judged.rate_out)}"
    cells = (
        Cell(decode(group.name), "bold"),
        Cell(str(len(group.consumers)), "" if group.consumers else "bad"),
        lag_cell(group.lag),
        pending_cell(group.pending),
        oldest_cell(oldest),
        Cell(rates, "dim"),
        verdict_cell(judged, now),
    )
    sort = (
        decode(group.name),
        len(group.consumers),
        group.lag.value,
        group.pending,
        oldest,
        None,
        judged.verdict.value,
    )
    return Row(key=group.name, cells=cells, sort=sort)


def consumer_rows(group: Group) -> list[Row]:
    """All consumers together, then each."""
    whole = (Cell("all consumers", "dim"), Cell(str(group.pending), "dim"), Cell(""), Cell(""))
    return [Row(key=None, cells=whole), *(consumer_row(consumer) for consumer in group.consumers)]


def consumer_row(consumer: Consumer) -> Row:
    """One consumer. ``never`` is the server's own word for a consumer that was given nothing yet."""
    inactive = consumer.inactive_ms
    got = "never" if inactive is not None and inactive < 0 else units.age(inactive)
    cells = (
        Cell(decode(consumer.name)),
        pending_cell(consumer.pending),
        Cell(units.age(consumer.idle_ms), "dim"),
        Cell(got, "dim"),
    )
    sort = (decode(consumer.name), consumer.pending, consumer.idle_ms, inactive)
    return Row(key=consumer.name, cells=cells, sort=sort)


def pending_row(entry: PendingEntry) -> Row:
    """One pending entry."""
    often = entry.deliveries > MANY_DELIVERIES
    data = (
        Cell("data gone: deleted while pending", "unknown")
        if entry.gone
        else Cell(preview(entry.body or ()), "dim")
    )
    cells = (
        Cell(entry.id, "id"),
        Cell(decode(entry.consumer)),
        Cell(units.age(entry.idle_ms), "warn"),
        Cell(units.age(entry.age_ms), "dim"),
        Cell(str(entry.deliveries), "bad" if often else "dim"),
        data,
    )
    sort = (entry.id, decode(entry.consumer), entry.idle_ms, entry.age_ms, entry.deliveries, None)
    return Row(key=entry.id, cells=cells, sort=sort)


def message_row(message: Message) -> Row:
    """One entry of a stream."""
    cells = (Cell(message.id, "id"), Cell(units.age(message.age_ms), "dim"), Cell(preview(message.fields)))
    return Row(key=message.id, cells=cells, sort=(message.id, message.age_ms, None))


def preview(body: Iterable[tuple[bytes, bytes]]) -> str:
    """The fields in one line."""
    return " ".join(f"{decode(name[:40])}={decode(value[:60])}" for name, value in list(body)[:8])


def message_page(
    stream: Stream, entry_id: str, message: Message | None, pending: PendingEntry | None, group: bytes | None
) -> list[Para]:
    """One entry in depth: who holds it, since when, what is in it, and the commands to see it oneself."""
    page = [Para.of(entry_id, "id")]
    age = message.age_ms if message else pending.age_ms if pending else None
    page.append(
        Para.of(f"added {units.age(age)} ago" if age is not None else "its id is no time: age unknown", "dim")
    )
    if pending is not None:
        times = "once" if pending.deliveries == 1 else f"{pending.deliveries} times"
        held = f"delivered {times}, last {units.age(pending.idle_ms)} ago to {decode(pending.consumer)}"
        page.append(Para.of(held, "bad" if pending.deliveries > MANY_DELIVERIES else ""))
        if pending.deliveries > MANY_DELIVERIES:
            page.append(Para.of("delivered again and again: likely a poison message", "warn"))
    page.append(Para())
    if message is None:
        page.append(Para.of("its data is no longer in the stream; XACK takes it off the list", "unknown"))
    else:
        for name, value in message.fields:
            page += value_paras(decode(name), value)
    key = _quoted(stream.name)
    page += [
        Para(),
        Para.of("See it yourself", "bold"),
        Para.of(f"XRANGE {key} {entry_id} {entry_id}", "dim"),
    ]
    if group is not None:
        page.append(Para.of(f"XPENDING {key} {_quoted(group)} {entry_id} {entry_id} 1", "dim"))
    return page


def _quoted(name: bytes) -> str:
    text = decode(name)
    return (
        text
        if text.replace("-", "").replace("_", "").replace(":", "").replace(".", "").isalnum()
        else json.dumps(text)
    )


def value_paras(name: str, value: bytes) -> list[Para]:
    """One field: JSON folded out and coloured, bytes that are no text as hex, the rest as it is."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        shown = value[:256].hex(" ")
        return [field(name, f"{len(value)} bytes: {shown}{' …' if len(value) > 256 else ''}", "dim")]
    if text[:1] in "{[" and len(text) <= LONG_JSON:
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if isinstance(data, (dict, list)):
            return [Para(((f"{name} ", "dim"), ("▾", "dim"))), *json_paras(data)]
    return [field(name, printable(text))]


def json_paras(data: object) -> list[Para]:
    """JSON, one line a value, keys and values told apart by colour."""
    page = []
    for line in json.dumps(data, indent=2, ensure_ascii=False).splitlines():
        body = line.lstrip()
        indent = " " * (len(line) - len(body))
        key, colon, rest = body.partition('": ')
        if colon and body.startswith('"'):
            page.append(
                Para(
                    ((f"  {indent}", ""), (printable(key) + '"', "info"), (": ", "dim"), _value(rest)), hang=4
                )
            )
        else:
            page.append(Para(((f"  {indent}", ""), _value(body)), hang=4))
    return page


def _value(text: str) -> tuple[str, str]:
    first = text[:1]
    style = "good" if first == '"' else "dim" if first in "{}[]" else "unknown"
    return printable(text), style
