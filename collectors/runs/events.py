"""Reads the events of one run from any id, and reports trimmed ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from redis.exceptions import ResponseError

from agentdash.core.queries import RunEvents, RunEventsOf
from agentdash.core.runs.event import masked_event, parse_event
from agentdash.core.runs.model import RunEvent, RunKeys
from agentdash.core.runs.record import entry_key
from agentdash.server.client import UNREADABLE, source_error, url_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

LIMIT = 10_000
"""Events in one answer at most."""
_LAST_SEQUENCE = 2**64 - 1


async def read_events(client: Redis, keys: RunKeys, query: RunEventsOf) -> RunEvents:
    """Answer *query* in one round trip.

    Events are oldest first. Where the stream was trimmed past ``query.after``, `RunEvents.trimmed` is the
    first id that is left. Both are read in one transaction, so that no trim in between is missed.

    Raises:
        SourceError: when the server cannot be read.
    """
    count = max(1, min(query.count, LIMIT))
    key = keys.events(query.run_id)
    try:
        if query.before is not None:
            older = await client.xrevrange(key, max=_just_before(query.before), count=count)
            return RunEvents((await _parse(older))[::-1])
        if query.after is None:
            newest = await client.xrevrange(key, count=count)
            return RunEvents((await _parse(newest))[::-1])
        after = _plain(query.after)
        pipe = client.pipeline(transaction=True)
        pipe.execute_command("XINFO", "STREAM", key)
        pipe.xrange(key, _just_after(after), count=count)
        info, entries = await pipe.execute(raise_on_error=False)
    except UNREADABLE as error:
        raise source_error(error, url_of(client)) from error
    if isinstance(info, ResponseError) and "no such key" in str(info):
        return RunEvents(())
    for answer in (info, entries):
        if isinstance(answer, Exception):
            raise source_error(answer, url_of(client)) from answer
    events, trimmed = await _parse(entries), trimmed_past(info, after)
    return RunEvents(events, trimmed=events[0].id if trimmed and events else trimmed)


def trimmed_past(info: object, after: str) -> str | None:
    """An id that is left, if entries after *after* were removed; None while nothing is missing.

    Args:
        info: The reply to ``XINFO STREAM``, flat or as a mapping.
        after: The last id that the reader has read; ``0-0`` for none.

    Deleted entries show in ``max-deleted-entry-id`` (Redis 7.0), trimmed ones in a later first entry.
    Whether the missing ones were read is unknown, so a gap is reported unless nothing was ever removed.
    """
    known = _mapping(info)
    first = known.get("first-entry")
    last_id = _id(known.get("last-generated-id"))
    added, length = known.get("entries-added"), known.get("length")
    seen = entry_key(after)
    deleted = _id(known.get("max-deleted-entry-id"))
    if isinstance(added, int) and isinstance(length, int) and added == length:
        return None
    if not isinstance(first, list | tuple) or not first:
        return last_id if last_id is not None and entry_key(last_id) > seen else None
    first_id = _id(first[0])
    if first_id is None:
        return None
    if deleted is not None and entry_key(deleted) > seen:
        return first_id if entry_key(first_id) > seen else last_id
    gone = entry_key(first_id) > seen
    if gone and seen == (0, 0) and not isinstance(added, int):
        return None  # before Redis 7.0 it is unknown whether the first entry is the first ever
    return first_id if gone else None


async def _parse(entries: object) -> tuple[RunEvent, ...]:
    """Parse and mask entries in a thread: a page may have a megabyte."""
    found = cast("list[tuple[bytes, dict[bytes, bytes] | None]]", entries)
    return await asyncio.to_thread(_masked, found)


def _masked(found: list[tuple[bytes, dict[bytes, bytes] | None]]) -> tuple[RunEvent, ...]:
    return tuple(masked_event(parse_event(entry_id, fields or {})) for entry_id, fields in found)


def _plain(entry_id: str) -> str:
    """An id that Redis accepts; ``0-0`` for an invalid one."""
    ms, seq = entry_key(entry_id)
    return "0-0" if ms < 0 else f"{ms}-{seq}"


def _just_before(entry_id: str) -> str:
    """The greatest id below *entry_id*, for servers before 6.2, which have no exclusive bounds."""
    ms, seq = entry_key(entry_id)
    if ms < 0 or (ms, seq) == (0, 0):
        return "0-0"
    return f"{ms}-{seq - 1}" if seq else f"{ms - 1}-{_LAST_SEQUENCE}"


def _just_after(entry_id: str) -> str:
    ms, seq = entry_key(entry_id)
    return f"{ms}-{seq + 1}" if seq < _LAST_SEQUENCE else f"{ms + 1}-0"


def _mapping(info: object) -> dict[str, object]:
    if isinstance(info, Mapping):
        pairs = list(info.items())
    else:
        flat = cast("list[object]", info)
        pairs = list(zip(flat[::2], flat[1::2], strict=False))
    return {name.decode() if isinstance(name, bytes) else str(name): value for name, value in pairs}


def _id(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else None
