"""Browsing and searching a real stream; who holds an entry; what the ACL allows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.entry_window import EntryWindow
from agentdash.core.streams.queries import EntriesFrom, HoldersOf, RightsOn, SearchEntries
from agentdash.server.client import open_client
from collectors.streams.browse import holders, page, search
from collectors.streams.rights import rights, samples
from tests.collectors.streams.stage import add, work

STREAM = b"jobs\xff"


@pytest.fixture
async def ids(client: Redis) -> list[str]:
    return [entry.decode() for entry in await add(client, STREAM, 1200, kind="Plain")]


async def test_through_the_whole_stream_and_back(client: Redis, ids: list[str]) -> None:
    window = EntryWindow(STREAM, entries=300)
    seen: list[str] = []
    while (asked := window.older_query(250)) is not None:
        window.add_older(await page(client, asked, 0))
        seen += [entry.id for entry in window if entry.id not in seen]
    assert seen == ids[::-1]
    assert window.at_oldest
    while not window.at_newest:
        asked = window.newer_query(250)
        assert asked is not None
        window.add_newer(await page(client, asked, 0))
    assert [entry.id for entry in window] == ids[:-301:-1]


async def test_from_a_place_on(client: Redis, ids: list[str]) -> None:
    newer = await page(client, EntriesFrom(STREAM, ids[600], older=False, count=5), 0)
    assert [entry.id for entry in newer.entries] == ids[600:605]
    assert newer.more
    older = await page(client, EntriesFrom(STREAM, ids[2], older=True, count=5), 0)
    assert [entry.id for entry in older.entries] == ids[2::-1]
    assert not older.more
    assert (await page(client, EntriesFrom(b"nothing"), 0)).entries == ()


async def test_entries_of_a_megabyte_come_in_short_pages(client: Redis) -> None:
    for _ in range(20):
        await client.xadd("big", {"body": b"x" * 1_000_000})
    found = await page(client, EntriesFrom(b"big", count=500), 0)
    assert 8 <= len(found.entries) < 20
    assert found.more


async def test_search_in_steps(client: Redis, ids: list[str]) -> None:
    special = (await client.xadd(STREAM, {"kind": "Größe", b"\xfe": b"\x00NEEDLE\xff"})).decode()
    await add(client, STREAM, 700, kind="Plain")
    found, start, scanned = [], None, 0
    for _ in range(10):
        answer = await search(client, SearchEntries(STREAM, "needle", start, scan=600), 0)
        found += [entry.id for entry in answer.found]
        scanned += answer.scanned
        start = answer.next_start
        if start is None:
            break
    assert found == [special]
    assert scanned == 1901
    assert start is None


@pytest.mark.parametrize(
    ("needle", "hits"), [("kind=GRÖSSE", 0), ("kind=Größe", 1), ("KIND=plain", 3), ("n=1", 1)]
)
async def test_a_needle_is_found_in_names_and_values(client: Redis, needle: str, hits: int) -> None:
    await add(client, STREAM, 3, kind="Plain")
    await client.xadd(STREAM, {"kind": "Größe"})
    answer = await search(client, SearchEntries(STREAM, needle), 0)
    assert len(answer.found) == hits


async def test_who_holds_an_entry(client: Redis, ids: list[str]) -> None:
    for group in ("one", "two", "three"):
        await client.xgroup_create(STREAM, group, id="0")
    await work(client, STREAM, "one", "a", 1, ack=False)
    await work(client, STREAM, "two", "b", 1)
    found = await holders(client, HoldersOf(STREAM, ids[0], (b"one", b"two", b"three", b"gone")))
    assert [(one.group, one.consumer, one.deliveries) for one in found.holders] == [(b"one", b"a", 1)]


@pytest.fixture
async def as_user(client: Redis, redis_url: str) -> AsyncIterator[object]:
    made: list[Redis] = []

    async def log_in(*rules: str) -> Redis:
        await client.execute_command("ACL", "SETUSER", "narrow", "on", ">pw", *rules)
        sign = "&" if "?" in redis_url else "?"
        made.append(open_client(f"{redis_url}{sign}username=narrow&password=pw", RedisSettings()))
        return made[-1]

    yield log_in
    for one in made:
        await one.aclose()
        await one.connection_pool.disconnect()
    await client.execute_command("ACL", "DELUSER", "narrow")


async def test_rights_are_asked_without_trying(client: Redis, as_user: object, ids: list[str]) -> None:
    allowed = await rights(client, RightsOn(STREAM))
    assert allowed.known
    assert allowed.denied == ()
    narrow = await as_user("~*", "+@read", "+@connection", "+acl")  # type: ignore[operator]
    found = await rights(narrow, RightsOn(STREAM))
    assert found.known
    denied = dict(found.denied)
    assert set(samples(STREAM)) - set(denied) == {"XPENDING", "XRANGE", "XINFO GROUPS", "XINFO CONSUMERS"}
    assert "xack" in denied["XACK"]
    assert await client.xlen(STREAM) == len(ids)
    assert await client.execute_command(b"XINFO", "GROUPS", STREAM) == []


async def test_who_may_not_ask_knows_nothing(client: Redis, as_user: object, ids: list[str]) -> None:
    narrow = await as_user("~*", "+@read", "+@connection")  # type: ignore[operator]
    found = await rights(narrow, RightsOn(STREAM))
    assert not found.known
    assert found.denied == ()


async def test_what_may_not_be_read_is_said(client: Redis, as_user: object, ids: list[str]) -> None:
    narrow = await as_user("~other", "+@all")  # type: ignore[operator]
    with pytest.raises(SourceError, match="ACL denies reading entries"):
        await page(narrow, EntriesFrom(STREAM), 0)
    with pytest.raises(SourceError, match="ACL"):
        await search(narrow, SearchEntries(STREAM, "x"), 0)
