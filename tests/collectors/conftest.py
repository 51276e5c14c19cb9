"""The same scenarios against every server there is: embedded, Redis 6.2 and 7.0, replies as of Redis 5."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from tests.collectors.streams.servers import PATHS, server_of

__all__ = ["server_of"]

KINDS = ["embedded", "7.0", "6.2", *(["5.0"] if PATHS["5.0"] else []), "as of 5"]
"""A real Redis 5 only where the environment names one; its way of answering everywhere."""


@pytest.fixture(params=KINDS)
async def server(
    request: pytest.FixtureRequest,
    server_of: Callable[[str], str],
) -> AsyncIterator[tuple[Redis, bool]]:
    """A client of an empty server, and whether it may be asked with FULL."""
    version = request.param
    url = server_of(version) if version in PATHS else request.getfixturevalue("redis_url")
    client = open_client(url, RedisSettings())
    await client.flushall()
    yield client, version != "as of 5"
    await client.aclose()
    await client.connection_pool.disconnect()
