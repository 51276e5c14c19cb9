"""The same scenarios against every server there is: embedded, Redis 6.2 and 7.0, replies as of Redis 5."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from agentdash.core.settings import RedisSettings
from agentdash.server.client import open_client
from tests.collectors.stream_servers import VERSIONS, server_of

__all__ = ["server_of"]


@pytest.fixture(params=["embedded", *VERSIONS, "as of 5"])
async def server(
    request: pytest.FixtureRequest,
    server_of: Callable[[str], str],  # noqa: F811 - the fixture
) -> AsyncIterator[tuple[Redis, bool]]:
    """A client of an empty server, and whether it may be asked with FULL."""
    version = request.param
    url = server_of(version) if version in VERSIONS else request.getfixturevalue("redis_url")
    client = open_client(url, RedisSettings())
    await client.flushall()
    yield client, version != "as of 5"
    await client.aclose()
    await client.connection_pool.disconnect()
