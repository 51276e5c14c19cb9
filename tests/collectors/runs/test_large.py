"""Runs whose records and events are larger than anything that is shown: bounded, named, and read again."""

from __future__ import annotations

import json
import resource
from typing import TYPE_CHECKING

import pytest

from agentdash.core.clock import ManualClock
from agentdash.core.runs.activity import activity_text, malformed_text
from agentdash.core.runs.model import ControlAction, Run, RunKeys, RunsSnapshot
from agentdash.core.runs.record import COMMAND_LIMIT, FIELDS
from agentdash.core.settings.model import RunsSettings
from agentdash.server.reply_guard import ReplyTooLarge, at_most
from collectors.runs import large as run_large
from collectors.runs.collector import BATCH_MOST, PASS_MOST, RunsCollector

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEYS = RunKeys()
NOW = ManualClock().now_ms()
MB = 1_000_000


@pytest.fixture
def collector(client: Redis) -> RunsCollector:
    return RunsCollector(client, RunsSettings(), "box", ManualClock())


async def write(client: Redis, run_id: str, **fields: str) -> None:
    known = {"id": run_id, "status": "running", "createdAt": str(NOW - 1000), **fields}
    await client.hset(KEYS.meta(run_id), mapping=known)  # type: ignore[arg-type]
    await client.zadd(KEYS.index, {run_id: NOW})


async def sent(client: Redis) -> int:
    return int((await client.info("stats"))["total_net_output_bytes"])


async def settled(collector: RunsCollector, passes: int = 12) -> RunsSnapshot:
    for _ in range(passes):
        snapshot = await collector.collect()
    return snapshot


def one(snapshot: RunsSnapshot, run_id: str) -> Run:
    return next(run for run in snapshot.runs if run.id == run_id)


async def test_fields_that_are_too_large_are_named_with_their_size(
    client: Redis, collector: RunsCollector
) -> None:
    await write(client, "r1", title="t" * 8 * MB, command=json.dumps(["x" * 1000] * 5000), cwd="/srv")
    await write(client, "r2", title="plain")
    await client.set(KEYS.lock("r1"), "box:1:x", px=60_000)
    run = one(await settled(collector, 3), "r1")
    assert (run.status, run.cwd, run.lock_owner, run.orphaned) == ("running", "/srv", "box:1:x", False)
    assert run.too_large == (("command", 5_020_000), ("title", 8 * MB))
    assert malformed_text(run) == "command (too large: 5 MB), title (too large: 8 MB)"
    assert run.title == "r1"


async def test_a_pass_over_large_runs_costs_what_is_read_of_them(
    client: Redis, collector: RunsCollector
) -> None:
    for number in range(60):
        await write(client, f"r{number}", title="t" * MB, command=json.dumps(["x" * 1000] * 200))
        for _ in range(4):
            data = json.dumps({"text": "y" * 100_000})
            await client.xadd(KEYS.events(f"r{number}"), {"type": "subprocess_output", "data": data})
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, await sent(client)
    first = await collector.collect()
    assert first.gaps
    for _ in range(9):
        snapshot = await collector.collect()
    assert {run.id for run in snapshot.runs} == {f"r{number}" for number in range(60)}
    assert all("title" in dict(run.too_large) for run in snapshot.runs)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB
    begun = await sent(client)
    await collector.collect()
    assert await sent(client) - begun < 2 * run_large.PASS_MOST + MB


async def test_an_event_that_is_too_large_is_named_and_asked_for_seldom(
    client: Redis, collector: RunsCollector
) -> None:
    await write(client, "r1")
    await client.xadd(
        KEYS.events("r1"), {"type": "agent_message", "data": json.dumps({"text": "y" * 3 * MB})}
    )
    await client.xadd(KEYS.control("r1"), {"action": "pause"})
    run = one(await settled(collector, 4), "r1")
    assert (run.malformed, run.events, run.requested) == (("events",), 1, ControlAction.PAUSE)
    assert malformed_text(run) == "events (too large)"
    before = await client.info("commandstats")
    await settled(collector, 3)
    after = await client.info("commandstats")
    asked = after["cmdstat_xrevrange"]["calls"] - before["cmdstat_xrevrange"]["calls"]
    assert asked <= 3  # the control messages


@pytest.mark.parametrize("what", ["lock", "ctl"])
async def test_other_keys_of_a_run_may_be_too_large(
    client: Redis, collector: RunsCollector, what: str
) -> None:
    await write(client, "r1", title="mine")
    if what == "lock":
        await client.set(KEYS.lock("r1"), "o" * 3 * MB)
    else:
        await client.xadd(KEYS.control("r1"), {"action": "pause", "more": "y" * 3 * MB})
    run = one(await settled(collector, 3), "r1")
    assert (run.title, len(run.lock_owner or "") <= 1025) == ("mine", True)
    assert run.malformed == (("ctl",) if what == "ctl" else ())


async def test_a_run_that_was_read_with_a_large_one_or_is_small_again_is_read_like_others(
    client: Redis, collector: RunsCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_large, "_MEASURE_EVERY_S", 0.0)
    await write(client, "large", title="t" * 3 * MB)
    await write(client, "small", title="plain")
    await client.xadd(KEYS.events("small"), {"type": "file_written", "data": '{"path": "a.py"}'})
    snapshot = await settled(collector, 2)
    assert (one(snapshot, "small").title, one(snapshot, "small").malformed) == ("plain", ())
    assert activity_text(one(snapshot, "small")) == "no worker"
    await client.hset(KEYS.meta("large"), "title", "short")
    await settled(collector, 2)
    before = await client.info("commandstats")
    run = one(await settled(collector, 1), "large")
    after = await client.info("commandstats")
    assert (run.title, run.malformed, run.too_large) == ("short", (), ())
    assert after["cmdstat_hstrlen"]["calls"] == before["cmdstat_hstrlen"]["calls"]


async def test_a_user_who_may_not_ask_for_sizes_sees_the_others(
    client: Redis, collector: RunsCollector, redis_url: str
) -> None:
    from agentdash.core.settings.model import RedisSettings
    from agentdash.server.client import open_client

    await write(client, "large", title="t" * 3 * MB)
    await write(client, "other", title="plain")
    words = "on nopass ~* +@all -hstrlen -getrange"
    await client.execute_command("ACL", "SETUSER", "lean", *words.split())
    lean = open_client(redis_url.replace("unix://", "unix://lean:x@"), RedisSettings())
    try:
        snapshot = await settled(RunsCollector(lean, RunsSettings(), "box", ManualClock()), 3)
        assert {run.id for run in snapshot.runs} == {"large", "other"}
        assert "meta (too large)" in malformed_text(one(snapshot, "large"))
    finally:
        await lean.aclose()
        await lean.connection_pool.disconnect()
        await client.execute_command("ACL", "DELUSER", "lean")


async def test_what_is_kept_of_a_run_is_bounded(client: Redis, collector: RunsCollector) -> None:
    await write(
        client, "r1", **dict.fromkeys(set(FIELDS) - {"id", "status", "createdAt", "command"}, "x" * 1000)
    )
    await client.hset(KEYS.meta("r1"), "command", json.dumps(["w" * 100] * 300))
    text = "first\n" + "y" * 15_000 + "\nthe last line"
    await client.xadd(KEYS.events("r1"), {"type": "subprocess_output", "data": json.dumps({"text": text})})
    await client.set(KEYS.lock("r1"), "box:1:x", px=60_000)
    (run,) = (await collector.collect()).runs
    assert (sum(map(len, run.command)), run.command_left_out) == (COMMAND_LIMIT, 30_000 - COMMAND_LIMIT)
    assert run.last_event is not None
    assert len(str(run.last_event.data)) < 5000
    assert activity_text(run) == "the last line"


async def test_many_large_events_do_not_keep_other_runs_from_being_read(
    client: Redis, collector: RunsCollector
) -> None:
    for number in range(100):
        await write(client, f"r{number:03}", title="t" * 100_000)
    snapshot = await collector.collect()
    assert len(snapshot.runs) < 100
    assert "read less often" in snapshot.gaps[0]
    await settled(collector, 12)
    for number in range(100):
        await client.hset(KEYS.meta(f"r{number:03}"), "reason", "new")
    snapshot = await settled(collector, 4)  # 50 of them fit into one pass
    assert [run.reason for run in snapshot.runs] == ["new"] * 100


async def test_replies_are_broken_off_at_the_bound_and_the_client_goes_on(client: Redis) -> None:
    await client.set("big", "x" * BATCH_MOST)
    with at_most(PASS_MOST) as outer:
        with pytest.raises(ReplyTooLarge), at_most(BATCH_MOST // 2):
            await client.get("big")
        assert 0 < outer.left < PASS_MOST - BATCH_MOST // 2
    assert await client.strlen("big") == BATCH_MOST
