"""Runs whose keys lie on several nodes of a cluster, and runs that go through a failover."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentdash.actions.runs.control import control, mark_orphan_failed
from agentdash.actions.runs.find import find_run
from agentdash.core.commands import ControlRun, Refused
from agentdash.core.runs.model import ControlAction, Run, RunKeys, RunStatus
from agentdash.core.settings.model import RedisSettings, RunsSettings
from agentdash.runner.launch import WRONG_USE
from agentdash.server.client import open_client
from collectors.runs.collector import RunsCollector
from collectors.runs.follow import follow
from tests.command_line import agentdash, document, trust
from tests.redis_sets import Cluster, on, watched
from tests.runner.stage import Stage, gone, python
from tests.runner.store.test_outage import TELLS, told
from tests.support import until

KEYS = RunKeys()
QUICK = RedisSettings(timeout=0.4, connect_timeout=0.4)


@pytest.fixture
async def spread(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(cluster.url, lease=30, folder=tmp_path)
    stage.settings = replace(stage.settings, redis=QUICK)
    stage.handle.client = open_client(cluster.url, QUICK)
    yield stage
    await stage.close()


def scattered(cluster: Cluster) -> str:
    """The id of a run whose record, events and lock lie on three nodes."""
    return next(
        run_id
        for run_id in (f"run{number}" for number in range(1000))
        if len({cluster.port_of(key(run_id)) for key in (KEYS.meta, KEYS.events, KEYS.lock)}) == 3
        and cluster.port_of(KEYS.events(run_id)) != cluster.port_of(KEYS.index)
    )


async def seen(collector: RunsCollector, run_id: str) -> Run | None:
    return next((run for run in (await collector.collect()).runs if run.id == run_id), None)


async def test_a_run_is_worked_on_steered_and_followed(spread: Stage, cluster: Cluster) -> None:
    run_id = scattered(cluster)
    task = spread.start(*python("pass"), run_id=run_id, turns=1000)
    await spread.reaches("running", run_id)
    assert await spread.start(*python("pass"), run_id=run_id) == WRONG_USE
    assert "has a worker" in spread.said[-1]
    assert await find_run(spread.client, KEYS, run_id[:4]) == run_id
    collector = RunsCollector(spread.client, RunsSettings(), "box")
    for action, status in ((ControlAction.PAUSE, "paused"), (ControlAction.RESUME, "running")):
        assert (await control(spread.client, KEYS, ControlRun(run_id, action, "test"))).ok
        await spread.reaches(status, run_id)
        run = await seen(collector, run_id)
        assert run is not None
        assert (run.status, run.orphaned, run.lock_owner is not None) == (status, False, True)
    await control(spread.client, KEYS, ControlRun(run_id, ControlAction.CANCEL, "test"))
    assert await task == 1
    events = [event async for event in follow(spread.client, KEYS, run_id)]
    assert [event.id for event in events] == sorted({event.id for event in events}, key=_place)
    assert events[-1].type == "run_cancelled"
    assert not await spread.client.exists(KEYS.lock(run_id))


async def test_a_foreign_run_is_found_on_any_node_and_an_orphan_cleaned_up(
    spread: Stage, cluster: Cluster
) -> None:
    for port in cluster.ports:
        run_id = next(f"x{n}" for n in range(1000) if cluster.port_of(KEYS.meta(f"x{n}")) == port)
        await spread.client.hset(KEYS.meta(run_id), mapping={"status": "running"})  # type: ignore[arg-type]
        assert await find_run(spread.client, KEYS, run_id) == run_id
    collector = RunsCollector(spread.client, RunsSettings(), "box")

    async def all_three() -> bool:
        return len((await collector.collect()).runs) == 3

    await until(all_three, what="the runs of all nodes")
    with pytest.raises(Refused, match="begins 3 runs"):
        await find_run(spread.client, KEYS, "x")
    assert (await mark_orphan_failed(spread.client, KEYS, run_id, "test")).ok
    assert (await spread.record(run_id)).status is RunStatus.FAILED


async def test_events_are_there_once_and_in_order_after_a_node_was_away(
    spread: Stage, cluster: Cluster, tmp_path: Path
) -> None:
    run_id = scattered(cluster)
    away = cluster.running[cluster.port_of(KEYS.events(run_id))]
    task = spread.start(*TELLS, run_id=run_id, cwd=str(tmp_path), grace=5)

    async def numbers() -> list[str]:
        events = await spread.events(run_id)
        return [str(event.data["path"]) for event in events if event.type == "file_written"]

    async def some() -> bool:
        return len(await numbers()) > 3

    await until(some, what="events")
    collector = RunsCollector(spread.client, RunsSettings(), "box")
    await collector.collect()
    progress = tmp_path / "progress"
    os.kill(away.pid, signal.SIGSTOP)
    try:
        start = len(progress.read_text())
        snapshot = await collector.collect()
        assert [run.status for run in snapshot.runs] == ["running"]
        assert "1 run" in snapshot.gaps[0]
        await until(lambda: len(progress.read_text()) > start + 50, what="the child goes on meanwhile")
    finally:
        os.kill(away.pid, signal.SIGCONT)
    await until(lambda: spread.handle.client is not None and not task.done(), what="the worker lives")
    (tmp_path / "stop").touch()
    assert await task == 0
    found = await numbers()
    assert found == [str(n) for n in range(len(progress.read_text()))]
    assert (await collector.collect()).gaps == ()
    assert (await spread.record(run_id)).status is RunStatus.COMPLETED


async def test_a_lock_that_is_away_for_longer_than_the_lease_stops_the_command(
    cluster: Cluster, tmp_path: Path
) -> None:
    stage = Stage(cluster.url, lease=1, folder=tmp_path)
    run_id = scattered(cluster)
    away = cluster.running[cluster.port_of(KEYS.lock(run_id))]
    task = stage.start(*TELLS, run_id=run_id, cwd=str(tmp_path), grace=5)
    try:
        await stage.reaches("running", run_id)
        await until(lambda: stage.record(run_id), what="its record")

        async def child() -> int | None:
            return (await stage.record(run_id)).pid

        pid = await until(child, what="its child")
        os.kill(away.pid, signal.SIGSTOP)
        try:
            await until(lambda: gone(pid), what="the child is stopped")
        finally:
            os.kill(away.pid, signal.SIGCONT)
        assert await task == 1
        run = await stage.record(run_id)
        assert (run.status, run.error_code) == (RunStatus.FAILED, "lease_lost")
    finally:
        await stage.close()


async def test_the_command_line_reaches_a_cluster(spread: Stage, cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "agentdash.toml").write_text(f'[redis]\nurl = "{cluster.url}"\n')
    await asyncio.to_thread(trust, tmp_path)
    run_id = scattered(cluster)
    task = spread.start(*python("pass"), run_id=run_id, turns=1000)
    await spread.reaches("running", run_id)
    listed = await asyncio.to_thread(document, "runs", "--json", cwd=tmp_path)
    assert [(run["id"], run["status"]) for run in listed["items"]] == [(run_id, "running")]
    done = await asyncio.to_thread(agentdash, "cancel", run_id[:5], "--wait", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert await task == 1


async def test_a_run_goes_on_through_a_failover(tmp_path: Path) -> None:
    with watched(tmp_path) as (servers, primary, replica):
        stage = Stage(servers.url, lease=30, folder=tmp_path)
        task = stage.start(*TELLS, cwd=str(tmp_path), grace=5)
        try:
            before = await told(stage, 3)
            assert await stage.client.wait(1, 2000) == 1
            servers.kill(primary)
            after = await told(stage, len(before) + 20)
            (tmp_path / "stop").touch()
            assert await task == 0
            after = await told(stage, len(after) - 1)
            assert after == sorted(set(after), key=int), "in order, and none twice"
            assert set(before) <= set(after)
            assert after[-1] == str(len((tmp_path / "progress").read_text()) - 1)
            assert (await stage.record()).status is RunStatus.COMPLETED
            assert on(replica).hget(KEYS.meta("r1"), "status") == b"completed"
        finally:
            await stage.close()


def _place(entry_id: str) -> tuple[int, int]:
    ms, _, number = entry_id.partition("-")
    return int(ms), int(number)
