"""All runs of a store: our workers' and other programs', whole, broken, orphaned, many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agentdash.core.clock import ManualClock
from agentdash.core.runs.activity import activity_text
from agentdash.core.runs.model import ControlAction, Run, RunKeys, RunsSnapshot, RunStatus
from agentdash.core.settings.model import RedisSettings, RunsSettings
from agentdash.core.snapshot import Collector, SourceError
from agentdash.server.client import open_client
from collectors.runs.collector import RunsCollector

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEYS = RunKeys()
NOW = ManualClock().now_ms()


@pytest.fixture
def collector(client: Redis) -> RunsCollector:
    return RunsCollector(client, RunsSettings(), "box", ManualClock())


async def write(
    client: Redis, run_id: str, status: str = "running", *, index: bool = True, **fields: str
) -> None:
    known = {"id": run_id, "status": status, "createdAt": str(NOW - 1000), **fields}
    await client.hset(KEYS.meta(run_id), mapping=known)  # type: ignore[arg-type]
    if index:
        await client.zadd(KEYS.index, {run_id: int(known["createdAt"])})


def by_id(snapshot: RunsSnapshot) -> dict[str, Run]:
    return {run.id: run for run in snapshot.runs}


async def test_nothing_is_an_answer(collector: RunsCollector) -> None:
    as_collector: Collector = collector
    assert as_collector.name == "runs"
    snapshot = await collector.collect()
    assert (snapshot.runs, snapshot.total, snapshot.host, snapshot.taken_at) == ((), 0, "box", NOW)


async def test_a_run_with_lock_events_and_request(client: Redis, collector: RunsCollector) -> None:
    await write(client, "r1", title="Fix")
    await client.set(KEYS.lock("r1"), "box:1:x", px=15_000)
    await client.xadd(KEYS.events("r1"), {"type": "file_written", "at": str(NOW), "data": '{"path": "a.py"}'})
    await client.xadd(KEYS.events("r1"), {"type": "token_usage", "at": str(NOW + 5), "data": '{"total": 5}'})
    await client.xadd(KEYS.control("r1"), {"action": "pause", "at": str(NOW + 7)})
    (run,) = (await collector.collect()).runs
    assert (run.title, run.orphaned, run.lock_owner, run.events) == ("Fix", False, "box:1:x", 2)
    assert (run.requested, run.requested_at) == (ControlAction.PAUSE, NOW + 7)
    assert run.last_event_at == NOW + 5
    assert activity_text(run) == "edit a.py"
    assert run.lock_ttl_ms
    assert 10_000 < run.lock_ttl_ms <= 15_000
    await client.hset(KEYS.meta("r1"), "status", "pausing")
    (run,) = (await collector.collect()).runs
    assert run.requested is None


async def test_live_without_a_lock_is_an_orphan_but_a_queued_run_may_wait_for_its_worker(
    client: Redis, collector: RunsCollector
) -> None:
    for status in ("running", "paused", "queued", "completed", "strange"):
        await write(client, status, status)
    await write(client, "forgotten", "queued", createdAt=str(NOW - 60_000))
    runs = by_id(await collector.collect())
    assert {run_id: run.orphaned for run_id, run in runs.items()} == {
        "running": True,
        "paused": True,
        "queued": False,
        "completed": False,
        "strange": None,
        "forgotten": True,
    }


async def test_a_queued_run_becomes_an_orphan_by_waiting(client: Redis) -> None:
    clock = ManualClock()
    collector = RunsCollector(client, RunsSettings(), "box", clock)
    await write(client, "r1", "queued")
    assert (await collector.collect()).runs[0].orphaned is False
    clock.advance(RunsSettings().lease)
    assert (await collector.collect()).runs[0].orphaned is True


async def test_a_foreign_writer_s_runs_show_whatever_is_in_them(
    client: Redis, collector: RunsCollector
) -> None:
    await client.hset(KEYS.meta("stray"), mapping={"title": "no index", "status": "running"})
    await client.hset(KEYS.meta("bare"), "title", "")
    await client.hset(KEYS.meta("odd"), mapping={"status": "exploded", "pid": "many", "createdAt": "null"})
    await client.hset(KEYS.meta(""), "title", "no id")
    await client.hset(b"codi:api:run:\xff\x1b[2J:meta", "status", "running")
    await client.xadd(KEYS.events("odd"), {"what": "no type"})
    await client.set(KEYS.events("stray"), "not a stream")
    await client.set(KEYS.control("stray"), "not a stream")
    await client.hset(KEYS.lock("stray"), "not", "a string")
    await client.set(KEYS.meta("text"), "not a hash")
    await client.zadd(KEYS.index, {"text": 1, "deleted": 2})
    snapshot = await collector.collect()
    runs = by_id(snapshot)
    assert set(runs) == {"stray", "bare", "odd", "", "\\xff", "text"}
    assert snapshot.total == 6
    assert runs["stray"].malformed == ("events", "ctl", "lock")
    assert runs["stray"].orphaned is None
    assert runs["odd"].malformed == ("status", "pid")
    assert (runs["odd"].status, runs["odd"].status_text) == (RunStatus.UNKNOWN, "exploded")
    assert runs["odd"].last_event is not None
    assert runs["text"].malformed == ("meta",)


async def test_a_run_at_rest_stays_the_same_object(client: Redis, collector: RunsCollector) -> None:
    await write(client, "r1")
    await write(client, "r2", "completed")
    await client.set(KEYS.lock("r1"), "box:1:x", px=15_000)
    await client.xadd(KEYS.events("r1"), {"type": "x", "data": "{}"})
    first = by_id(await collector.collect())
    second = by_id(await collector.collect())
    assert first["r1"] is second["r1"]
    assert first["r2"] is second["r2"]
    await client.xadd(KEYS.events("r1"), {"type": "y"})
    third = by_id(await collector.collect())
    assert third["r1"] is not second["r1"]
    assert third["r2"] is second["r2"]


async def test_what_is_deleted_goes_and_an_ended_run_is_still_looked_at(
    client: Redis, collector: RunsCollector
) -> None:
    for number in range(40):
        await write(client, f"r{number}", "completed")
    await collector.collect()
    await client.hset(KEYS.meta("r7"), "title", "renamed")
    await client.delete(KEYS.meta("r8"))
    titles = {}
    for _ in range(4):
        titles = {run.id: run.title for run in (await collector.collect()).runs}
    assert titles["r7"] == "renamed"
    assert "r8" not in titles


async def test_many_runs_cost_few_round_trips_and_those_at_rest_hardly_any(client: Redis) -> None:
    for number in range(200):
        await write(client, f"r{number}", "running" if number < 20 else "completed")
        if number >= 100:
            await client.delete(KEYS.meta(f"r{number}"))

    async def spent(collector: RunsCollector) -> tuple[int, int]:
        before = await client.info("stats"), await client.info("commandstats")
        await collector.collect()
        after = await client.info("stats"), await client.info("commandstats")
        return (
            after[0]["total_commands_processed"] - before[0]["total_commands_processed"] - 2,
            after[0]["total_reads_processed"] - before[0]["total_reads_processed"] - 2,
        )

    collector = RunsCollector(client, RunsSettings(), "box", ManualClock())
    commands, reads = await spent(collector)
    assert commands <= 200 * 6 + 3 + 2  # the last two: whether the server takes writes
    assert reads <= 2 + 200 / 50 * 3  # one write each; the server reads 16 KiB of it at a time
    await collector.collect()
    commands, reads = await spent(collector)
    assert commands <= (20 + 25) * 6 + 3
    assert reads <= 4


async def test_two_hundred_runs_of_which_twenty_tell_something_all_the_time(client: Redis) -> None:
    """What is at rest stays the same object, and what a pass costs follows from what is live."""
    for number in range(200):
        await write(client, f"r{number}", "running" if number < 20 else "completed")
        if number < 20:
            await client.set(KEYS.lock(f"r{number}"), "box:1:x", px=60_000)
    collector = RunsCollector(client, RunsSettings(), "box", ManualClock())
    for _ in range(8):  # each that has ended was looked at again
        before = by_id(await collector.collect())
    for turn in range(3):
        pipe = client.pipeline(transaction=False)
        for number in range(20):
            for event in range(5):
                data = f'{{"path": "{turn}-{event}.py"}}'
                pipe.xadd(KEYS.events(f"r{number}"), {"type": "file_written", "data": data})
        await pipe.execute()
        stats = await client.info("commandstats")
        after = by_id(await collector.collect())
        spent = await client.info("commandstats")
        calls = {name: spent[name]["calls"] - stats.get(name, {"calls": 0})["calls"] for name in spent}
        assert calls["cmdstat_hmget"] <= 45
        assert sum(calls.values()) <= 45 * 6 + 5
        assert {run_id for run_id in after if after[run_id] is not before[run_id]} == {
            f"r{number}" for number in range(20)
        }
        assert {activity_text(after[f"r{number}"]) for number in range(20)} == {f"edit {turn}-4.py"}
        before = after


async def test_the_list_is_cut_at_its_limit_newest_first(client: Redis) -> None:
    for number in range(10):
        await write(client, f"r{number}", "completed", createdAt=str(NOW + number))
    snapshot = await RunsCollector(client, RunsSettings(shown=3), "box", ManualClock()).collect()
    assert [run.id for run in snapshot.runs] == ["r9", "r8", "r7"]
    assert snapshot.total == 10


async def test_a_server_that_is_away_is_an_error_in_words() -> None:
    client = open_client("redis://127.0.0.1:1/0", RedisSettings())
    collector = RunsCollector(client, RunsSettings(), "box")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:1"):
        await collector.collect()
    await client.aclose()


async def test_a_user_who_may_not_read_is_told_so(client: Redis, redis_url: str) -> None:
    await write(client, "r1")
    await client.execute_command("ACL", "SETUSER", "lean", "on", "nopass", "~*", "+@all", "-hmget")
    try:
        lean = open_client(redis_url.replace("unix://", "unix://lean:x@"), RedisSettings())
        with pytest.raises(SourceError, match="HMGET"):
            await RunsCollector(lean, RunsSettings(), "box").collect()
        await lean.aclose()
        await lean.connection_pool.disconnect()
    finally:
        await client.execute_command("ACL", "DELUSER", "lean")
