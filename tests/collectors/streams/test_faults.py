"""Streams that go, change their type or may not be read; servers that are not there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.model import Cap, Verdict
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedUse
from tests.collectors.streams.stage import Stage, add, work


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


async def test_a_server_that_stalls_is_still_the_same_one(client: Redis, private_server: EmbeddedUse) -> None:
    stage = await _behind(client)
    before, judged = stage.open().keys(), stage.group(b"s", b"g")
    assert {"CONSUMER_LAG", "DEAD_CONSUMER", "UNBOUNDED_STREAM"} <= before
    os.kill(private_server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(SourceError):
            await stage.poll(seconds=5)
    finally:
        os.kill(private_server.pid, signal.SIGCONT)
    await stage.poll()
    assert judged.verdict is Verdict.STALLED
    assert stage.group(b"s", b"g").verdict is Verdict.STALLED
    assert stage.group(b"s", b"g").since == judged.since
    assert stage.judged(b"s").cap is Cap.NO
    await stage.poll(10)
    assert stage.open().keys() == before


async def test_another_server_resolves_nothing_before_it_was_watched(client: Redis) -> None:
    stage = await _behind(client)
    before = stage.open().keys()
    stage.collector._server_poll._run_ids, stage.collector._server_poll._info_at = (
        {"": "of a server that is gone"},
        None,
    )
    for _ in range(50):
        await stage.poll()
        assert stage.group(b"s", b"g").verdict is Verdict.WATCHING
        assert stage.open().keys() == before
    await stage.poll(20)
    assert "UNBOUNDED_STREAM" not in stage.open(), "it was watched, and does not grow any more"
    assert "CONSUMER_LAG" in stage.open()


async def _behind(client: Redis) -> Stage:
    """A stream that grows and is never trimmed; its group was given one entry, and nobody reads on."""
    await add(client, "s", 20)
    await client.xgroup_create("s", "g", "0")
    await work(client, "s", "g", "c", 1, ack=False)
    stage = Stage(client, lag_limit=10, growing_above=10, dead_after=0.0)
    for _ in range(75):
        await add(client, "s", 1)
        await stage.poll()
    return stage


async def test_no_server_is_said_in_words(tmp_path: Path) -> None:
    nowhere = open_client(f"unix://{tmp_path}/no.sock", RedisSettings())
    stage = Stage(nowhere)
    with pytest.raises(SourceError) as caught:
        await stage.poll()
    assert "no.sock" in caught.value.message
    assert caught.value.cure
    await nowhere.aclose()
