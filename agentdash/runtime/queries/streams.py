"""Answers queries about streams: bounded reads of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, get_args

from agentdash.core.queries import (
    Answer,
    LagOf,
    MessageAt,
    MessagesAt,
    NewestMessages,
    PendingOf,
    Query,
    TraceOf,
)
from agentdash.core.streams.queries import StreamQuery
from agentdash.runtime.queries.server import from_server
from collectors.streams import browse, count, detail, trace

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from agentdash.runtime.engine import Engine

READERS: dict[type, Callable[[Redis, Any, int], Awaitable[Answer]]] = {
    PendingOf: detail.pending,
    MessageAt: detail.message,
    MessagesAt: detail.messages,
    NewestMessages: detail.newest,
    LagOf: count.lag_of,
    TraceOf: trace.trace,
    **dict.fromkeys(get_args(StreamQuery), browse.answer),
}
"""By query: what reads it, from (client, query, now in Unix ms)."""


async def answer(engine: Engine, query: Query) -> Answer:
    """Read what *query* asks for; its stream is read in full by the next polls.

    Raises:
        SourceError: when the server cannot be read.
    """
    if engine.read_in_full is not None and (stream := getattr(query, "stream", None)) is not None:
        engine.read_in_full(stream)
    now = engine.clock.now_ms()
    return await from_server(engine, lambda client: READERS[type(query)](client, query, now))
