"""Each fault on a real server: its finding appears, then clears; a healthy twin raises none."""

from __future__ import annotations

from redis.asyncio import Redis

from agentdash.core.findings.model import FindingStatus, Severity
from agentdash.core.streams.model import LagGrade, Verdict
from tests.collectors.streams.stage import Stage, add, work
from tests.support import until


async def healthy(client: Redis, turn: int) -> None:
    """Five seconds of streams that are all well, each in a way that looks like something that is not."""
    await add(client, "steady", 3, maxlen=20)
    await work(client, "steady", "g", "c", 10)
    if turn % 12 == 0:  # bursts below the limit, drained by and by
        await add(client, "bursts", 60, maxlen=100)
    await work(client, "bursts", "g", "c", 9)
    if turn % 40 == 1:  # seldom anything at all: its consumer is idle for minutes
        await add(client, "seldom", 1, maxlen=10)
        await work(client, "seldom", "g", "c", 1)
    await add(client, "late", 2, maxlen=8)  # acknowledged a turn later
    held = await client.execute_command(b"XPENDING", "late", "g", "-", "+", 10)
    await work(client, "late", "g", "c", 2, ack=False)
    if held:
        await client.execute_command("XACK", "late", "g", *(line[0] for line in held))
    await add(client, "two", 2, maxlen=20)  # two groups, one reads each entry twice: after a restart
    await work(client, "two", "a", "c", 5)
    await work(client, "two", "b", "c", 5, ack=False)
    await client.execute_command(b"XREADGROUP", "GROUP", "b", "c", "STREAMS", "two", "0")
    lines = await client.execute_command(b"XPENDING", "two", "b", "-", "+", 10)
    await client.execute_command("XACK", "two", "b", *(line[0] for line in lines))


async def test_what_is_healthy_raises_nothing_in_ten_minutes(server: tuple[Redis, bool]) -> None:
    client, full = server
    stage = Stage(client, full, poll=5.0)
    for name, group in (
        ("steady", "g"), ("bursts", "g"), ("seldom", "g"), ("late", "g"), ("two", "a"), ("two", "b"),
    ):  # fmt: skip
        await client.xgroup_create(name, group, id="0", mkstream=True)
    for turn in range(120):
        await healthy(client, turn)
        await stage.poll(seconds=5)
        assert not stage.findings.findings
    for stream in stage.snapshot.streams:
        assert stage.judged(stream.name).status == "HEALTHY"
        assert {stage.group(stream.name, group.name).verdict for group in stream.groups} == {Verdict.OK}
    assert round(stage.judged(b"steady").rate_in or 36) == 36
    if full and stage.stream(b"steady").entries_added is not None:
        assert stage.judged(b"steady").rate_in == 36
        assert stage.group(b"steady", b"g").rate_out == 36


async def test_a_stuck_message_is_found_and_clears(client: Redis) -> None:
    stage = Stage(client)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    (first, *_) = await add(client, "jobs", 3)
    await work(client, "jobs", "g", "slow", 1, ack=False)
    await work(client, "jobs", "g", "quick", 2)
    await stage.poll(8)
    assert not stage.open()
    await client.execute_command("XCLAIM", "jobs", "g", "slow", 0, first, "IDLE", 45_000)
    await stage.poll()
    assert not stage.open()
    await stage.poll(6)
    finding = stage.open()["STUCK_MESSAGE"]
    assert finding.finding_id == "RSA-002"  # after COMPETING_CONSUMERS
    assert finding.symptom.severity is Severity.HIGH
    assert finding.symptom.consumer == b"slow"
    assert finding.symptom.message_ids == (first.decode(),)
    assert dict(finding.symptom.metrics)["deliveryCount"] == 2
    assert finding.symptom.see == "redis-cli XPENDING jobs g - + 10"
    await client.xack("jobs", "g", first)
    await stage.poll(7)
    assert not stage.open()
    status = {f.symptom.category: f.status for f in stage.findings.findings}
    assert status == {
        "STUCK_MESSAGE": FindingStatus.RESOLVED,
        "COMPETING_CONSUMERS": FindingStatus.OPEN,
    }


async def test_a_claim_does_not_hide_a_stuck_message(client: Redis) -> None:
    stage = Stage(client)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    (first,) = await add(client, "jobs", 1)
    await work(client, "jobs", "g", "a", 1, ack=False)
    for _ in range(42):
        await client.execute_command("XCLAIM", "jobs", "g", "b", 0, first)
        await stage.poll()
    assert "STUCK_MESSAGE" in stage.open()


async def test_a_group_without_consumers_is_dead_until_one_comes(client: Redis) -> None:
    stage = Stage(client)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await stage.poll(8)
    assert not stage.open()
    await add(client, "jobs", 5)
    await stage.poll(7)
    finding = stage.open()["DEAD_CONSUMER"]
    assert finding.symptom.severity is Severity.CRITICAL
    assert finding.symptom.summary == "5 unread, no consumer"
    assert stage.group(b"jobs", b"g").verdict is Verdict.UNREAD
    assert stage.judged(b"jobs").status == "CRITICAL"
    await work(client, "jobs", "g", "c", 10)
    await stage.poll(7)
    assert not stage.open()


async def test_a_silent_consumer_is_dead_only_while_work_waits(client: Redis) -> None:
    stage = Stage(client, dead_after=0.05)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 1)
    await work(client, "jobs", "g", "c", 1)

    async def idle() -> bool:
        (consumer,) = await client.xinfo_consumers("jobs", "g")
        return bool(consumer["idle"] > 200)

    await until(idle)
    await stage.poll(8)
    assert not stage.open()
    assert stage.group(b"jobs", b"g").active == 1
    await add(client, "jobs", 2)
    await stage.poll(7)
    finding = stage.open()["DEAD_CONSUMER"]
    assert finding.symptom.consumer == b"c"
    assert stage.group(b"jobs", b"g").active == 0
    await work(client, "jobs", "g", "c", 10)
    await stage.poll(7)
    assert not stage.open()


async def test_lag_is_critical_then_lower_while_it_drains_then_clears(client: Redis) -> None:
    stage = Stage(client)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 160)
    for _ in range(8):
        await add(client, "jobs", 3)
        await work(client, "jobs", "g", "c", 1)
        await stage.poll()
    finding = stage.open()["CONSUMER_LAG"]
    assert finding.symptom.severity is Severity.CRITICAL
    assert finding.symptom.summary == "176 behind, never drains (180/min in, 60/min out)"
    for _ in range(10):
        await work(client, "jobs", "g", "c", 5)
        await stage.poll()
    finding = stage.open()["CONSUMER_LAG"]
    assert finding.symptom.severity is Severity.HIGH
    assert "drains in" in finding.symptom.summary
    await work(client, "jobs", "g", "c", 100)
    await stage.poll(7)
    assert not stage.open()
    assert len(stage.findings.findings) == 1


async def test_a_cause_stands_before_its_symptoms(client: Redis) -> None:
    stage = Stage(client, dead_after=0.05)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    ids = await add(client, "jobs", 130)
    await work(client, "jobs", "g", "c", 1, ack=False)
    await client.execute_command("XCLAIM", "jobs", "g", "c", 0, ids[0], "IDLE", 90_000)

    async def dead() -> bool:
        await stage.poll()
        return "DEAD_CONSUMER" in stage.open()

    await until(dead)
    await stage.poll(7)
    assert [f.symptom.category for f in stage.findings.findings] == [
        "DEAD_CONSUMER",
        "CONSUMER_LAG",
        "STUCK_MESSAGE",
    ]
    cause, *symptoms = stage.findings.findings
    assert cause.cause is None
    assert {f.cause for f in symptoms} == {cause.symptom.fingerprint}


async def test_a_stream_with_traffic_and_no_group(client: Redis) -> None:
    stage = Stage(client)
    await add(client, "events", 2)
    await stage.poll(8)
    assert not stage.open()
    for _ in range(8):
        await add(client, "events", 1)
        await stage.poll()
    finding = stage.open()["NO_CONSUMER_GROUP"]
    assert finding.symptom.severity is Severity.MEDIUM
    assert stage.judged(b"events").status == "DEGRADED"
    await client.xgroup_create("events", "g", id="$")
    await stage.poll(7)
    assert not stage.open()


async def test_a_lag_that_is_not_known_raises_nothing(client: Redis) -> None:
    stage = Stage(client, lag_limit=5)
    stage.collector._lag_counter.gap = "may not be counted"
    ids = await add(client, "jobs", 40)
    await client.xgroup_create("jobs", "g", id=ids[9].decode())
    await client.xdel("jobs", ids[20])
    for _ in range(70):
        await client.execute_command("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "jobs", "0")
        await stage.poll()
    (group,) = stage.stream(b"jobs").groups
    assert group.lag.value is None
    assert group.lag.grade is LagGrade.UNKNOWN
    assert not stage.findings.findings
    assert stage.group(b"jobs", b"g").verdict is Verdict.UNKNOWN
    assert stage.judged(b"jobs").status == "UNKNOWN"


async def test_a_group_that_stands_still_is_stopped_or_stalled(client: Redis) -> None:
    stage = Stage(client, window=20.0)
    for group in ("hangs", "polls"):
        await client.xgroup_create("jobs", group, id="0", mkstream=True)
    await add(client, "jobs", 9)
    for group in ("hangs", "polls"):
        await work(client, "jobs", group, "c", 1)
    for _ in range(21):
        await stage.poll()
        await client.execute_command("XREADGROUP", "GROUP", "polls", "c", "STREAMS", "jobs", "0")
    assert stage.group(b"jobs", b"polls").verdict is Verdict.STALLED
    await client.xgroup_delconsumer("jobs", "hangs", "c")
    await stage.poll()
    assert stage.group(b"jobs", b"hangs").verdict is Verdict.UNREAD


async def test_a_group_that_was_put_back_is_rewound(client: Redis) -> None:
    stage = Stage(client, window=10.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 9)
    await work(client, "jobs", "g", "c", 9)
    await stage.poll(6)
    await client.xgroup_setid("jobs", "g", "0")
    await stage.poll(6)
    assert stage.group(b"jobs", b"g").verdict is Verdict.REWOUND


async def test_a_stream_made_anew_starts_its_window_anew(client: Redis) -> None:
    stage = Stage(client, window=10.0)
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    for _ in range(12):
        await add(client, "jobs", 5)
        await work(client, "jobs", "g", "c", 5)
        await stage.poll()
    assert stage.group(b"jobs", b"g").verdict is Verdict.OK
    await client.delete("jobs")
    await client.xgroup_create("jobs", "g", id="0", mkstream=True)
    await add(client, "jobs", 1)
    await stage.poll()
    assert stage.judged(b"jobs").rate_in is None
    assert not stage.open()
