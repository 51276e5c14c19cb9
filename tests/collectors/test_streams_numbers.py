"""Every number is what the server says, whatever the keys look like and however old its replies."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from agentdash.core.streams import Lag, LagGrade, Stream
from tests.collectors.streams_stage import Stage, add, work

ODD = [
    b"plain",
    b"with space",
    b"[bold]not markup[/x]",
    "grüße-🛰-שלום".encode(),
    b"\x1b[31mred\nline",
    b"\xff\xfe\x00binary",
    b"long" * 75,
]


async def scene(client: Redis, name: bytes) -> None:
    """A stream with three groups, pending entries, deletions and a trim."""
    for group in (b"done", b"half", b"\xffnew"):
        await client.xgroup_create(name, group, id="0", mkstream=True)
    ids = await add(client, name, 30, kind="x")
    await work(client, name, "done", "a", 30)
    await work(client, name, "half", "a", 5, ack=False)
    await work(client, name, "half", "b", 7, ack=False)
    await client.xdel(name, ids[3], ids[20])


async def compare(client: Redis, stream: Stream) -> None:
    info = await client.xinfo_stream(stream.name)
    assert stream.length == info["length"]
    assert stream.last_id == info["last-generated-id"].decode()
    assert stream.first_id == (info["first-entry"][0].decode() if info["first-entry"] else None)
    assert stream.entries_added == info["entries-added"]
    assert stream.max_deleted_id == info["max-deleted-entry-id"].decode()
    told = await client.xinfo_groups(stream.name)
    assert [group.name for group in stream.groups] == [of["name"] for of in told]
    for group, of in zip(stream.groups, told, strict=True):
        assert group.pending == of["pending"]
        assert group.last_delivered_id == of["last-delivered-id"].decode()
        assert group.entries_read == of["entries-read"]
        if of["lag"] is not None:
            assert group.lag == Lag(of["lag"])
        await compare_waiting(client, stream, group.name)


async def compare_waiting(client: Redis, stream: Stream, name: bytes) -> None:
    group = next(group for group in stream.groups if group.name == name)
    consumers = await client.xinfo_consumers(stream.name, name)
    assert [(c.name, c.pending) for c in group.consumers] == [(c["name"], c["pending"]) for c in consumers]
    for ours, theirs in zip(group.consumers, consumers, strict=True):
        assert ours.idle_ms is not None
        assert 0 <= theirs["idle"] - ours.idle_ms < 60_000
        assert ours.inactive_ms is not None
        assert (ours.inactive_ms < 0) == (theirs["inactive"] < 0)
    lines = await client.xpending_range(stream.name, name, "-", "+", 1)
    if not lines:
        assert group.oldest_pending is None
        return
    assert group.oldest_pending is not None
    assert group.oldest_pending.id == lines[0]["message_id"].decode()
    assert group.oldest_pending.consumer == lines[0]["consumer"]
    assert group.oldest_pending.deliveries == lines[0]["times_delivered"]
    assert 0 <= lines[0]["time_since_delivered"] - group.oldest_pending.idle_ms < 60_000


async def test_all_numbers_are_the_servers(client: Redis) -> None:
    for name in ODD:
        await scene(client, name)
    stage = Stage(client)
    await stage.poll()
    assert [stream.name for stream in stage.snapshot.streams] == sorted(ODD)
    for stream in stage.snapshot.streams:
        await compare(client, stream)
    assert stage.snapshot.server.startswith(("valkey ", "redis "))
    assert stage.snapshot.scan_complete
    assert stage.snapshot.known == len(ODD)


async def test_the_older_commands_give_the_same(client: Redis) -> None:
    for name in ODD:
        await scene(client, name)
    new, old = Stage(client), Stage(client)
    old.collector._full = False
    await new.poll()
    await old.poll()
    for ours, theirs in zip(old.snapshot.streams, new.snapshot.streams, strict=True):
        await compare(client, ours)
        assert [group.lag for group in ours.groups] == [group.lag for group in theirs.groups]


async def test_a_server_without_full_is_asked_in_the_old_way(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene(client, b"jobs")
    stage = Stage(client)
    ask = stage.collector._reads.ask

    async def refuse(commands: list[tuple[object, ...]]) -> list[object]:
        # What a server before 6.0 says to a subcommand with words that it does not know.
        from redis.exceptions import ResponseError

        if any("FULL" in command for command in commands):
            return [ResponseError("Unknown subcommand or wrong number of arguments for 'stream'")] * len(
                commands
            )
        return await ask(commands)

    monkeypatch.setattr(stage.collector._reads, "ask", refuse)
    await stage.poll()
    await compare(client, stage.stream(b"jobs"))
    assert stage.collector._topology._full is False


async def test_lag_by_what_ids_prove(client: Redis) -> None:
    ids = await add(client, "jobs", 20)
    await client.xgroup_create("jobs", "all", id="0")
    await client.xgroup_create("jobs", "end", id="$")
    await client.xgroup_create("jobs", "middle", id=ids[9].decode())
    await client.xtrim("jobs", maxlen=15, approximate=False)
    stage = Stage(client)
    await stage.poll()
    lags = {group.name: group.lag for group in stage.stream(b"jobs").groups}
    assert lags[b"all"] == Lag(15)
    assert lags[b"end"] == Lag(0)
    assert (lags[b"middle"].value, lags[b"middle"].grade) == (10, LagGrade.EXACT)
    assert lags[b"middle"].reason == "counted entry by entry"
    stage.collector._count.gap = "may not be counted"
    stage.collector._count._counted.clear()
    await stage.poll()
    (middle,) = [group.lag for group in stage.stream(b"jobs").groups if group.name == b"middle"]
    assert (middle.value, middle.grade) == (None, LagGrade.UNKNOWN)
    assert middle.reason


async def test_a_lying_counter_is_not_believed(client: Redis) -> None:
    ids = await add(client, "jobs", 20)
    await client.execute_command("XGROUP", "CREATE", "jobs", "g", ids[4], "ENTRIESREAD", 1000)
    stage = Stage(client)
    await stage.poll()
    (group,) = stage.stream(b"jobs").groups
    assert group.lag == Lag(15, LagGrade.EXACT, "counted entry by entry")
    (raw,) = stage.collector._topology.streams
    assert raw.groups[0].lag.grade is LagGrade.UNKNOWN
    assert "-980" in (raw.groups[0].lag.reason or "")


async def test_memory_fields_and_a_cap_are_learned_by_and_by(client: Redis) -> None:
    for number in range(20):
        await client.xadd(f"s{number:02}", {"orderId": "1", "type": "paid"})
    for _ in range(3):
        await client.xadd("s00", {"orderId": "1", "type": "paid"}, maxlen=2, approximate=False)
    stage = Stage(client)
    await stage.poll(8)
    for stream in stage.snapshot.streams:
        assert stream.memory_bytes == await client.memory_usage(stream.name)
        assert stream.fields == ("orderId", "type")
    assert stage.judged(b"s00").cap == "yes"
    assert stage.judged(b"s01").cap == "unknown"
    await client.xadd("s01", {"other": "1"})
    await stage.poll(8)
    assert stage.stream(b"s01").fields == ("other",)
