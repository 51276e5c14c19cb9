"""Behind sentinels: the primary is found, also after a real failover, and what fails is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.model import Verdict
from agentdash.server.client import open_client, source_error
from agentdash.server.launch import find_binary
from tests.collectors.streams.stage import Stage, add, work
from tests.redis_sets import Servers, free_ports, on, watched
from tests.support import until

QUICK = RedisSettings(timeout=0.5, connect_timeout=0.5)


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[tuple[Servers, int, int]]:
    with watched(tmp_path) as found:
        yield found


async def said_of(url: str) -> SourceError:
    client = open_client(url, QUICK)
    try:
        await client.ping()
    except RedisError as problem:
        return source_error(problem, url)
    finally:
        await client.aclose()
    raise AssertionError("it worked")


async def test_a_failover_is_followed_and_raises_no_alarm(trio: tuple[Servers, int, int]) -> None:
    servers, primary, replica = trio
    client = open_client(servers.url, QUICK)
    await add(client, "s", 20)
    await client.xgroup_create("s", "g", "0")
    await work(client, "s", "g", "c", 1, ack=False)
    stage = Stage(client, lag_limit=10, dead_after=0.0)
    await stage.poll(75)
    assert stage.group(b"s", b"g").verdict is Verdict.STALLED
    before, epoch, named = stage.open().keys(), stage.snapshot.epoch, servers.url.rpartition("/")[0]
    assert await client.wait(1, 2000) == 1
    servers.kill(primary)

    async def followed() -> bool:
        try:
            await stage.poll()
        except SourceError as reported:
            return named not in reported.message  # which fails below
        return stage.snapshot.epoch > epoch

    await until(followed, what="the new primary")
    assert (await client.role())[0] == b"master"
    assert stage.stream(b"s").length == 20
    assert stage.group(b"s", b"g").verdict is Verdict.WATCHING
    assert stage.open().keys() == before
    await add(client, "s", 1)
    assert on(replica).xlen("s") == 21
    unknown = await said_of(servers.url.replace("/main", "/mian"))
    assert "do not know a service mian" in unknown.message
    assert "main" in (unknown.cure or "")
    servers.kill(replica)

    async def down() -> bool:
        return "primary of main is down" in (await said_of(servers.url)).message

    await until(down, what="that the sentinel misses it")
    await client.aclose()


async def test_sentinels_have_a_login_of_their_own(tmp_path: Path) -> None:
    servers, (primary, sentinel) = Servers(tmp_path), free_ports(2)
    watched = f"sentinel monitor main 127.0.0.1 {primary} 1\nsentinel auth-pass main hunter2\n"
    settings = tmp_path / "sentinel.conf"
    settings.write_text(f"port {sentinel}\nbind 127.0.0.1\ndir {tmp_path}\nrequirepass hunter3\n{watched}")
    url = f"redis+sentinel://:hunter2@127.0.0.1:{sentinel}/main"
    try:
        servers.start(primary, "--requirepass", "hunter2")
        servers.run(sentinel, str(find_binary()), str(settings), "--sentinel")
        said = await said_of(url)
        assert "need another login" in said.message
        assert "sentinel_password" in (said.cure or "")
        said = await said_of(f"{url.replace('hunter2', 'hunter4')}?sentinel_password=hunter3")
        assert "refuses this user or password" in said.message
        client = open_client(f"{url}?sentinel_password=hunter3", QUICK)
        assert await client.ping()
        await client.aclose()
    finally:
        servers.end()


async def test_sentinels_that_do_not_answer_are_named_and_no_password_is(home: Path) -> None:
    ports = free_ports(2)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    said = await said_of(f"redis+sentinel://user:hunter2@{hosts}/main/1?sentinel_password=hunter3")
    assert f"redis+sentinel://***@{hosts}/main/1" in said.message
    assert "none of the sentinels answers" in said.message
    assert "hunter" not in said.message + (said.cure or "")


async def test_no_node_of_a_cluster_answers(home: Path) -> None:
    (port,) = free_ports(1)
    said = await said_of(f"redis+cluster://:hunter2@127.0.0.1:{port}")
    assert f"redis+cluster://***@127.0.0.1:{port}" in said.message
    assert "refused" in said.message


async def test_a_server_that_is_no_cluster_says_how_to_name_it(tmp_path: Path) -> None:
    servers, (port,) = Servers(tmp_path), free_ports(1)
    try:
        servers.start(port)
        said = await said_of(f"redis+cluster://127.0.0.1:{port}")
    finally:
        servers.end()
    assert "is not a cluster" in said.message
    assert "redis://" in (said.cure or "")
