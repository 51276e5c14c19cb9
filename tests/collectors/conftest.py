"""The same scenarios against every server there is: embedded, Redis 6.2 and 7.0, replies as of Redis 5."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest
from redis.asyncio import Redis

from agentdash.core.settings import RedisSettings
from agentdash.server.client import open_client
from tests.collectors.stream_servers import VERSIONS, binary, started

PATHS = {version: binary(version) for version in VERSIONS}
"""Found before the tests hide the environment."""


@pytest.fixture(scope="session")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Gives the URL of a server of a version, started when first asked for; skips where there is none."""
    running: dict[str, str] = {}
    with ExitStack() as stack:

        def url(version: str) -> str:
            path = PATHS[version]
            if path is None:
                name = f"AGENTDASH_TEST_REDIS_{version.replace('.', '')}"
                pytest.skip(f"no redis-server {version}: name one in {name}")
            if version not in running:
                running[version] = stack.enter_context(started(path, tmp_path_factory.mktemp("r")))
            return running[version]

        yield url


@pytest.fixture(params=["embedded", *VERSIONS, "as of 5"])
async def server(
    request: pytest.FixtureRequest, server_of: Callable[[str], str]
) -> AsyncIterator[tuple[Redis, bool]]:
    """A client of an empty server, and whether it may be asked with FULL."""
    version = request.param
    url = server_of(version) if version in VERSIONS else request.getfixturevalue("redis_url")
    client = open_client(url, RedisSettings())
    await client.flushall()
    yield client, version != "as of 5"
    await client.aclose()
    await client.connection_pool.disconnect()
