"""Ids of entries: their neighbours, and positions as typed by a person."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from agentdash.core.clock import local_time
from agentdash.core.streams.model import id_parts

_LAST = 2**64 - 1
_ID = re.compile(r"(\d{1,20})(?:-(\d{1,20}))?\Z")
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)(?:\s+ago)?\Z")
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z")
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?(?:Z|[+-]\d{2}:?\d{2})?\Z"
)

EXAMPLES = "1732112345118-0, 14:05, 2h (ago), 2026-01-31 14:05, first, last"


def before(entry_id: str) -> str | None:
    """The greatest id below *entry_id*; None below ``0-0``. Exclusive ranges need Redis 6.2."""
    ms, seq = id_parts(entry_id)
    if seq > 0:
        return f"{ms}-{seq - 1}"
    return f"{ms - 1}-{_LAST}" if ms > 0 else None


def after(entry_id: str) -> str | None:
    """The least id above *entry_id*; None above the greatest possible one."""
    ms, seq = id_parts(entry_id)
    if seq < _LAST:
        return f"{ms}-{seq + 1}"
    return f"{ms + 1}-0" if ms < _LAST else None


def parse_position(text: str, now: int, zone: tzinfo | None = None) -> str:
    """The id at the position *text*.

    Args:
        text: An id (``1732112345118-0``, or its time alone), a time of day (``14:05``; yesterday's if that is
            in the future), a date, a duration (``2h``: ago), ``first``, ``last``.
        now: Unix ms.
        zone: For times and dates without one; the local one by default.

    Returns:
        An id; ``-`` and ``+`` for the ends.

    Raises:
        ValueError: with a message for the person, when it is no position.
    """
    text = text.strip()
    lower = text.casefold()
    if lower in {"-", "first", "oldest", "start"}:
        return "-"
    if lower in {"+", "last", "newest", "end"}:
        return "+"
    if match := _ID.match(text):
        ms, seq = int(match[1]), int(match[2] or 0)
        if max(ms, seq) > _LAST:
            raise ValueError("an id has two numbers of at most 64 bits")
        return f"{ms}-{seq}"
    if match := _AGO.match(lower):
        ago = float(match[1]) * _UNIT_MS[match[2]]
        return f"{max(0, now - int(min(ago, now)))}-0"
    try:
        at = _moment(text, now, zone)
        since_1970 = None if at is None else int(at.timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as problem:
        raise ValueError(f"“{text}” is no time: {problem}") from problem
    if since_1970 is None:
        raise ValueError(f"“{text}” is no id and no time. Examples: {EXAMPLES}")
    return f"{max(0, since_1970)}-0"


def _moment(text: str, now: int, zone: tzinfo | None) -> datetime | None:
    today = local_time(now, zone)
    if today is None:
        return None
    if match := _CLOCK.match(text):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        at = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return at - timedelta(days=1) if at.timestamp() * 1000 > now else at
    if _DATE.match(text):
        at = datetime.fromisoformat(re.sub(r"[ T](\d):", r" 0\1:", text))
        return at if at.tzinfo else at.replace(tzinfo=today.tzinfo)
    return None
