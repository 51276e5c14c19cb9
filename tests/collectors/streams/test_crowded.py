"""Streams with hundreds of consumers: no command about them takes the server long."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from collectors.streams import crowded
from tests.collectors.streams.stage import Stage, add, work

MANY = 20


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowded, "MOST", MANY - 1)


async def crowd(client: Redis, stream: str, group: str = "g", consumers: int = MANY) -> None:
    await client.xgroup_create(stream, group, id="0", mkstream=True)
    await add(client, stream, consumers)
    for number in range(consumers):
        await work(client, stream, group, f"c{number}", 1, ack=number % 2 == 0)


async def calls(client: Redis, *commands: str) -> list[int]:
    stats = await client.info("commandstats")
    return [int(stats.get(f"cmdstat_{command}", {}).get("calls", 0)) for command in commands]


async def test_a_crowd_is_never_read_with_one_command_and_listed_now_and_then(client: Redis) -> None:
    await crowd(client, "crowded")
    await client.execute_command("CONFIG", "RESETSTAT")
    await client.config_set("slowlog-log-slower-than", 0)
    await client.slowlog_reset()
    stage = Stage(client)
    await stage.poll(5)
    sent = [one["command"] for one in await client.slowlog_get(-1)]
    await client.config_set("slowlog-log-slower-than", 10_000)
    group = stage.stream(b"crowded").groups[0]
    assert len(group.consumers) == MANY
    assert group.pending == MANY // 2
    assert group.oldest_pending is not None
    assert group.lag.value == 0
    assert any("hundreds of consumers" in gap for gap in stage.snapshot.gaps)
    # XINFO STREAM is asked once a poll, never with FULL: that would list the consumers each time.
    assert await calls(client, "xinfo|stream", "xinfo|consumers") == [5, 1]
    assert any(b"crowded" in command for command in sent)
    assert not any(b"FULL" in command for command in sent)


async def test_all_but_the_consumers_is_fresh(client: Redis) -> None:
    await crowd(client, "crowded")
    stage = Stage(client)
    await stage.poll(2)
    await add(client, "crowded", 7)
    await work(client, "crowded", "g", "late", 2, ack=False)
    await stage.poll()
    stream = stage.stream(b"crowded")
    assert stream.length == MANY + 7
    assert (stream.groups[0].lag.value, stream.groups[0].pending) == (5, MANY // 2 + 2)
    assert len(stream.groups[0].consumers) == MANY, "as they were listed last"


async def test_the_list_is_brought_up_to_date_by_time_and_for_a_new_group(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(client, "crowded")
    stage = Stage(client)
    await stage.poll(2)
    await client.xgroup_create("crowded", "other", id="0")
    await work(client, "crowded", "other", "somebody", 1)
    await stage.poll(2)
    by_name = {group.name: group for group in stage.stream(b"crowded").groups}
    assert [consumer.name for consumer in by_name[b"other"].consumers] == [b"somebody"]
    await work(client, "crowded", "other", "somebody-else", 1)
    await stage.poll(2)
    assert len(stage.stream(b"crowded").groups[1].consumers) == 1
    monkeypatch.setattr(crowded, "EVERY_MS", 0)
    await stage.poll()
    assert len(stage.stream(b"crowded").groups[1].consumers) == 2


async def test_who_leaves_a_crowd_ends_it(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    await crowd(client, "crowded")
    stage = Stage(client)
    await stage.poll(2)
    for number in range(5, MANY):
        await client.xgroup_delconsumer("crowded", "g", f"c{number}")
    monkeypatch.setattr(crowded, "EVERY_MS", 0)
    await stage.poll(3)
    assert len(stage.stream(b"crowded").groups[0].consumers) == 5
    assert not any("hundreds of consumers" in gap for gap in stage.snapshot.gaps)
