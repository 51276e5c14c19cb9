"""Streams of a cluster and behind sentinels: all is seen, few round trips, a failure stays where it is."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ClusterError

from agentdash.actions.streams.groups import change
from agentdash.core.queries import PendingOf
from agentdash.core.settings.model import RedisSettings, RunsSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.commands import AcknowledgeEntries, DeadLetterEntries, SeenEntry
from agentdash.core.streams.model import Verdict
from agentdash.core.streams.queries import EntriesFrom, RightsOn
from agentdash.server.client import open_client
from agentdash.server.cluster import ClusterClient
from collectors.runs.collector import RunsCollector
from collectors.streams import browse as streams_browse
from collectors.streams import detail as streams_detail
from collectors.streams.read import PER_WRITE, Reads
from tests.collectors.streams.stage import Stage, add, work
from tests.redis_sets import Cluster, on
from tests.support import ROOT, until

QUICK = RedisSettings(timeout=0.5, connect_timeout=0.5)


@pytest.fixture
async def several(cluster: Cluster) -> AsyncIterator[Redis]:
    client = open_client(cluster.url, QUICK)
    yield client
    await client.aclose()


async def test_all_streams_are_seen_in_few_round_trips(several: Redis, cluster: Cluster) -> None:
    for number in range(130):
        await add(several, f"jobs{number}", number % 3 + 1)
        await several.xgroup_create(f"jobs{number}", "g", "0")
        await work(several, f"jobs{number}", "g", "c", 1, ack=number % 2 == 0)
    stage = Stage(several)
    await stage.poll(3)
    found = {stream.name: stream for stream in stage.snapshot.streams}
    assert len(found) == 130
    assert stage.snapshot.scan_complete
    assert "cluster of 3" in stage.snapshot.server
    assert stage.collector._reads._wire
    for name in (b"jobs1", b"jobs77", b"jobs19"):
        assert found[name].length == await several.xlen(name)
        groups = await several.xinfo_groups(name)
        assert [group.pending for group in found[name].groups] == [group["pending"] for group in groups]
    reads = Reads(several)
    await reads.ask([("XLEN", name) for name in found])
    each = [int(on(port).dbsize()) for port in cluster.ports]
    assert all(each)
    assert reads.round_trips == sum(-(-count // PER_WRITE) for count in each)
    # A poll does what it does with one server, on three: no round trip for each stream.
    assert stage.snapshot.round_trips <= reads.round_trips + 3 * 8


async def test_a_closer_look_and_actions_find_their_node(several: Redis, cluster: Cluster) -> None:
    dead = {port: cluster.key_on(port, "dead").encode() for port in cluster.ports}
    for number in range(6):
        name = f"work{number}".encode()
        await add(several, name, 5)
        await several.xgroup_create(name, "g", "0")
        await work(several, name, "g", "c", 4, ack=False)
        page = await streams_browse.page(several, EntriesFrom(name, None, False, 100), 0)
        assert len(page.entries) == 5
        pending = await streams_detail.pending(several, PendingOf(name, b"g"), 0)
        assert pending.total == 4
        assert (await streams_browse.answer(several, RightsOn(name), 0)).known
        seen = [SeenEntry(entry.id, b"c") for entry in pending.entries]
        done = await change(several, AcknowledgeEntries(name, b"g", (seen[0],)))
        assert done.ok
        assert (await several.xpending(name, "g"))["pending"] == 3
        for target in dead.values():
            done = await change(several, DeadLetterEntries(name, b"g", (seen.pop(),), target))
            assert done.ok, done.message
        assert (await several.xpending(name, "g"))["pending"] == 0
    assert [await several.xlen(target) for target in dead.values()] == [6, 6, 6]


async def test_a_node_that_is_down_takes_only_its_own_streams(several: Redis, cluster: Cluster) -> None:
    names = {port: cluster.key_on(port, "part").encode() for port in cluster.ports}
    for name in names.values():
        await add(several, name, 3)
    stage = Stage(several)
    await stage.poll(2)
    stopped, *others = cluster.ports
    os.kill(cluster.running[stopped].pid, signal.SIGSTOP)
    try:
        for port in others:
            await add(several, names[port], 2)
        await stage.poll(2)
        lost = stage.stream(names[stopped])
        assert lost.length == 3
        assert f"127.0.0.1:{stopped}" in (lost.error or "")
        assert stage.judged(names[stopped]).status == "UNKNOWN"
        assert any(str(stopped) in gap for gap in stage.snapshot.gaps)
        assert [stage.stream(names[port]).length for port in others] == [5, 5]
        assert [stage.stream(names[port]).error for port in others] == [None, None]
        with pytest.raises(SourceError, match=str(stopped)):
            await streams_browse.page(several, EntriesFrom(names[stopped], None, False, 9), 0)
    finally:
        os.kill(cluster.running[stopped].pid, signal.SIGCONT)

    async def back() -> bool:
        await stage.poll()
        return stage.stream(names[stopped]).error is None and not stage.snapshot.gaps

    await until(back, what="its streams again, and nothing that is said to be missing")
    assert stage.snapshot.epoch == 0, "it was the same server all the time"


async def test_one_node_alone_says_that_it_is_one_of_a_cluster(cluster: Cluster) -> None:
    client = open_client(f"redis://127.0.0.1:{cluster.ports[0]}", QUICK)
    stage = Stage(client)
    await stage.poll()
    assert any("redis+cluster://" in gap for gap in stage.snapshot.gaps)
    await client.aclose()


async def test_a_replica_that_takes_over_is_found_and_the_windows_start_anew(
    several: Redis, cluster: Cluster
) -> None:
    lost = cluster.ports[1]
    name = cluster.key_on(lost, "over").encode()
    await add(several, name, 20)
    await several.xgroup_create(name, "g", "0")
    await work(several, name, "g", "c", 1, ack=False)
    stage = Stage(several, lag_limit=10, dead_after=0.0)
    await stage.poll(75)
    assert stage.group(name, b"g").verdict is Verdict.STALLED
    before, epoch = stage.open().keys(), stage.snapshot.epoch
    replica = cluster.add_replica(lost)
    await until(lambda: on(replica).dbsize() == on(lost).dbsize(), what="that the replica has all")
    cluster.kill(lost)
    on(replica).execute_command("CLUSTER", "FAILOVER", "TAKEOVER")
    cluster.ports[1] = replica

    async def found() -> bool:
        await stage.poll()
        return stage.snapshot.epoch > epoch and stage.stream(name).error is None

    await until(found, what="the new primary")
    assert stage.stream(name).length == 20
    assert stage.group(name, b"g").verdict is Verdict.WATCHING
    assert stage.open().keys() == before, "nothing is resolved, and nothing new, before it was watched"
    await add(several, name, 1)
    assert await several.xlen(name) == 21


@pytest.mark.parametrize("endpoint", ["ip", "unknown-endpoint"])
async def test_moved_slots_are_followed(several: Redis, cluster: Cluster, endpoint: str) -> None:
    for port in cluster.ports:
        on(port).config_set("cluster-preferred-endpoint-type", endpoint)
    source, target = cluster.ports[0], cluster.ports[2]
    key = cluster.key_on(source, "move")
    await add(several, key, 4)
    stage = Stage(several)
    await stage.poll(2)
    slot = on(source).execute_command("CLUSTER KEYSLOT", key)
    ids = {port: on(port).execute_command("CLUSTER", "MYID").decode() for port in (source, target)}
    on(target).execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    on(source).execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    on(source).execute_command("MIGRATE", "127.0.0.1", target, key, 0, 5000)
    await stage.poll()
    assert stage.stream(key.encode()).error is None, "ASK is followed"
    assert await several.xlen(key) == 4
    pipe = several.pipeline(transaction=True)
    pipe.xlen(key)
    with pytest.raises(ClusterError, match="the cluster is being rebuilt"):
        await pipe.execute()
    for port in (target, source):
        on(port).execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[target])
    await stage.poll(2)
    assert stage.stream(key.encode()).length == await several.xlen(key) == 4
    pipe = several.pipeline(transaction=True)
    pipe.xlen(key)
    pipe.xrange(key, count=1)
    assert (await pipe.execute())[0] == 4
    assert stage.snapshot.epoch == 0
    assert isinstance(several, ClusterClient)
    assert {host for host, _ in several.router._nodes} == {"127.0.0.1"}
    for port in cluster.ports:
        on(port).config_set("cluster-preferred-endpoint-type", "ip")


async def test_a_user_needs_one_right_more_than_with_one_server(cluster: Cluster) -> None:
    page = (ROOT / "docs" / "streams.md").read_text(encoding="utf-8")
    words = page.partition("ACL SETUSER dash ")[2].partition("```")[0].replace(">PASSWORD", ">pw").split()
    for port in cluster.ports:
        on(port).execute_command("ACL", "SETUSER", "dash", *words)
        on(port).xadd(cluster.key_on(port, "mine"), {"a": "b"})
    user = open_client(cluster.url.replace("://", "://dash:pw@", 1), QUICK)
    try:
        with pytest.raises(SourceError) as caught:
            await Stage(user).poll()
        assert "CLUSTER SLOTS" in caught.value.message
        for port in cluster.ports:
            on(port).execute_command("ACL", "SETUSER", "dash", "+cluster|slots")
        stage = Stage(user)
        await stage.poll(2)
        assert stage.snapshot.gaps == ()
        assert [stream.length for stream in stage.snapshot.streams] == [1, 1, 1]
        assert (await RunsCollector(user, RunsSettings(), "box").collect()).gaps == ()
    finally:
        await user.aclose()
        for port in cluster.ports:
            on(port).acl_deluser("dash")
