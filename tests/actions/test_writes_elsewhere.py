"""Changes in a cluster that has moved on, and behind sentinels: redirections are followed, none doubles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from redis.asyncio import Redis

from agentdash.actions.streams.groups import change
from agentdash.core.commands import Effect
from agentdash.core.settings.model import RedisSettings
from agentdash.core.streams.commands import AcknowledgeEntries, DeadLetterEntries, SeenEntry, TrimStream
from agentdash.server.client import open_client
from agentdash.server.cluster import ClusterClient
from agentdash.server.outcome import in_outcome
from tests.redis_sets import Cluster, on, watched

QUICK = RedisSettings(timeout=2.0, connect_timeout=2.0)
ENTRIES = (SeenEntry("1-1", b"a"), SeenEntry("1-2", b"a"))


async def prepare(client: Redis, stream: str) -> None:
    for entry_id in ("1-1", "1-2", "1-3"):
        await client.xadd(stream, {"n": entry_id}, id=entry_id)
    await client.xgroup_create(stream, "g", "0")
    await client.execute_command("XREADGROUP", "GROUP", "g", "a", "COUNT", 2, "STREAMS", stream, ">")


async def test_a_redirection_is_followed_and_nothing_is_doubled(cluster: Cluster) -> None:
    first, second, _ = cluster.ports
    stream, dead = cluster.key_on(first, "jobs"), cluster.key_on(second, "dead")
    client = open_client(cluster.url, QUICK)
    assert isinstance(client, ClusterClient)
    await prepare(client, stream)
    known = await client.router._slots()
    client.router._map = replace(known, owners=tuple(reversed(known.owners)))  # as of a time long ago
    outcome = await change(client, DeadLetterEntries(stream.encode(), b"g", ENTRIES, dead.encode()))
    assert outcome.effect is Effect.DONE, outcome
    assert on(second).xlen(dead) == 2
    assert on(first).xpending(stream, "g")["pending"] == 0
    client.router._map = replace(known, owners=tuple(reversed(known.owners)))
    assert (await change(client, TrimStream(stream.encode(), maxlen=1))).ok
    assert on(first).xlen(stream) == 1
    await client.aclose()


async def test_a_slot_on_its_way_is_asked_for_where_it_goes(cluster: Cluster) -> None:
    first, second, _ = cluster.ports
    stream = cluster.key_on(first, "moving")
    slot = int(on(first).execute_command("CLUSTER KEYSLOT", stream))
    names = {port: on(port).execute_command("CLUSTER", "MYID").decode() for port in (first, second)}
    client = open_client(cluster.url, QUICK)
    await prepare(client, stream)
    on(second).execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[first])
    on(first).execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[second])
    on(first).execute_command("MIGRATE", "127.0.0.1", second, stream, 0, 5000)
    try:
        outcome = await in_outcome(change(client, AcknowledgeEntries(stream.encode(), b"g", ENTRIES)), "")
        assert outcome.effect is Effect.DONE, outcome
        trimmed = await in_outcome(change(client, TrimStream(stream.encode(), maxlen=1)), "")
        assert trimmed.effect is Effect.DONE, trimmed
    finally:
        for port in cluster.ports:
            on(port).execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[second])
        on(second).execute_command("DEL", stream)
        for port in (second, first, cluster.ports[2]):
            on(port).execute_command("CLUSTER", "SETSLOT", slot, "NODE", names[first])
    await client.aclose()


async def test_behind_sentinels_the_primary_is_changed(tmp_path: Path) -> None:
    with watched(tmp_path) as (servers, primary, _):
        client = open_client(servers.url, QUICK)
        await prepare(client, "jobs")
        assert (await change(client, AcknowledgeEntries(b"jobs", b"g", ENTRIES[:1]))).ok
        assert on(primary).xpending("jobs", "g")["pending"] == 1
        on(primary).config_set("min-replicas-to-write", 9)
        outcome = await in_outcome(
            change(client, AcknowledgeEntries(b"jobs", b"g", ENTRIES[1:])), servers.url
        )
        assert outcome.effect is Effect.NONE, outcome
        assert on(primary).xpending("jobs", "g")["pending"] == 1
        await client.aclose()
        await client.connection_pool.disconnect()
