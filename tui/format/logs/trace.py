"""The trace of a correlation id: its lines and entries, by time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.logs.model import Level, LogLine, LogRing
from agentdash.core.queries import TraceFound
from agentdash.core.secrets.mask import masked_field
from agentdash.core.secrets.safe_text import as_text, safe_text
from agentdash.core.streams.model import Message
from agentdash.core.text import printable
from tui.widgets.cells import Part
from tui.widgets.document import Para
from tui.widgets.log.draw import clock

_FIELDS = 8
_VALUE = 80
_LEVELS = {Level.WARN: "warn", Level.ERROR: "bad", Level.FATAL: "bad bold"}


def lines_of(ring: LogRing, wanted: str) -> list[LogLine]:
    """The lines with an id, and those that continue them."""
    found: list[LogLine] = []
    heads: dict[str, int] = {}
    for line in ring:
        if line.continues is not None and heads.get(line.source) == line.continues:
            found.append(line)
        elif line.correlation_id == wanted or wanted in line.message:
            heads[line.source] = line.offset
            found.append(line)
        elif line.continues is None:
            heads.pop(line.source, None)
    return found


def page(
    wanted: str, lines: Iterable[LogLine], answer: TraceFound | str | None, zone: tzinfo | None
) -> list[Para]:
    """The page of a trace.

    Args:
        wanted: The id.
        lines: See `lines_of`.
        answer: The entries of streams; None while they are searched; a text where that failed.
        zone: Time zone of what is shown.
    """
    rows: list[tuple[int, Para]] = []
    at = 0
    for line in lines:
        if line.continues is None or not rows:
            at = line.seen_at if line.at is None else line.at
        rows.append((at, _line(line, at, zone)))
    counted = len(rows)
    if isinstance(answer, TraceFound):
        rows += [(_ms(message), _entry(name, message, zone)) for name, message in answer.entries]
    rows.sort(key=lambda row: row[0])
    head = Para(
        (
            (safe_text(wanted), "bold"),
            (f"  {units.plural(counted, 'line')} · {_searched(answer)}", "dim"),
        )
    )
    body = [para for _, para in rows] or [Para.of("no matches", "dim")]
    return [head, Para(), *body]


def _searched(answer: TraceFound | str | None) -> str:
    if answer is None:
        return "searching streams"
    if isinstance(answer, str):
        return safe_text(answer)
    read = (
        units.plural(answer.streams, "stream")
        if answer.streams == answer.of
        else f"{answer.streams} of {units.plural(answer.of, 'stream')}"
    )
    found = units.plural(len(answer.entries), "entry", "entries")
    return f"{found}, among the newest {answer.scanned} of {read}"


def _line(line: LogLine, at: int, zone: tzinfo | None) -> Para:
    if line.continues is not None:
        return Para.of(f"{'':13}  {line.message}", "dim", 15)
    style = _LEVELS.get(line.level, "") if line.level else ""
    level = line.level.upper() if line.level else ""
    service = safe_text(line.service or line.source)
    return Para(
        ((f"{clock(at, zone)} ", "dim"), (f"{service} ", "accent"), (f"{level} ", style), (line.message, "")),
        13,
    )


def _entry(name: bytes, message: Message, zone: tzinfo | None) -> Para:
    parts: list[Part] = [
        (f"{clock(_ms(message), zone)} ", "dim"),
        (f"▸ {as_text(name)} ", "spark"),
        (f"{message.id} ", "id"),
    ]
    for field, value in message.fields[:_FIELDS]:
        text = value[:4096].decode("utf-8", "backslashreplace")
        shown = printable(masked_field(as_text(field), text)[0])
        parts += [
            (f"{as_text(field)}=", "dim"),
            (f"{shown[:_VALUE]}{'…' if len(shown) > _VALUE else ''} ", ""),
        ]
    if len(message.fields) > _FIELDS:
        parts.append((f"+{units.plural(len(message.fields) - _FIELDS, 'more field')}", "dim"))
    return Para(tuple(parts), 13)


def _ms(message: Message) -> int:
    return int(message.id.partition("-")[0])
