"""Follows one run to its end: every event once and in order, with a marker where some were trimmed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from agentdash.core.queries import RunEventsOf
from agentdash.core.runs.event import TERMINAL, StreamTrimmed
from agentdash.core.runs.model import RunEvent, RunKeys
from agentdash.server.client import UNREADABLE, source_error, url_of
from collectors.runs.events import read_events

if TYPE_CHECKING:
    from redis.asyncio import Redis

PAGE = 500
BLOCK_MS = 1000
"""BLOCK of one XREAD; below the client's own timeout."""


async def follow(
    client: Redis, keys: RunKeys, run_id: str, after: str = "0", *, block_ms: int = BLOCK_MS
) -> AsyncIterator[RunEvent | StreamTrimmed]:
    """The events of a run from the id *after* (exclusive) to its last event.

    Args:
        client: One connection of its pool is used while waiting.
        keys: Names of the keys.
        run_id: The run.
        after: The last id that the reader has read; ``0``: from the beginning.
        block_ms: BLOCK of one XREAD.

    Yields:
        Each event; a `StreamTrimmed` before the first one that is left, where some were trimmed.

    Raises:
        SourceError: when the server cannot be read.
    """
    while True:
        page = await read_events(client, keys, RunEventsOf(run_id, after=after, count=PAGE))
        if page.trimmed is not None:
            yield StreamTrimmed(after, page.trimmed)
            after = after if page.events else page.trimmed
        for event in page.events:
            after = event.id
            yield event
            if event.type in TERMINAL:
                return
        if not page.events:
            await _news(client, keys.events(run_id), after, block_ms)


async def _news(client: Redis, key: str, after: str, block_ms: int) -> None:
    try:
        await client.xread({key: after}, count=1, block=block_ms)
    except UNREADABLE as error:
        raise source_error(error, url_of(client)) from error
