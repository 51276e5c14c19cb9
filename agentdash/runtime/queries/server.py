"""Reads at the server, whose failures are `SourceError`s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from agentdash.core.snapshot import SourceError, Topic
from agentdash.server.client import source_error

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from agentdash.runtime.engine import Engine

T = TypeVar("T")


async def from_server(engine: Engine, read: Callable[[Redis], Awaitable[T]]) -> T:
    """What *read* returns.

    Raises:
        SourceError: when there is no server, or it cannot be read.
    """
    handle = engine.handle
    if handle is None:
        health = engine.store.health.get(Topic.STREAMS)
        raise SourceError((health and health.error) or "no server is connected yet")
    try:
        return await read(handle.client)
    except SourceError:
        raise
    except Exception as problem:
        raise source_error(problem, handle.url) from problem
