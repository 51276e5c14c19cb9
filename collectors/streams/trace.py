"""Searches the newest entries of all streams for one id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import ResponseError

from agentdash.core.queries import TraceFound, TraceOf
from agentdash.core.streams.model import Message
from collectors.streams.detail import messages_in
from collectors.streams.read import Reads

if TYPE_CHECKING:
    from redis.asyncio import Redis

STREAMS = 200
"""Streams searched at most."""
NEWEST = 500
"""Entries read of each at most."""
FOUND = 500
"""Entries returned at most, the newest ones."""


async def trace(client: Redis, query: TraceOf, now: int) -> TraceFound:
    """Find entries with the id of *query* in a field value.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    count = max(1, min(query.count, NEWEST))
    streams = query.streams[:STREAMS]
    replies = await Reads(client).ask([("XREVRANGE", name, "+", "-", "COUNT", count) for name in streams])
    needle = query.id.encode()
    found: list[tuple[bytes, Message]] = []
    scanned = refused = 0
    for name, reply in zip(streams, replies, strict=True):
        if isinstance(reply, ResponseError):
            refused += 1  # gone since, no stream any more, or not allowed
            continue
        messages = messages_in(reply, now)
        scanned += len(messages)
        found += [(name, message) for message in messages if _holds(message, needle)]
    found.sort(key=lambda pair: _place(pair[1].id))
    return TraceFound(tuple(found[-FOUND:]), scanned, len(streams) - refused, len(query.streams))


def _holds(message: Message, needle: bytes) -> bool:
    return any(needle in value for _, value in message.fields)


def _place(entry_id: str) -> tuple[int, int]:
    ms, _, number = entry_id.partition("-")
    return int(ms), int(number or 0)
