"""What a poll costs is counted: round trips, commands, and that all of them only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from tests.collectors.streams.stage import Stage, add

READS = {
    "cmdstat_ping",
    "cmdstat_time",
    "cmdstat_info",
    "cmdstat_scan",
    "cmdstat_xinfo|stream",
    "cmdstat_xinfo|groups",
    "cmdstat_memory|usage",
    "cmdstat_xrevrange",
    "cmdstat_config|resetstat",
}


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is written to any connection, one item a write."""
    seen: list[bytes] = []
    send = AbstractConnection.send_packed_command

    async def counted(self: AbstractConnection, command: object, *args: object, **kwargs: object) -> None:
        parts = [command] if isinstance(command, bytes) else command
        seen.append(b"".join(bytes(part) for part in parts))  # type: ignore[union-attr]
        await send(self, command, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    return seen


async def make(client: Redis, count: int) -> None:
    pipeline = client.pipeline(transaction=False)
    for number in range(count):
        pipeline.xgroup_create(f"s{number:04}", "g", id="0", mkstream=True)
    await pipeline.execute()


@pytest.mark.parametrize(("streams", "reads"), [(1, 1), (50, 1), (51, 2), (230, 5)])
async def test_round_trips_grow_with_a_fiftieth_of_the_streams(
    client: Redis, writes: list[bytes], streams: int, reads: int
) -> None:
    await make(client, streams)
    stage = Stage(client)
    await stage.poll()
    writes.clear()
    snapshot = await stage.poll()
    assert len(snapshot.streams) == streams
    # The server's time, one slice of SCAN, the sample of a few.
    assert snapshot.round_trips == reads + 3
    assert len(writes) == snapshot.round_trips
    assert max(write.count(b"FULL") for write in writes) <= 50
    assert sum(write.count(b"FULL") for write in writes) == streams


async def test_only_cheap_reads_are_sent(client: Redis, writes: list[bytes]) -> None:
    await make(client, 60)
    await add(client, "s0001", 5)
    await client.execute_command("CONFIG", "RESETSTAT")
    writes.clear()
    stage = Stage(client)
    await stage.poll(5)
    stats = await client.info("commandstats")
    assert set(stats) <= READS
    sent = b"".join(writes)
    assert b"$5\r\nCOUNT\r\n$1\r\n0\r\n" not in sent
    assert b"KEYS" not in sent


async def test_a_poll_looks_at_a_bounded_part_of_a_large_key_space(client: Redis) -> None:
    pipeline = client.pipeline(transaction=False)
    for number in range(30_000):
        pipeline.set(f"ballast:{number}", "")
    await pipeline.execute()
    await make(client, 20)
    stage = Stage(client)
    first = await stage.poll()
    assert not first.scan_complete
    assert first.round_trips <= 10 + 5
    for _ in range(10):
        snapshot = await stage.poll()
        assert snapshot.round_trips <= 10 + 4
        if snapshot.scan_complete:
            break
    assert snapshot.scan_complete
    assert len(snapshot.streams) == 20


async def test_what_did_not_change_is_the_same_object(client: Redis) -> None:
    await add(client, "still", 3)
    await add(client, "moves", 3)
    stage = Stage(client)
    await stage.poll(3)
    lag_now, moves = stage.stream(b"still"), stage.stream(b"moves")
    await add(client, "moves", 1)
    await stage.poll()
    assert stage.stream(b"still") is lag_now
    assert stage.stream(b"moves") is not moves


async def test_streams_over_the_limit_are_counted_not_read(client: Redis) -> None:
    await make(client, 30)
    stage = Stage(client, max_streams=10)
    snapshot = await stage.poll(2)
    assert len(snapshot.streams) == 10
    assert snapshot.known == 30
