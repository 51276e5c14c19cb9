"""Streams that go, change their type or may not be read; servers that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.settings import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.server.client import open_client
from tests.collectors.streams_stage import Stage, add


async def test_a_stream_that_goes_just_goes_and_may_come_back(client: Redis) -> None:
    await add(client, "a", 1)
    await add(client, "b", 1)
    stage = Stage(client)
    await stage.poll()
    await client.delete("a")
    await client.delete("b")
    await client.set("b", "text now")
    await stage.poll()
    assert stage.snapshot.streams == ()
    await add(client, "a", 2)
    await stage.poll()
    assert [stream.length for stream in stage.snapshot.streams] == [2]


async def test_own_and_excluded_streams_are_left_out(client: Redis) -> None:
    for name in ("own:run:1:events", "own:run:1:ctl", "orders", "orders:dead", "tmp:1"):
        await add(client, name, 1)
    stage = Stage(client, include=("orders*", "tmp:?"), exclude=("*:dead",))
    await stage.poll()
    assert [stream.name for stream in stage.snapshot.streams] == [b"orders", b"tmp:1"]


async def test_one_stream_that_may_not_be_read_says_so_and_keeps_what_was_known(
    client: Redis, redis_url: str
) -> None:
    await add(client, "open", 1)
    await add(client, "secret", 3)
    await client.acl_setuser(
        "agentdash-test", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"]
    )
    user = open_client(redis_url.replace("unix://", "unix://agentdash-test:pw@", 1), RedisSettings())
    try:
        stage = Stage(user)
        await stage.poll()
        await client.execute_command("ACL", "SETUSER", "agentdash-test", "resetkeys", "~open")
        await stage.poll()
        assert stage.stream(b"open").error is None
        assert "ACL" in (stage.stream(b"secret").error or "")
        assert stage.stream(b"secret").length == 3
        assert stage.judged(b"secret").status == "UNKNOWN"
        await client.execute_command("ACL", "SETUSER", "agentdash-test", "~*", "-scan")
        await stage.poll()
        assert stage.stream(b"secret").error is None
        fresh = Stage(user)
        with pytest.raises(SourceError, match="ACL"):
            await fresh.poll()
        named = Stage(user, include=("open",))
        await named.poll()
        assert [stream.name for stream in named.snapshot.streams] == [b"open"]
    finally:
        await user.aclose()
        await client.acl_deluser("agentdash-test")


async def test_no_server_is_said_in_words(tmp_path: Path) -> None:
    nowhere = open_client(f"unix://{tmp_path}/no.sock", RedisSettings())
    stage = Stage(nowhere)
    with pytest.raises(SourceError) as caught:
        await stage.poll()
    assert "no.sock" in caught.value.message
    assert caught.value.cure
    await nowhere.aclose()
