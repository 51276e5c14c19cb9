"""Every number of the JSON view is what the server answers, in all scenes, however old its replies.

Asked by a client of the test's own, right before and right after the poll.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import Lag, LagGrade, StreamsSnapshot, Verdict
from agentdash.headless.views import document
from agentdash.server.client import open_client
from tests.collectors.streams.raw import Raw
from tests.collectors.streams.scenes import ODD, SCENES, group
from tests.collectors.streams.servers import PATHS, started
from tests.collectors.streams.stage import Stage, add
from tests.redis_sets import free_ports
from tests.support import wait_until

Item = dict[str, Any]

OF_A_STREAM = {
    "length": "length",
    "lastId": "last-generated-id",
    "entriesAdded": "entries-added",
    "maxDeletedId": "max-deleted-entry-id",
}
OURS = {"ratePerMin", "cap", "status", "sampled", "groupsKnown", "error"}
OURS_OF_A_GROUP = {
    "verdict", "verdictSince", "why", "drainPerMin", "forecastSeconds", "activeConsumers", "consumersKnown",
}  # fmt: skip
"""What is judged, not read."""

READ = {"name", "nameHex", "firstId", "memoryBytes", "fields", "producers", "groups"}
READ_OF_A_GROUP = {
    "name", "nameHex", "pending", "lag", "lastDeliveredId", "entriesRead", "oldestPending", "consumers",
}  # fmt: skip

AT_ONCE = ("--repl-diskless-sync-delay", "0")
CLOCK_MS = 100
"""The server's clock of a command may be a little behind that which TIME gives."""


def plain(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def key_of(item: Item, name: str) -> bytes:
    """The exact bytes of a name of the JSON view."""
    exact = item[f"{name}Hex" if name != "name" else "nameHex"]
    return bytes.fromhex(exact) if exact is not None else item[name].encode()


class Told:
    """All that the server says of one stream, by the plain commands."""

    def __init__(self, raw: Raw, key: bytes) -> None:
        self.info = raw.table("XINFO", "STREAM", key)
        self.groups = raw.tables("XINFO", "GROUPS", key)
        names = [of["name"] for of in self.groups]
        self.consumers = [raw.tables("XINFO", "CONSUMERS", key, name) for name in names]
        self.oldest = [raw("XPENDING", key, name, "-", "+", 1) for name in names]
        self.newest = raw("XREVRANGE", key, "+", "-", "COUNT", 5)
        self.unread = [self._after(raw, key, of["last-delivered-id"]) for of in self.groups]
        self.memory = raw("MEMORY", "USAGE", key)

    @staticmethod
    def _after(raw: Raw, key: bytes, delivered: bytes) -> int:
        """How many entries stand after a group's position, counted."""
        there = raw("XRANGE", key, delivered, "+")
        return len(there) - any(entry[0] == delivered for entry in there)


def within(ours: int | None, before: int | None, after: int | None) -> bool:
    """Whether an idle time is between what the server said before and after; -1 is "never"."""
    if ours is None or before is None or after is None or before < 0:
        return ours == before == after
    return before - CLOCK_MS <= ours <= after + CLOCK_MS


def same(item: Item, before: Told, after: Told, old: bool) -> None:
    """Every field of *item*; *old*: fields that came after Redis 5 are not told to the dashboard."""
    info = after.info
    for ours, theirs in OF_A_STREAM.items():
        expected = None if old and theirs in {"entries-added", "max-deleted-entry-id"} else info.get(theirs)
        assert item[ours] == plain(expected), ours
    assert item["firstId"] == (info["first-entry"][0].decode() if info["first-entry"] else None)
    assert item["memoryBytes"] == after.memory
    newest = after.newest[0][1] if after.newest else None
    assert item["fields"] == (None if newest is None else list(dict.fromkeys(map(plain, newest[::2]))))
    named = any(b"originService" in entry[1] for entry in after.newest)
    assert item["producers"] == (["shop"] if named else None)
    assert item["sampled"] is item["groupsKnown"] is True
    assert item["error"] is None
    assert set(item) == {*OF_A_STREAM, *OURS, *READ}
    assert len(item["groups"]) == len(after.groups)
    for number, ours_of in enumerate(item["groups"]):
        same_group(ours_of, number, before, after, old)


def same_group(item: Item, number: int, before: Told, after: Told, old: bool) -> None:
    of = after.groups[number]
    assert key_of(item, "name") == of["name"]
    assert item["pending"] == of["pending"]
    assert item["lastDeliveredId"] == of["last-delivered-id"].decode()
    assert item["entriesRead"] == (None if old else of.get("entries-read"))
    same_lag(item["lag"], None if old else of.get("lag"), after.unread[number], after.info["length"])
    (line,) = after.oldest[number] or [None]
    oldest = item["oldestPending"]
    assert (oldest is None) == (line is None)
    if oldest is not None and line is not None:
        assert (oldest["id"], key_of(oldest, "consumer")) == (line[0].decode(), line[1])
        assert oldest["deliveries"] == line[3]
        assert within(oldest["idleMs"], before.oldest[number][0][2], line[2])
        assert set(oldest) == {"id", "consumer", "consumerHex", "deliveries", "idleMs", "entryAgeMs"}
    reported = zip(item["consumers"], before.consumers[number], after.consumers[number], strict=True)
    for consumer, then, now in reported:
        assert (key_of(consumer, "name"), consumer["pending"]) == (now["name"], now["pending"])
        assert within(consumer["idleMs"], then["idle"], now["idle"])
        if not old:
            assert within(consumer["inactiveMs"], then.get("inactive"), now.get("inactive"))
        assert set(consumer) == {"name", "nameHex", "pending", "idleMs", "inactiveMs"}
    assert item["consumersKnown"] is True
    assert set(item) == {*OURS_OF_A_GROUP, *READ_OF_A_GROUP}


def same_lag(lag: Item, reported: int | None, unread: int, length: int) -> None:
    """Never further from the truth than its grade says; the server's own number wherever that is possible."""
    value, grade = lag["value"], lag["grade"]
    if grade == "exact":
        assert value == unread
    if grade == "bounded":
        assert 0 < value <= unread
    if grade == "estimated":
        assert unread <= value <= length
    assert (value is None) == (grade == "unknown")
    assert grade == "exact" or lag["reason"]
    if reported is not None and reported == unread:
        assert value == reported


def items_of(snapshot: StreamsSnapshot) -> list[dict[str, Any]]:
    return document(Topic.STREAMS, Store(streams=snapshot), 0, "h")["items"]


async def all_the_same(stage: Stage, raw: Raw, old: bool = False) -> None:
    """Every field of every stream, as the next poll of *stage* gives it."""
    keys = [stream.name for stream in stage.snapshot.streams]
    before = {key: Told(raw, key) for key in keys}
    await stage.poll()
    items = items_of(stage.snapshot)
    assert [key_of(item, "name") for item in items] == keys
    assert set(keys) == {key for key in raw("KEYS", "*") if raw("TYPE", key) == b"stream"}
    for item, key in zip(items, keys, strict=True):
        same(item, before[key], Told(raw, key), old)


async def settled(stage: Stage) -> None:
    """By then all are sampled, and what must be counted is."""
    for _ in range(12):
        await stage.poll(seconds=6.0)


async def test_all_numbers_of_all_scenes_are_the_servers(server: tuple[Redis, bool]) -> None:
    client, full = server
    stage = Stage(client, full)
    with scenes(place(client)) as raw:
        await settled(stage)
        assert set(ODD) < {stream.name for stream in stage.snapshot.streams}
        await all_the_same(stage, raw, old=not full)
        raw("XGROUP", "DESTROY", b"lag", b"g")
        await stage.poll()
        assert stage.stream(b"lag").groups == ()
        raw("FLUSHDB")
        await stage.poll()
        assert items_of(stage.snapshot) == []


@pytest.mark.parametrize("version", ["7.0", "6.2"])
async def test_a_replica_that_takes_over_is_watched_anew_and_raises_nothing(
    version: str, tmp_path: Path, server_of: Callable[[str], str]
) -> None:
    server_of(version)  # or this is skipped
    path, (port,) = PATHS[version], free_ports(1)
    assert path is not None
    now = tmp_path / "now.sock"
    homes = [tmp_path / "a", tmp_path / "b"]
    for home in homes:
        home.mkdir()
    with (
        started(path, homes[1], "--replicaof", "127.0.0.1", str(port), *AT_ONCE) as b,
        ExitStack() as first,
    ):
        a = first.enter_context(started(path, homes[0], "--port", str(port), *AT_ONCE))
        now.symlink_to(a.removeprefix("unix://"))
        client = open_client(f"unix://{now}", RedisSettings(timeout=2, connect_timeout=2))
        stage = Stage(client, window=8.0)
        with scenes(a) as raw, Raw(b) as replica:
            wait_until(lambda: raw("WAIT", 1, 1000) == 1, what="the replica")
            await settled(stage)
            found, lengths = stage.open().keys(), {s.name: s.length for s in stage.snapshot.streams}
            replica("REPLICAOF", "NO", "ONE")
        first.close()
        now.unlink()
        now.symlink_to(b.removeprefix("unix://"))
        await stage.poll()
        assert {s.name: s.length for s in stage.snapshot.streams} == lengths
        lag = stage.group(b"lag", b"g")
        assert (lag.verdict, lag.lost_since) == (Verdict.WATCHING, None)
        assert stage.open().keys() == found
        await settled(stage)
        assert stage.open().keys() <= found
        with Raw(b) as replica:
            await all_the_same(stage, replica)
        await client.aclose()
        await client.connection_pool.disconnect()


def place(client: Redis) -> str:
    """The URL of what *client* talks to."""
    return f"unix://{client.connection_pool.connection_kwargs['path']}"


@contextmanager
def scenes(url: str) -> Iterator[Raw]:
    """All scenes on the server at *url*, with a reader that waits in ``BLOCK 0`` on a healthy stream."""
    with ExitStack() as stack:
        raw, waiting = stack.enter_context(Raw(url)), stack.enter_context(Raw(url))
        for scene in SCENES:
            scene(raw)
        group(raw, b"blocked")
        waiting.send("XREADGROUP", "GROUP", b"g", b"patient", "BLOCK", 0, "STREAMS", b"blocked", ">")
        wait_until(lambda: b"cmd=xreadgroup" in raw("CLIENT", "LIST"), what="a reader that waits")
        yield raw


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
    stage.collector._lag_counter.gap = "may not be counted"
    stage.collector._lag_counter._counted.clear()
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
