"""A worker that was killed: the orphan shows with its child, is explained, cleaned up or taken over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.commands import ControlRun
from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.links.run_blockers import RunBlockers
from agentdash.core.queries import WhyOf
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed
from agentdash.core.runs.model import CLEAN_UP, ControlAction, Run, RunStatus
from agentdash.core.settings.model import RedisSettings, RunsSettings, Settings
from agentdash.runtime.engine import Engine
from collectors.runs import search as run_search
from tests.command_line import agentdash, trust
from tests.runner.stage import Stage, gone, killed_at_last, python, start_worker
from tests.support import until

STUBBORN = python(
    """if True:
    import signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    time.sleep(600)
    """
)
LEASE = 1.0


@pytest.fixture
async def engine(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    monkeypatch.setattr(run_search, "_PAUSE_S", 0.2)  # some runs here are not in the index
    settings = Settings(
        state_dir=str(tmp_path / "state"),
        projects=(str(tmp_path),),
        redis=RedisSettings(url=redis_url),
        runs=RunsSettings(poll=0.1, lease=LEASE),
    )
    engine = Engine(settings, cwd=tmp_path)
    await engine.start()
    yield engine
    await engine.stop()


def run_of(engine: Engine) -> Run | None:
    return next((run for run in engine.store.runs.runs), None) if engine.store.runs else None


def finding(engine: Engine, category: str) -> Finding | None:
    found = engine.store.findings.findings if engine.store.findings else ()
    return next((one for one in found if one.symptom.category == category), None)


async def orphan(engine: Engine, url: str, command: tuple[str, ...] = STUBBORN) -> Run:
    """A run whose worker was killed, as the engine sees it with its child."""
    worker = await start_worker(url, "r1", *command, lease=LEASE)
    try:
        await until(lambda: (run := run_of(engine)) and run.pid, what="the command runs")
    finally:
        worker.kill()
        await worker.wait()
    await until(lambda: (run := run_of(engine)) and run.child, what="the orphan's child is seen")
    run = run_of(engine)
    assert run is not None
    return run


async def test_an_orphan_is_seen_explained_and_cleaned_up(engine: Engine, redis_url: str) -> None:
    run = await orphan(engine, redis_url)
    assert run.child is not None
    with killed_at_last(run.child.pid):
        assert (run.orphaned, run.child.pid, run.child.host) == (True, run.pid, engine.host)
        assert "import signal, subprocess, sys, time signal.signal" in run.child.command
        assert run.worker_seen_at is not None
        said = await until(lambda: finding(engine, "ORPHANED_RUN"), what="the finding")
        assert said.finding_id == "RW-001"
        assert f"process {run.pid} on {engine.host}" in "\n".join(said.symptom.evidence)

        answer = await engine.ask(WhyOf("r1"))
        assert isinstance(answer, RunBlockers)
        passed = {check.name: check.passed for check in answer.checks}
        assert (passed["lease"], passed["process"]) == (False, True)
        assert "none; " in answer.verdict

        wrong = await engine.dispatch(
            EndOrphanChild("r1", "test", run.child.pid, run.child.created_at + 60_000)
        )
        assert "has changed" in wrong.message
        assert not gone(run.child.pid)

        family = [run.child.pid, *(one.pid for one in psutil.Process(run.child.pid).children(recursive=True))]
        done = await engine.dispatch(
            EndOrphanChild("r1", "test", run.child.pid, run.child.created_at, grace=0.3)
        )
        assert done.ok, done.message
        assert "SIGTERM and SIGKILL" in done.message
        assert len(family) == 2
        assert all(gone(pid) for pid in family)
        await until(lambda: (seen := run_of(engine)) and seen.child is None and seen.pid is None)

        marked = await engine.dispatch(MarkOrphanFailed("r1", "test", seen=RunStatus.RUNNING))
        assert marked.ok, marked.message
        await until(lambda: (seen := run_of(engine)) and seen.status is RunStatus.FAILED)
        ended = run_of(engine)
        assert ended is not None
        assert (ended.error_code, ended.orphaned, ended.retryable) == ("orphaned", False, True)
        await until(
            lambda: (one := finding(engine, "ORPHANED_RUN")) and one.status is FindingStatus.RESOLVED,
            what="the finding is resolved",
        )
        again = await engine.dispatch(MarkOrphanFailed("r1", "test"))
        assert not again.ok
        assert "failed" in again.message


async def test_a_run_with_a_worker_is_left_alone(engine: Engine, redis_url: str) -> None:
    stage = Stage(redis_url, lease=5)
    task = stage.start(*python("import time; time.sleep(600)"), grace=5)
    try:
        await until(lambda: (run := run_of(engine)) and run.pid, what="the command runs")
        run = run_of(engine)
        assert run is not None
        assert run.pid is not None
        assert run.pid_created_at is not None
        for command in (
            MarkOrphanFailed("r1", "test"),
            EndOrphanChild("r1", "test", run.pid, run.pid_created_at),
        ):
            refused = await engine.dispatch(command)
            assert not refused.ok
            assert "has a worker" in refused.message
        assert not gone(run.pid)
        answer = await engine.ask(WhyOf("r1"))
        assert isinstance(answer, RunBlockers)
        assert {check.name: check.passed for check in answer.checks}["process"] is True
        await engine.dispatch(ControlRun("r1", ControlAction.CANCEL, "test"))
        assert await task == 1
    finally:
        await stage.close()


async def test_the_child_of_another_machine_is_left_alone(engine: Engine, redis_url: str) -> None:
    stage = Stage(redis_url)
    try:
        fields = {"status": "running", "pid": "1", "host": "far-away", "createdAt": "1"}
        await stage.client.hset(stage.keys.meta("r1"), mapping=fields)
        refused = await engine.dispatch(EndOrphanChild("r1", "test", 1, SystemClock().now_ms()))
        assert "far-away" in refused.message
        assert not await stage.client.exists(stage.keys.lock("r1"))
        await until(lambda: (run := run_of(engine)) and run.orphaned)
        answer = await engine.ask(WhyOf("r1"))
        assert isinstance(answer, RunBlockers)
        assert {check.name: check.passed for check in answer.checks}["process"] is None
    finally:
        await stage.close()


async def test_who_cleans_up_is_no_worker(engine: Engine, redis_url: str) -> None:
    stage = Stage(redis_url)
    try:
        await stage.client.hset(stage.keys.meta("r1"), "status", "running")
        await stage.client.zadd(stage.keys.index, {"r1": 1})
        await until(lambda: (seen := run_of(engine)) and seen.orphaned, what="the orphan")
        await stage.client.set(stage.keys.lock("r1"), f"{CLEAN_UP}test:1")
        await stage.client.hset(stage.keys.meta("r1"), "title", "later")
        await until(
            lambda: (seen := run_of(engine)) and seen.title == "later", what="it is seen with the lock"
        )
        run = run_of(engine)
        assert run is not None
        assert (run.orphaned, run.lock_owner, run.worker_seen_at) == (True, None, None)
        refused = await engine.dispatch(MarkOrphanFailed("r1", "test"))
        assert (refused.ok, "is being cleaned up" in refused.message) == (False, True)
    finally:
        await stage.close()


async def test_a_new_worker_takes_the_run_over_from_the_command_line(
    engine: Engine, redis_url: str, tmp_path: Path
) -> None:
    run = await orphan(engine, redis_url)
    assert run.child is not None
    place = tmp_path / "place"
    place.mkdir()
    (place / "agentdash.toml").write_text(f'[redis]\nurl = "{redis_url}"\n')
    await asyncio.to_thread(trust, place)
    with killed_at_last(run.child.pid):
        refused = await asyncio.to_thread(agentdash, "run", "--run-id", "r1", "--", "true", cwd=place)
        assert refused.returncode == 2
        assert str(run.child.pid) in refused.stderr
        await engine.dispatch(EndOrphanChild("r1", "test", run.child.pid, run.child.created_at, grace=0.3))
        done = await asyncio.to_thread(agentdash, "run", "--run-id", "r1", "--", "echo", "second", cwd=place)
        assert (done.returncode, done.stdout) == (0, "second\n"), done.stderr
        await until(lambda: (seen := run_of(engine)) and seen.status is RunStatus.COMPLETED)
        items = json.loads((await asyncio.to_thread(agentdash, "runs", "--json", cwd=place)).stdout)["items"]
        assert [(item["id"], item["status"]) for item in items] == [("r1", "completed")]


async def test_cancel_cleans_an_orphan_up_from_the_command_line(
    engine: Engine, redis_url: str, tmp_path: Path
) -> None:
    run = await orphan(engine, redis_url, python("import time; time.sleep(600)"))
    assert run.child is not None
    place = tmp_path / "place"
    place.mkdir()
    (place / "agentdash.toml").write_text(f'[redis]\nurl = "{redis_url}"\n')
    await asyncio.to_thread(trust, place)
    with killed_at_last(run.child.pid):
        unasked = await asyncio.to_thread(agentdash, "cancel", "r1", cwd=place)
        assert (unasked.returncode, unasked.stdout) == (2, "")
        assert "record last written" in unasked.stderr
        assert f"Sends SIGTERM to process {run.child.pid}" in unasked.stderr
        assert "--yes" in unasked.stderr
        assert psutil.pid_exists(run.child.pid)
        table = await asyncio.to_thread(agentdash, "runs", cwd=place)
        assert "orphaned" in table.stdout
        done = await asyncio.to_thread(agentdash, "cancel", "r1", "--yes", cwd=place)
        assert (done.returncode, done.stdout) == (0, "failed\n"), done.stderr
        assert "have exited (SIGTERM)" in done.stderr
        assert gone(run.child.pid)
    await until(lambda: (seen := run_of(engine)) and seen.error_code == "orphaned")
    again = await asyncio.to_thread(agentdash, "cancel", "r1", "--yes", cwd=place)
    assert again.returncode == 2
    assert "failed" in again.stderr


async def test_foreign_records_show_with_a_finding_for_what_is_malformed(
    engine: Engine, redis_url: str
) -> None:
    stage = Stage(redis_url)
    try:
        await stage.client.hset(
            "codi:api:run:foreign:meta", mapping={"status": "exploded", "pid": "many", "title": "null"}
        )
        await stage.client.xadd("codi:api:run:foreign:events", {"type": "brand_new", "data": "[1]"})
        said = await until(lambda: finding(engine, "MALFORMED_RUN"), what="the finding")
        assert said.symptom.run == "foreign"
        run = run_of(engine)
        assert run is not None
        assert (run.status, run.status_text, run.title) == (RunStatus.UNKNOWN, "exploded", "foreign")
        await stage.client.hset("codi:api:run:foreign:meta", mapping={"status": "completed", "pid": "7"})
        await until(
            lambda: (one := finding(engine, "MALFORMED_RUN")) and one.status is FindingStatus.RESOLVED,
            what="the finding is resolved",
        )
    finally:
        await stage.close()
