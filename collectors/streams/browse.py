"""Entries of a stream of any size: pages of them, and a search. Bounded in entries and bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from redis.exceptions import ResponseError

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.entry_window import size
from agentdash.core.streams.ids import after, before
from agentdash.core.streams.model import Message
from agentdash.core.streams.queries import (
    EntriesFrom,
    EntryPage,
    Holder,
    Holders,
    HoldersOf,
    RightsOn,
    SearchEntries,
    SearchPage,
    StreamAnswer,
    StreamQuery,
)
from collectors.streams.detail import checked_reply, messages_in
from collectors.streams.read import PER_WRITE, Reads
from collectors.streams.replies.full import pending_line
from collectors.streams.rights import rights

if TYPE_CHECKING:
    from redis.asyncio import Redis

FIRST = 16
"""Entries of the first read: their size is unknown before."""
MOST_AT_ONCE = 500
BYTES_AT_ONCE = 1024 * 1024
"""Bytes read at once, about: parsing blocks the event loop, and other clients wait for it."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one answer; a page may be shorter because of it."""
MOST_FOUND = 200


async def answer(client: Redis, query: StreamQuery, now: int) -> StreamAnswer:
    """Answer *query*.

    Raises:
        SourceError: when the stream may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    match query:
        case EntriesFrom():
            return await page(client, query, now)
        case SearchEntries():
            return await search(client, query, now)
        case HoldersOf():
            return await holders(client, query)
        case RightsOn():
            return await rights(client, query)


async def page(client: Redis, query: EntriesFrom, now: int) -> EntryPage:
    """Entries from one on, in one direction.

    Raises:
        SourceError: when the stream may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    found: list[Message] = []
    read = 0
    async for entries, ended in _pieces(client, query, now):
        found += entries
        read += sum(map(size, entries))
        if ended:
            return EntryPage(tuple(found), more=False)
        if read >= MOST_BYTES:
            break
    return EntryPage(tuple(found), more=True)


async def search(client: Redis, query: SearchEntries, now: int) -> SearchPage:
    """Entries with a text in a field, newest first, for one step of a search.

    Raises:
        SourceError: when the stream may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    needle = query.needle.encode("utf-8", "surrogateescape").lower()
    found: list[Message] = []
    scanned, read = 0, 0
    last: str | None = None
    every = EntriesFrom(query.stream, query.start, True, query.scan)
    async for entries, ended in _pieces(client, every, now):
        scanned += len(entries)
        read += sum(map(size, entries))
        found += (entry for entry in entries if holds(entry, needle))
        if ended:
            return SearchPage(tuple(found), scanned, None)
        last = entries[-1].id
        if read >= MOST_BYTES or len(found) >= MOST_FOUND:
            break
    return SearchPage(tuple(found), scanned, before(last) if last else None)


def holds(entry: Message, needle: bytes) -> bool:
    """Whether ``name=value`` of one field contains *needle*, which is in lower case."""
    return any(needle in name.lower() + b"=" + value.lower() for name, value in entry.fields)


async def holders(client: Redis, query: HoldersOf) -> Holders:
    """The consumers that an entry is pending at.

    Raises:
        SourceError: when the groups may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    groups = query.groups[:PER_WRITE]
    replies = await Reads(client).ask(
        [("XPENDING", query.stream, group, query.id, query.id, 1) for group in groups]
    )
    found = []
    for group, reply in zip(groups, replies, strict=True):
        if isinstance(reply, ResponseError) and str(reply).startswith("NOGROUP"):
            continue
        for raw in checked_reply(reply, f"pending entries of {as_text(group)} in {as_text(query.stream)}"):
            line = pending_line(raw)
            found.append(Holder(group, line.consumer, line.idle_ms, line.deliveries))
    return Holders(tuple(found))


async def _pieces(
    client: Redis, query: EntriesFrom, now: int
) -> AsyncIterator[tuple[tuple[Message, ...], bool]]:
    """Entries in reads of about `BYTES_AT_ONCE`, each with whether the end was reached."""
    reads = Reads(client)
    subject = f"entries of {as_text(query.stream)}"
    command, end = ("XREVRANGE", "-") if query.older else ("XRANGE", "+")
    start = query.start or ("+" if query.older else "-")
    left, at_once = query.count, FIRST
    while left > 0:
        wanted = min(left, at_once, MOST_AT_ONCE)
        (reply,) = await reads.ask([(command, query.stream, start, end, "COUNT", wanted)])
        entries = messages_in(checked_reply(reply, subject), now)
        beyond = (before if query.older else after)(entries[-1].id) if entries else None
        ended = len(entries) < wanted or beyond is None
        yield entries, ended
        if ended or beyond is None:
            return
        left -= len(entries)
        start = beyond
        average = max(1, sum(map(size, entries)) // len(entries))
        at_once = max(1, BYTES_AT_ONCE // average)
