"""Reading replies off a connection's own bytes: the same as redis-py reads, and nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis import exceptions as faults
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from collectors.streams.read import Reads
from collectors.streams.replies import wire as streams_wire
from tests.collectors.streams.scenes import ODD
from tests.collectors.streams.stage import Stage, add, work

COMMANDS = [
    ("PING",),
    ("XINFO", "STREAM", b"jobs", "FULL", "COUNT", 1),
    ("XINFO", "GROUPS", b"jobs"),
    ("XRANGE", b"jobs", "-", "+", "COUNT", 3),
    ("XINFO", "STREAM", b"nothing"),
    ("GET", b"none"),
]


async def scene(client: Redis, name: bytes) -> None:
    """A stream with three groups, pending entries and deletions."""
    for group in (b"done", b"half", b"\xffnew"):
        await client.xgroup_create(name, group, id="0", mkstream=True)
    ids = await add(client, name, 30, kind="x")
    await work(client, name, "done", "a", 30)
    await work(client, name, "half", "a", 5, ack=False)
    await work(client, name, "half", "b", 7, ack=False)
    await client.xdel(name, ids[3], ids[20])


def plain(reply: object) -> object:
    return (type(reply), str(reply)) if isinstance(reply, Exception) else reply


async def test_it_gives_what_the_public_pipeline_gives(client: Redis) -> None:
    await scene(client, b"jobs")
    by_wire, by_pipeline = Reads(client), Reads(client)
    by_pipeline._wire = False
    assert by_wire._wire
    for _ in range(3):
        found = await by_wire.ask(COMMANDS * 30)
        assert [plain(reply) for reply in found] == [
            plain(reply) for reply in await by_pipeline.ask(COMMANDS * 30)
        ]
    assert isinstance(found[4], faults.ResponseError)
    assert by_wire.round_trips == by_pipeline.round_trips == 12
    assert await client.ping()


async def test_a_poll_by_the_pipeline_is_the_same(client: Redis) -> None:
    for name in ODD:
        await scene(client, name)
    quick, slow = Stage(client), Stage(client)
    slow.collector._reads._wire = False
    await quick.poll(3)
    await slow.poll(3)
    for ours, theirs in zip(quick.snapshot.streams, slow.snapshot.streams, strict=True):
        assert (ours.name, ours.length, ours.last_id, ours.fields) == (
            theirs.name,
            theirs.length,
            theirs.last_id,
            theirs.fields,
        )
        assert [(g.name, g.lag, g.pending) for g in ours.groups] == [
            (g.name, g.lag, g.pending) for g in theirs.groups
        ]


async def test_another_redis_py_is_read_by_its_public_means(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def other(*_: object) -> list[object]:
        raise AttributeError("_reader")

    monkeypatch.setattr(streams_wire, "ask", other)
    reads = Reads(client)
    assert await reads.ask([("PING",)]) == [b"PONG"]
    assert not reads._wire


async def test_a_connection_that_the_server_closed_is_opened_again(client: Redis) -> None:
    reads = Reads(client)
    assert await reads.ask([("PING",)]) == [b"PONG"]
    await client.client_kill_filter(_type="normal", skipme=True)
    for _ in range(3):
        assert await reads.ask([("PING",)]) == [b"PONG"]


@pytest.fixture
async def silent() -> AsyncIterator[Redis]:
    """A server that says nothing after it has greeted."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            for _ in range(data.count(b"CLIENT")):
                writer.write(b"+OK\r\n")
            if b"HALF" in data:
                writer.write(b"*2\r\n$1\r\na\r\n")
            if b"BAD" in data:
                writer.write(b"what?\r\n")
            if b"BYE" in data:
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = open_client(f"redis://127.0.0.1:{port}/0", RedisSettings(timeout=0.3))
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()
    server.close()


@pytest.mark.parametrize(
    ("word", "fault"),
    [("HALF", faults.TimeoutError), ("BAD", faults.RedisError), ("BYE", faults.ConnectionError)],
)
async def test_what_is_cut_short_ends_in_words_and_leaves_no_reply_behind(
    silent: Redis, word: str, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        await Reads(silent).ask([(word,)])
    assert not silent.connection_pool._in_use_connections


async def test_a_cancelled_read_closes_its_connection(silent: Redis) -> None:
    task = asyncio.create_task(Reads(silent).ask([("HALF",)]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not silent.connection_pool._in_use_connections


async def test_errors_of_login_are_raised(client: Redis, redis_url: str) -> None:
    await client.acl_setuser(
        "agentdash-wire", enabled=True, passwords=["+pw"], keys=["*"], commands=["+ping"]
    )
    user = open_client(redis_url.replace("unix://", "unix://agentdash-wire:pw@", 1), RedisSettings())
    wrong = open_client(redis_url.replace("unix://", "unix://agentdash-wire:no@", 1), RedisSettings())
    try:
        pong, refused = await Reads(user).ask([("PING",), ("XLEN", b"x")])
        assert pong == b"PONG"
        assert isinstance(refused, faults.NoPermissionError)
        with pytest.raises(faults.ConnectionError, match="invalid username-password"):
            await Reads(wrong).ask([("PING",)])
    finally:
        for one in (user, wrong):
            await one.aclose()
            await one.connection_pool.disconnect()
        await client.acl_deluser("agentdash-wire")


async def test_nothing_of_many_replies_is_lost(client: Redis) -> None:
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 500, body="x" * 5000)
    await work(client, "jobs", "g", "c", 3)
    replies = await Reads(client).ask([("XRANGE", b"jobs", "-", "+", "COUNT", 100)] * 60)
    assert {len(reply) for reply in replies} == {100}
