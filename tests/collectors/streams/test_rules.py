"""Every stream rule on every kind of server: its finding appears, then clears."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from agentdash.core.findings.model import FindingStatus, Severity
from agentdash.core.settings.model import RedisSettings
from agentdash.core.streams.model import Verdict
from agentdash.server.client import open_client
from tests.collectors.streams.stage import Stage, add, work
from tests.support import until

Server = tuple[Redis, bool]
QUICK = {"window": 8.0, "grow_after": 5.0}


async def test_a_stream_that_grows_faster_than_it_is_read(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, **QUICK)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    for _ in range(16):
        await add(client, "jobs", 5)
        await work(client, "jobs", "g", "c", 1)
        await stage.poll()
    growing = stage.open()["STREAM_GROWING"].symptom
    assert growing.severity is Severity.HIGH
    assert growing.consumer_group == b"g"
    assert growing.summary.startswith("growing for ")
    assert "g falls behind" in growing.summary
    await work(client, "jobs", "g", "c", 100)
    await client.xtrim("jobs", maxlen=5, approximate=False)
    await stage.poll(7)
    assert "STREAM_GROWING" not in stage.open()


async def test_a_stream_that_nothing_trims(client: Redis) -> None:
    stage = Stage(client, **QUICK)
    for name in ("jobs", "capped"):
        await client.xgroup_create(name, "g", id="0", mkstream=True)
    for _ in range(18):
        await add(client, "jobs", 5)
        await add(client, "capped", 5, maxlen=8)
        for name in ("jobs", "capped"):
            await work(client, name, "g", "c", 10)
        await stage.poll()
    assert {f.symptom.stream for f in stage.findings.findings} == {b"jobs"}
    cause = stage.open()["UNBOUNDED_STREAM"]
    assert cause.symptom.severity is Severity.MEDIUM
    growing = stage.open()["STREAM_GROWING"]
    assert growing.symptom.severity is Severity.MEDIUM
    assert growing.cause == cause.symptom.fingerprint
    await stage.poll(20)  # nothing comes in any more
    assert not stage.open()


async def test_a_poison_message(server: Server) -> None:
    client, full = server
    stage = Stage(client, full)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    ids = await add(client, "jobs", 9)
    await work(client, "jobs", "g", "c", 9, ack=False)
    for _ in range(9):
        await client.execute_command("XCLAIM", "jobs", "g", "c", 0, ids[6])
        await stage.poll()
    finding = stage.open()["DELIVERY_FAILURE"].symptom
    assert finding.message_ids == (ids[6].decode(),)
    assert dict(finding.metrics)["deliveryCount"] == 10
    assert "60/min now" in finding.summary
    await client.xack("jobs", "g", ids[6])
    await stage.poll(8)
    assert "DELIVERY_FAILURE" not in stage.open()


async def test_the_worst_of_many_pending_entries_is_found(client: Redis) -> None:
    stage = Stage(client)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    ids = await add(client, "jobs", 230)
    await work(client, "jobs", "g", "c", 230, ack=False)
    await client.execute_command("XCLAIM", "jobs", "g", "c", 0, ids[222], "RETRYCOUNT", 7)
    await stage.poll(14)
    assert stage.open()["DELIVERY_FAILURE"].symptom.message_ids == (ids[222].decode(),)
    await client.xack("jobs", "g", ids[222])
    await stage.poll(17)
    assert "DELIVERY_FAILURE" not in stage.open()


async def test_entries_that_are_never_acknowledged(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, **QUICK)
    await add(client, "jobs", 200)
    await client.xgroup_create("jobs", "g", id="0")
    for _ in range(14):
        await work(client, "jobs", "g", "c", 3, ack=False)
        await stage.poll()
    assert stage.open()["MISSING_ACK"].symptom.severity is Severity.HIGH
    lines = await client.xpending_range("jobs", "g", "-", "+", 100)
    await client.xack("jobs", "g", *(line["message_id"] for line in lines))
    await stage.poll(7)
    assert "MISSING_ACK" not in stage.open()


async def test_consumers_that_share_a_group(server: Server) -> None:
    client, full = server
    stage = Stage(client, full)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 9)
    for name in ("a", "b"):
        await work(client, "jobs", "g", name, 4)
    await stage.poll(7)
    assert stage.statuses()["COMPETING_CONSUMERS"] is FindingStatus.OPEN
    await client.xgroup_delconsumer("jobs", "g", "b")
    await stage.poll(7)
    assert stage.statuses()["COMPETING_CONSUMERS"] is FindingStatus.RESOLVED


async def test_entries_with_differing_fields(server: Server) -> None:
    client, full = server
    stage = Stage(client, full)
    for name in ("mixed", "even"):
        await client.xgroup_create(name, "g", id="$", mkstream=True)
    for number in range(3):
        await client.xadd("even", {"order": number, "at": "1"})
        await client.xadd("mixed", {"order" if number % 2 else "orderId": number, "at": "1"})
        await work(client, "even", "g", "c", 9)
        await work(client, "mixed", "g", "c", 9)
    await stage.poll(8)
    found = stage.open()
    assert set(found) == {"SCHEMA_INCONSISTENCY"}
    assert found["SCHEMA_INCONSISTENCY"].symptom.stream == b"mixed"
    assert {found["SCHEMA_INCONSISTENCY"].symptom.expected, found["SCHEMA_INCONSISTENCY"].symptom.actual} == {
        "at, orderId",
        "at, order",
    }
    await add(client, "mixed", 6)
    await work(client, "mixed", "g", "c", 9)
    await stage.poll(12)
    assert not stage.open()


async def test_what_entries_tell_of_their_body_and_producer(client: Redis) -> None:
    await client.xadd("jobs", {"originService": "shop", "data": '{"orderId": 1, "origin": {"a": 1}}'})
    await client.xadd("jobs", {"data": '{"orderId": 1, "producer": "till"}', "bad": "{"})
    stage = Stage(client)
    await stage.poll(2)
    stream = stage.stream(b"jobs")
    assert stream.payload == (("data", ("orderId", "producer")),)
    assert stream.producers == ("till", "shop")
    assert stream.field_sets == (("bad", "data"), ("data", "originService"))


async def test_a_stream_that_nobody_knows(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, window=5.0, known=("audit:*",))
    await add(client, "lost", 3)
    await add(client, "audit:1", 3)
    await stage.poll(14)
    orphan = stage.open()["ORPHANED_STREAM"].symptom
    assert (orphan.stream, orphan.severity) == (b"lost", Severity.LOW)
    assert len(stage.open()) == 1
    await client.xgroup_create("lost", "g", id="$")
    await stage.poll(7)
    assert not stage.open()


async def test_entries_trimmed_before_a_group_read_them(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, window=8.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 30)
    await work(client, "jobs", "g", "c", 10)
    await stage.poll(3)
    await client.xtrim("jobs", maxlen=5, approximate=False)
    await stage.poll(7)
    lost = stage.open()["DATA_LOST"].symptom
    assert lost.severity is Severity.HIGH
    assert lost.summary == "15 entries removed before it read them"
    await work(client, "jobs", "g", "c", 10)
    await stage.poll(18)
    assert "DATA_LOST" not in stage.open()


async def test_trimming_what_was_read_loses_nothing(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, window=8.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    for _ in range(15):
        await add(client, "jobs", 3, maxlen=4)
        await work(client, "jobs", "g", "c", 3)
        await stage.poll()
    assert not stage.findings.findings


async def test_pending_entries_whose_data_is_gone(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, stuck_after=5.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 5)
    await work(client, "jobs", "g", "c", 2, ack=False)
    await work(client, "jobs", "g", "c", 3)
    await client.xtrim("jobs", maxlen=2, approximate=False)
    await stage.poll(14)
    stuck = stage.open()["STUCK_MESSAGE"].symptom
    assert stuck.summary.endswith("data gone")
    assert "XACK" in (stuck.recommendation or "")


async def test_a_reader_in_block_0_that_left_an_entry_pending_is_not_dead(
    client: Redis, redis_url: str
) -> None:
    stage = Stage(client, dead_after=0.05, stuck_after=3600.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 1)
    await work(client, "jobs", "g", "c", 1, ack=False)
    patient = open_client(redis_url, RedisSettings(timeout=60))
    reader = asyncio.create_task(
        patient.execute_command("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "jobs", ">")
    )
    try:

        async def idle() -> bool:
            (consumer,) = await client.xinfo_consumers("jobs", "g")
            return bool(consumer["idle"] > 300) and b"cmd=xreadgroup" in await client.execute_command(
                b"CLIENT", "LIST"
            )

        await until(idle)
        await stage.poll(10)
        assert stage.snapshot.clients is not None
        assert stage.group(b"jobs", b"g").active == 1
        assert "DEAD_CONSUMER" not in stage.open()
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await patient.aclose()
        await patient.connection_pool.disconnect()
    await stage.poll(12)
    assert "DEAD_CONSUMER" in stage.open()


async def test_who_reads_without_acknowledging_is_not_healthy_for_that(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, window=5.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 150)
    for _ in range(8):
        await add(client, "jobs", 3)
        await client.execute_command(
            "XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "NOACK", "STREAMS", "jobs", ">"
        )
        await stage.poll()
    assert stage.stream(b"jobs").groups[0].pending == 0
    assert stage.judged(b"jobs").status == "CRITICAL"


async def test_a_consumer_deleted_with_what_it_had(server: Server) -> None:
    client, full = server
    stage = Stage(client, full)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 5)
    await work(client, "jobs", "g", "c", 2, ack=False)
    await stage.poll()
    await client.xgroup_delconsumer("jobs", "g", "c")
    await stage.poll(8)
    (group,) = stage.stream(b"jobs").groups
    assert (group.pending, group.consumers, group.oldest_pending) == (0, (), None)
    assert stage.open()["DEAD_CONSUMER"].symptom.summary == "3 unread, no consumer" if full else True


async def test_ids_that_are_no_times_have_no_age(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, stuck_after=3.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    for number in range(1, 5):
        await client.xadd("jobs", {"n": number}, id=f"{number}-1")
    await work(client, "jobs", "g", "c", 4, ack=False)
    await stage.poll(11)
    (group,) = stage.stream(b"jobs").groups
    assert group.lag.value == 0
    assert stage.open()["STUCK_MESSAGE"].symptom.message_ids == ("1-1",)
    assert "pending for 10s" in stage.open()["STUCK_MESSAGE"].symptom.summary


async def test_a_flushed_database_and_a_group_destroyed(server: Server) -> None:
    client, full = server
    stage = Stage(client, full)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 200)
    await stage.poll(8)
    assert {"DEAD_CONSUMER", "CONSUMER_LAG"} <= set(stage.open())
    await client.xgroup_destroy("jobs", "g")
    await stage.poll(8)
    assert stage.stream(b"jobs").groups == ()
    assert not stage.open()
    await client.flushall()
    await stage.poll()
    assert stage.snapshot.streams == ()
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await stage.poll(2)
    assert stage.stream(b"jobs").length == 0


async def test_a_lag_the_server_cannot_tell_is_counted(server: Server) -> None:
    client, full = server
    stage = Stage(client, full, lag_limit=12)
    ids = await add(client, "jobs", 40)
    await client.xgroup_create("jobs", "near", id=ids[29])
    await client.xgroup_create("jobs", "far", id=ids[9])
    await client.xdel("jobs", ids[35])
    await stage.poll(7)
    lags = {group.name: group.lag for group in stage.stream(b"jobs").groups}
    assert (lags[b"near"].value, lags[b"near"].grade) == (9, "exact")
    assert lags[b"far"].value is not None
    assert lags[b"far"].value >= 12
    assert lags[b"far"].grade == "bounded"
    assert stage.open()["CONSUMER_LAG"].symptom.summary.startswith("≥13 behind")
    await client.xgroup_setid("jobs", "far", id="$")
    await stage.poll(8)
    assert "CONSUMER_LAG" not in stage.open()


async def test_another_server_starts_the_windows_anew(client: Redis) -> None:
    stage = Stage(client, window=5.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 5)
    await work(client, "jobs", "g", "c", 2)
    await stage.poll(7)
    assert stage.group(b"jobs", b"g").verdict is not Verdict.WATCHING
    stage.collector._on_failure()
    await stage.poll()
    assert stage.group(b"jobs", b"g").verdict is not Verdict.WATCHING
    stage.collector._server_poll._run_ids = {"": "of a server that is gone"}
    stage.collector._on_failure()
    await stage.poll()
    assert stage.group(b"jobs", b"g").verdict is Verdict.WATCHING
