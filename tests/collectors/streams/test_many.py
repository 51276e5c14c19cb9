"""Many streams: cheap looks at what rests, full looks at what moves or is on the screen."""

from __future__ import annotations

import asyncio

import pytest
import redis.asyncio
from redis.asyncio import Redis

from agentdash.core.streams.model import Clients, Consumer, Group, Lag, Stream
from collectors.streams import schedule
from collectors.streams.clients import clients_in, summarize
from collectors.streams.schedule import fingerprint
from tests.collectors.streams.stage import Stage, add, work
from tests.collectors.streams.test_cost import make

FORBIDDEN = {
    "KEYS",
    "FLUSHALL",
    "FLUSHDB",
    "MONITOR",
    "XAUTOCLAIM",
    "XREADGROUP",
    "XREAD",
    "XCLAIM",
    "SORT",
    "EVAL",
}


async def full_reads(client: Redis) -> int:
    stats = await client.info("commandstats")
    return int(stats.get("cmdstat_xinfo|stream", {}).get("calls", 0))


async def settled(client: Redis, streams: int, **settings: float) -> Stage:
    """A stage that has seen all of them, often enough for cheap looks to compare with."""
    await make(client, streams)
    stage = Stage(client, **settings)
    while not (await stage.poll()).scan_complete:
        pass
    await stage.poll(15)
    return stage


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "FULL_UP_TO", 20)


@pytest.mark.usefixtures("few")
async def test_what_rests_is_looked_at_cheaply_and_what_moves_in_full(client: Redis) -> None:
    stage = await settled(client, 100)
    await client.execute_command("CONFIG", "RESETSTAT")
    await stage.poll(5)
    assert await full_reads(client) <= 5 * 12
    await add(client, "s0042", 3)
    await work(client, "s0043", "g", "c", 1)
    await add(client, "s0099", 2)
    await work(client, "s0099", "g", "c", 2, ack=False)
    await stage.poll()
    assert stage.stream(b"s0042").length == 3
    assert stage.stream(b"s0042").groups[0].lag.value == 3
    assert stage.stream(b"s0099").groups[0].pending == 2
    assert [consumer.name for consumer in stage.stream(b"s0043").groups[0].consumers] == [b"c"]


@pytest.mark.usefixtures("few")
async def test_every_change_is_seen_at_once(client: Redis) -> None:
    await settled(client, 40)
    many, all_full = Stage(client), Stage(client)
    all_full.collector._topology._schedule.due = lambda names, *_: set(names)  # type: ignore[method-assign]
    for step in range(25):
        name = f"s{step % 7:04}"
        await add(client, name, 1 + step % 3, maxlen=4)
        if step % 2:
            await work(client, name, "g", "c", 2, ack=step % 3 > 0)
        if step % 5 == 4:
            await client.delete(f"s{30 + step % 7:04}")
        await many.poll()
        await all_full.poll()
        facts = [
            [
                (
                    s.name,
                    s.length,
                    s.last_id,
                    [(g.name, g.lag.value, g.pending, g.last_delivered_id) for g in s.groups],
                )
                for s in stage.snapshot.streams
            ]
            for stage in (many, all_full)
        ]
        assert facts[0] == facts[1]


@pytest.mark.usefixtures("few")
async def test_with_thousands_each_has_its_turn(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, number in (("CHECKS_PER_SECOND", 20), ("IDLE_PER_SECOND", 3), ("ACTIVE_PER_SECOND", 10)):
        monkeypatch.setattr(schedule, limit, number)
    stage = await settled(client, 100)
    for turn in range(8):
        snapshot = await stage.poll()
        assert snapshot.commands <= 2 * 20 + 3 + 10 + 40, turn  # and what each poll asks beside the streams
    for number in range(0, 100, 7):
        await add(client, f"s{number:04}", 2)
    await stage.poll(6)  # 97 at rest, 20 at a time
    assert {stream.length for stream in stage.snapshot.streams[::7]} == {2}
    for number in range(100):  # all move: ten at a time, those looked at longest ago first
        await add(client, f"s{number:04}", 1)
    await stage.poll(18)
    assert all(stream.groups[0].lag.value == stream.length for stream in stage.snapshot.streams)
    assert {stream.length for stream in stage.snapshot.streams} == {1, 3}


@pytest.mark.usefixtures("few")
async def test_what_is_on_the_screen_is_read_in_full(client: Redis) -> None:
    stage = await settled(client, 100)
    await client.execute_command("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s0050", ">")
    idle = []
    for _ in range(3):
        stage.collector.read_in_full(b"s0050")
        await stage.poll()
        idle.append(stage.stream(b"s0050").groups[0].consumers)
    assert all(consumers for consumers in idle)


async def test_nothing_dear_or_changing_is_ever_sent(client: Redis, redis_url: str) -> None:
    await make(client, 60)
    for number in range(20):
        await add(client, f"s{number:04}", 30)
        await work(client, f"s{number:04}", "g", "c", 5, ack=False)
    ids = await add(client, "middle", 40)
    await client.xgroup_create("middle", "g", id=ids[9])
    await client.xdel("middle", ids[20])
    seen: list[str] = []
    watcher = redis.asyncio.Redis.from_url(redis_url)
    async with watcher.monitor() as monitor:
        stage = Stage(client, dead_after=0.001)
        await stage.poll(25)
        await client.echo("end")

        async def listen() -> None:
            async for line in monitor.listen():
                if line["command"] == "ECHO end":
                    return
                seen.append(line["command"])

        await asyncio.wait_for(listen(), 20)
    await watcher.aclose()
    words = [line.split(" ") for line in seen]
    assert len(words) > 1500
    assert not {line[0].upper() for line in words} & FORBIDDEN
    assert not [line for line in seen if line.upper().endswith("COUNT 0") or " COUNT 0 " in line.upper()]
    # The form of XPENDING that names a consumer resets its idle time before Redis 6.2.
    assert {len(line) for line in words if line[0] == "XPENDING"} == {6}
    assert any(line[:2] == ["CLIENT", "LIST"] for line in words) == any(
        group.pending > 0 and group.lag.value == 0 for s in stage.snapshot.streams for group in s.groups
    )


def test_replies_that_differ_have_another_mark() -> None:
    assert fingerprint((1, [[b"name", b"g"]])) == fingerprint((1, [[b"name", b"g"]]))
    assert fingerprint((1, [[b"name", b"g"]])) != fingerprint((2, [[b"name", b"g"]]))
    assert fingerprint((1, ValueError())) is None


def test_blocked_readers_of_a_list_of_clients() -> None:
    listed = (
        b"id=1 addr=x name=c1 flags=b db=0 cmd=xreadgroup user=default\n"
        b"id=2 addr=x name= flags=bx db=0 cmd=xreadgroup\n"
        b"id=3 addr=x name=c3 flags=N db=0 cmd=xreadgroup\n"
        b"id=4 addr=x name=c4 flags=b db=0 cmd=blpop\n"
        b"id=5 addr=x name=c5 flags=b db=3 cmd=xreadgroup\n"
        b"what is this = \xff\n\n"
        b"id=6 name=app flags=b cmd=XREADGROUP future=1"
    )
    consumers = tuple(Consumer(name, 0, 0) for name in (b"c1", b"c3", b"c9"))
    group = Group(b"g", 0, Lag(0), "0-0", 0, consumers=consumers)
    found = summarize(clients_in(listed), b"0", [Stream(b"s", 0, groups=(group,))])
    assert found == Clients(frozenset({b"c1"}), 2, frozenset({b"c1", b"c3"}))
