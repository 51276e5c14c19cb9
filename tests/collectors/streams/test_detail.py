"""Drill-down: pending entries, one message, the newest ones."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from agentdash.core.queries import MessageAt, NewestMessages, PendingOf
from agentdash.core.snapshot import SourceError
from collectors.streams.detail import message, newest, pending
from tests.collectors.streams.stage import add, work

STREAM = b"jobs\xff"


@pytest.fixture
async def ids(client: Redis) -> list[str]:
    await client.xgroup_create(STREAM, "g", id="0", mkstream=True)
    added = [entry.decode() for entry in await add(client, STREAM, 10)]
    await work(client, STREAM, "g", "a", 6, ack=False)
    await work(client, STREAM, "g", "b", 2, ack=False)
    return added


async def test_pending_entries_and_those_whose_data_is_gone(client: Redis, ids: list[str]) -> None:
    await client.xdel(STREAM, ids[0], ids[3])
    now = int(ids[0].split("-")[0]) + 5000
    answer = await pending(client, PendingOf(STREAM, b"g"), now)
    assert [entry.id for entry in answer.entries] == ids[:8]
    assert answer.total == 8
    assert [entry.id for entry in answer.entries if entry.gone] == [ids[0], ids[3]]
    assert answer.entries[0].age_ms == 5000
    assert {entry.deliveries for entry in answer.entries} == {1}


async def test_pending_entries_of_one_consumer_cut_at_a_count(client: Redis, ids: list[str]) -> None:
    answer = await pending(client, PendingOf(STREAM, b"g", consumer=b"a", count=4), 0)
    assert [entry.id for entry in answer.entries] == ids[:4]
    assert answer.total == 6
    assert {entry.consumer for entry in answer.entries} == {b"a"}


async def test_all_gone_after_a_trim(client: Redis, ids: list[str]) -> None:
    await client.xtrim(STREAM, maxlen=0, approximate=False)
    answer = await pending(client, PendingOf(STREAM, b"g"), 0)
    assert all(entry.gone for entry in answer.entries)


async def test_a_message_with_all_its_fields(client: Redis, ids: list[str]) -> None:
    entry_id = await client.execute_command("XADD", STREAM, "*", "a", "1", "a", "2", b"\xff", b"\x00")
    found = await message(client, MessageAt(STREAM, entry_id.decode()), 0)
    assert found is not None
    assert found.fields == ((b"a", b"1"), (b"a", b"2"), (b"\xff", b"\x00"))
    assert await message(client, MessageAt(STREAM, "1-1"), 0) is None


async def test_the_newest_come_first(client: Redis, ids: list[str]) -> None:
    found = await newest(client, NewestMessages(STREAM, 3), 0)
    assert [one.id for one in found] == ids[:-4:-1]


async def test_what_is_gone_is_said(client: Redis, ids: list[str]) -> None:
    with pytest.raises(SourceError, match="no longer exists"):
        await pending(client, PendingOf(STREAM, b"nobody"), 0)
    with pytest.raises(SourceError, match="no longer exists"):
        await pending(client, PendingOf(b"nothing", b"g"), 0)
    assert await newest(client, NewestMessages(b"nothing"), 0) == ()
