"""Following a run from any point: nothing is skipped in silence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentdash.core.queries import RunEventsOf
from agentdash.core.runs.event import StreamTrimmed
from agentdash.core.runs.model import RunEvent, RunKeys
from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.server.client import open_client
from collectors.runs.events import read_events, trimmed_past
from collectors.runs.follow import follow
from tests.support import until

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEYS = RunKeys()


async def fill(client: Redis, count: int, first: int = 1) -> None:
    for number in range(first, first + count):
        await client.xadd(KEYS.events("r"), {"type": "note", "at": str(number)}, id=f"{number}-0")


async def ids(client: Redis, after: str | None, count: int = 500) -> tuple[list[str], str | None]:
    answer = await read_events(client, KEYS, RunEventsOf("r", after=after, count=count))
    return [event.id for event in answer.events], answer.trimmed


async def test_the_newest_oldest_first(client: Redis) -> None:
    await fill(client, 5)
    assert await ids(client, None, 2) == (["4-0", "5-0"], None)
    assert await ids(client, None) == ([f"{n}-0" for n in range(1, 6)], None)


async def test_a_run_without_events(client: Redis) -> None:
    assert await ids(client, None) == ([], None)
    assert await ids(client, "5-0") == ([], None)


async def test_resumed_from_anywhere(client: Redis) -> None:
    await fill(client, 5)
    assert await ids(client, "0") == ([f"{n}-0" for n in range(1, 6)], None)
    assert await ids(client, "3-0") == (["4-0", "5-0"], None)
    assert await ids(client, "3") == (["4-0", "5-0"], None)
    assert await ids(client, "5-0") == ([], None)
    assert await ids(client, "nonsense", 1) == (["1-0"], None)


async def test_pages_backwards(client: Redis) -> None:
    key = KEYS.events("r")
    for entry_id in ("5-0", "5-1", "6-0", "7-0"):
        await client.xadd(key, {"type": "note"}, id=entry_id)

    async def older(before: str, count: int) -> list[str]:
        answer = await read_events(client, KEYS, RunEventsOf("r", before=before, count=count))
        return [event.id for event in answer.events]

    assert await older("7-0", 2) == ["5-1", "6-0"]
    assert await older("5-1", 500) == ["5-0"]
    assert await older("5-0", 500) == []
    assert await older("0-0", 500) == []
    assert await older("nonsense", 500) == []


async def test_trimmed_past_the_reader_is_said_with_the_first_id_that_is_left(client: Redis) -> None:
    await fill(client, 10)
    await client.xtrim(KEYS.events("r"), maxlen=4, approximate=False)
    assert await ids(client, "3-0") == (["7-0", "8-0", "9-0", "10-0"], "7-0")
    assert await ids(client, "0") == (["7-0", "8-0", "9-0", "10-0"], "7-0")
    assert await ids(client, "7-0") == (["8-0", "9-0", "10-0"], None)
    assert await ids(client, "10-0") == ([], None)


async def test_deleted_in_the_middle_is_said(client: Redis) -> None:
    await fill(client, 10)
    await client.xdel(KEYS.events("r"), "6-0")
    assert (await ids(client, "3-0"))[1] is not None
    assert await ids(client, "7-0") == (["8-0", "9-0", "10-0"], None)


async def test_all_of_it_gone(client: Redis) -> None:
    await fill(client, 3)
    await client.xtrim(KEYS.events("r"), maxlen=0, approximate=False)
    assert await ids(client, "1-0") == ([], "3-0")
    assert await ids(client, "3-0") == ([], None)


@pytest.mark.parametrize("info", [[], {}, [b"length"], [b"first-entry", b"x", b"length", 3]])
def test_an_answer_of_an_old_or_odd_server(info: object) -> None:
    assert trimmed_past(info, "5-0") is None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trims=st.lists(st.integers(1, 8), max_size=4), step=st.integers(1, 5))
async def test_a_reader_sees_each_event_once_or_is_told(client: Redis, trims: list[int], step: int) -> None:
    await client.delete(KEYS.events("r"))
    last, seen, told, written = "0", [], 0, 0
    for keep in [*trims, 100]:
        await fill(client, 6, first=written + 1)
        written += 6
        await client.xtrim(KEYS.events("r"), maxlen=keep, approximate=False)
        got, trimmed = await ids(client, last, step)
        if trimmed is not None:
            told += 1
            assert got[0] == trimmed
        elif got:
            assert int(got[0].split("-")[0]) == len(seen) + 1 or told
        seen += got
        last = got[-1] if got else last
    assert len(seen) == len(set(seen))
    numbers = [int(entry.split("-")[0]) for entry in seen]
    assert numbers == sorted(numbers)


async def test_following_to_the_end(client: Redis) -> None:
    seen: list[str] = []

    async def read() -> None:
        async for one in follow(client, KEYS, "r"):
            seen.append(one.type if isinstance(one, RunEvent) else "trimmed")  # noqa: PERF401 - live

    reader = asyncio.create_task(read())
    await fill(client, 3)
    await until(lambda: len(seen) == 3)
    await client.xadd(KEYS.events("r"), {"type": "run_completed"})
    await client.xadd(KEYS.events("r"), {"type": "never read"})
    await asyncio.wait_for(reader, 20)
    assert seen == ["note", "note", "note", "run_completed"]


async def test_a_follower_that_fell_behind_is_told_and_goes_on_at_the_first_that_is_left(
    client: Redis,
) -> None:
    await fill(client, 8)
    reader = follow(client, KEYS, "r", after="2-0")
    assert (await anext(reader)).id == "3-0"  # type: ignore[union-attr]
    await fill(client, 600, first=9)
    await client.xtrim(KEYS.events("r"), maxlen=5, approximate=False)
    await client.xadd(KEYS.events("r"), {"type": "run_failed"}, id="9999-0")
    rest = [one async for one in reader]
    told = [one for one in rest if isinstance(one, StreamTrimmed)]
    assert told == [StreamTrimmed("8-0", "604-0")]
    ids = [one.id for one in rest if isinstance(one, RunEvent)]
    assert ids == ["4-0", "5-0", "6-0", "7-0", "8-0", *(f"{n}-0" for n in range(604, 609)), "9999-0"]


async def test_a_follower_of_a_stream_that_was_emptied_goes_on_with_what_comes(client: Redis) -> None:
    await fill(client, 3)
    await client.xtrim(KEYS.events("r"), maxlen=0, approximate=False)
    reader = follow(client, KEYS, "r", after="1-0")
    assert await anext(reader) == StreamTrimmed("1-0", "3-0")
    await client.xadd(KEYS.events("r"), {"type": "run_cancelled"}, id="4-0")
    assert [one.id for one in [one async for one in reader] if isinstance(one, RunEvent)] == ["4-0"]


async def test_a_server_that_goes_away_is_an_error_in_words() -> None:
    client = open_client("redis://127.0.0.1:1/0", RedisSettings())
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:1"):
        await anext(follow(client, KEYS, "r"))
    await client.aclose()


async def test_opening_ten_thousand_events_is_one_bounded_page(client: Redis) -> None:
    pipe = client.pipeline(transaction=False)
    for number in range(1, 10_001):
        pipe.xadd(KEYS.events("r"), {"type": "note", "at": str(number), "data": "{}"}, id=f"{number}-0")
    await pipe.execute()
    before = await client.info("commandstats")
    answer = await read_events(client, KEYS, RunEventsOf("r", count=200))
    after = await client.info("commandstats")
    assert len(answer.events) == 200
    assert after["cmdstat_xrevrange"]["calls"] - before.get("cmdstat_xrevrange", {"calls": 0})["calls"] == 1
    assert "cmdstat_xrange" not in {name for name in after if after[name] != before.get(name)}
    older = await read_events(client, KEYS, RunEventsOf("r", before=answer.events[0].id, count=200))
    assert (older.events[-1].id, len(older.events)) == ("9800-0", 200)
