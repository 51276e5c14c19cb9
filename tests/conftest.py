"""A world of its own for every test: empty home, no settings from outside, a private server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from hypothesis import HealthCheck, settings

from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse, stop
from tests.redis_sets import Cluster
from tests.redis_sets import cluster as start_cluster

if TYPE_CHECKING:
    from redis.asyncio import Redis

# A busy machine is no fault of an input: nothing is measured in seconds here. The inputs are the same each
# time, so that a change is told apart from luck; AGENTDASH_TEST_INPUTS=new looks for others.
settings.register_profile(
    "agentdash",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=os.environ.get("AGENTDASH_TEST_INPUTS") != "new",
)
settings.load_profile("agentdash")

_OUTSIDE = ("REDIS_URL", "PROJECTS", "NO_COLOR", "FORCE_COLOR", "XDG_RUNTIME_DIR")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home; nothing of the person's own settings, git configuration or server is seen.

    A server that a test started in it, and did not stop, is stopped.
    """
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name in _OUTSIDE or name.startswith(("AGENTDASH_", "GIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for kind in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(folder / kind.lower()))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.com")
    yield folder
    stop(folder / "state" / "agentdash" / "server")


@pytest.fixture(scope="session")
def private_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedUse]:
    """One real server for each pytest worker."""
    use = EmbeddedServer(tmp_path_factory.mktemp("redis")).acquire()
    try:
        yield use
    finally:
        use.release()


@pytest.fixture
def redis_url(private_server: EmbeddedUse) -> str:
    """The URL of a real server that is empty."""
    with redis.Redis(unix_socket_path=str(private_server.socket)) as client:
        client.flushall()
    return private_server.url


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """The program's own client on a real server that is empty."""
    client = open_client(redis_url, RedisSettings())
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


@pytest.fixture(scope="session")
def three_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for each pytest worker that needs it."""
    with start_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def cluster(three_nodes: Cluster) -> Cluster:
    """A cluster of three nodes that is empty."""
    three_nodes.empty()
    return three_nodes
