"""A user with few rights sees what it may, and each gap names the permission that is missing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.core.streams.model import Verdict
from agentdash.server.client import open_client
from tests.collectors.streams.stage import Stage, add, work
from tests.support import ROOT

DOCS = ROOT / "docs" / "streams.md"
Login = Callable[..., Awaitable[Redis]]


@pytest.fixture
async def login(client: Redis, redis_url: str) -> AsyncIterator[Login]:
    """Makes the user of the test with these rules, and logs in."""
    opened: list[Redis] = []

    async def of(*rules: str) -> Redis:
        await client.execute_command("ACL", "SETUSER", "dash-test", "reset", "on", ">pw", *rules)
        opened.append(open_client(redis_url.replace("unix://", "unix://dash-test:pw@", 1), RedisSettings()))
        return opened[-1]

    yield of
    for one in opened:
        await one.aclose()
        await one.connection_pool.disconnect()
    await client.acl_deluser("dash-test")


async def scene(client: Redis) -> None:
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    ids = await add(client, "jobs", 30)
    await work(client, "jobs", "g", "c", 10, ack=False)
    await client.xgroup_create("jobs", "middle", id=ids[4])
    await client.xgroup_create("done", "g", id="0", mkstream=True)
    await add(client, "done", 5)
    await work(client, "done", "g", "c", 5, ack=False)


async def test_the_rights_of_the_documentation_are_enough(client: Redis, login: Login) -> None:
    (rules,) = re.findall(r"ACL SETUSER dash on >PASSWORD (.*?)```", DOCS.read_text(), re.DOTALL)[:1]
    await scene(client)
    user, whole = await login(*rules.split()), Stage(client)
    stage = Stage(user)
    await stage.poll(3)
    await whole.poll(3)
    assert stage.snapshot.gaps == ()
    assert stage.snapshot.clients == whole.snapshot.clients
    assert [(s.name, s.length, s.memory_bytes, s.fields) for s in stage.snapshot.streams] == [
        (s.name, s.length, s.memory_bytes, s.fields) for s in whole.snapshot.streams
    ]


async def test_each_gap_names_its_permission_and_the_rest_is_seen(client: Redis, login: Login) -> None:
    await scene(client)
    denied = ("@dangerous", "client", "scan", "info", "time", "memory", "xpending", "xrange", "xrevrange")
    user = await login("~*", "+@all", *(f"-{name}" for name in denied))
    stage = Stage(user, include=("jobs", "done"))
    await stage.poll(4)
    gaps = "\n".join(stage.snapshot.gaps)
    for permission in ("+scan", "+info", "+time", "+memory|usage", "+xpending", "+xrange", "+xrevrange"):
        assert permission in gaps
    assert "CLIENT LIST is not allowed (+client|list)" in gaps
    assert [stream.name for stream in stage.snapshot.streams] == [b"done", b"jobs"]
    (group, middle) = stage.stream(b"jobs").groups
    assert (group.lag.value, group.pending, len(group.consumers)) == (20, 10, 1)
    assert middle.lag.value is None
    assert stage.snapshot.server == ""
    await client.execute_command("ACL", "SETUSER", "dash-test", "+@all")
    stage.collector._on_failure()
    await stage.poll(2)
    assert stage.snapshot.gaps == ()


async def test_without_the_list_of_consumers_nobody_is_called_dead(client: Redis, login: Login) -> None:
    await scene(client)
    user = await login("~*", "+@all", "-xinfo|consumers")
    stage = Stage(user, full=False, window=5.0, dead_after=0.001)
    await stage.poll(14)
    (group, _) = stage.stream(b"jobs").groups
    assert not group.consumers_known
    judged = stage.group(b"jobs", b"g")
    assert judged.active is None
    assert judged.verdict is not Verdict.UNREAD
    assert "DEAD_CONSUMER" not in stage.open()
    assert any("+xinfo|consumers" in gap for gap in stage.snapshot.gaps)


WITHHELD = ("@dangerous", "client", "xinfo|stream")
FACTS = ("length", "first_id", "last_id")


@pytest.mark.parametrize("full", [True, False], ids=["full", "as of 5"])
async def test_what_may_be_had_of_a_stream_that_is_not_described(
    client: Redis, login: Login, full: bool
) -> None:
    await scene(client)
    user, whole = await login("~*", "+@all", *(f"-{name}" for name in WITHHELD)), Stage(client)
    stage = Stage(user, full=full)
    await stage.poll(2)
    await whole.poll(2)
    for ours, theirs in zip(stage.snapshot.streams, whole.snapshot.streams, strict=True):
        assert ours.error is None
        assert [getattr(ours, name) for name in FACTS] == [getattr(theirs, name) for name in FACTS]
        assert ours.entries_added is None
        for group, of in zip(ours.groups, theirs.groups, strict=True):
            assert (group.name, group.pending, group.lag.value) == (of.name, of.pending, of.lag.value)
            assert [one.name for one in group.consumers] == [one.name for one in of.consumers]
            assert (group.oldest_pending is None) == (of.oldest_pending is None)
    assert [gap for gap in stage.snapshot.gaps if "+xinfo|stream" in gap]
    await client.execute_command("ACL", "SETUSER", "dash-test", "+xinfo|stream")
    await stage.poll()
    assert stage.stream(b"jobs").entries_added == (30 if full else None)
    assert not [gap for gap in stage.snapshot.gaps if "xinfo" in gap]


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        ("xinfo", ("+xinfo|stream", "+xinfo|groups")),
        ("xinfo|stream -xinfo|consumers", ("+xinfo|stream", "+xinfo|consumers")),
        ("xinfo|stream -xpending", ("+xinfo|stream", "+xpending")),
        ("xinfo|stream -xrange -xrevrange", ("+xinfo|stream", "+xrange", "+xrevrange")),
    ],
)
async def test_each_part_that_is_withheld_leaves_the_others(
    client: Redis, login: Login, denied: str, named: tuple[str, ...]
) -> None:
    await scene(client)
    await add(client, "events", 3)
    stage = Stage(await login("~*", "+@all", *f"-{denied}".split()), window=5.0)
    for _ in range(13):
        await add(client, "events", 1)
        await stage.poll()
    assert [(stream.name, stream.length) for stream in stage.snapshot.streams] == [
        (b"done", 5),
        (b"events", 16),
        (b"jobs", 30),
    ]
    gaps = "\n".join(stage.snapshot.gaps)
    assert all(permission in gaps for permission in named)
    assert all(stream.error is None for stream in stage.snapshot.streams)
    if denied == "xinfo":
        assert not any(stream.groups_known for stream in stage.snapshot.streams)
        assert {judged.status for judged in stage.snapshot.judgements} == {"UNKNOWN"}
        assert not stage.open()
    else:
        assert "NO_CONSUMER_GROUP" in stage.open()
        assert stage.stream(b"jobs").groups[0].pending == 10


async def test_with_nothing_but_scan_each_stream_says_what_it_lacks(client: Redis, login: Login) -> None:
    await scene(client)
    stage = Stage(await login("~*", "+ping", "+time", "+scan", "+info"))
    await stage.poll()
    assert {stream.name for stream in stage.snapshot.streams} == {b"jobs", b"done"}
    assert all("+xlen" in (stream.error or "") for stream in stage.snapshot.streams)
