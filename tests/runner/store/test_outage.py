"""The store goes away in mid-run: hangs, dies, comes back, or stays away for longer than the lease."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.runs.event import parse_event
from agentdash.core.runs.model import RunKeys, RunStatus
from agentdash.core.settings.model import RedisSettings, RunsSettings, Settings
from agentdash.core.snapshot import SourceError
from agentdash.runner.store.journal import Journal
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer
from agentdash.server.find import connect
from tests.runner.stage import Stage, gone, python
from tests.support import until

TELLS = python(
    """if True:
    import json, os, time
    n = 0
    while not os.path.exists("stop"):
        print(json.dumps({"__cody_event__": {"type": "file_written", "path": str(n)}}), flush=True)
        n += 1
        open("progress", "a").write(".")
        time.sleep(0.02)
    """
)


class Outage:
    """A server of the test's own that can be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedServer(folder)
        self._use = self._server.acquire()
        self.url = self._use.url

    def hang(self) -> None:
        os.kill(self._use.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._use.pid, signal.SIGCONT)

    def kill(self) -> None:
        process = psutil.Process(self._use.pid)
        process.kill()
        process.wait()

    def start_again(self) -> None:
        self._use.recover()

    def close(self) -> None:
        self.go_on()
        self._use.release()


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    outage = Outage(tmp_path / "server")
    yield outage
    await asyncio.to_thread(outage.close)


async def told(stage: Stage, least: int) -> list[str]:
    """The numbers that the child told, once there are more than *least*."""

    async def enough() -> list[str]:
        try:
            events = await stage.events()
        except SourceError:
            return []
        paths = [str(event.data["path"]) for event in events if event.type == "file_written"]
        return paths if len(paths) > least else []

    return await until(enough, what=f"more than {least} events")


@pytest.mark.parametrize("how", ["hang", "kill"])
async def test_events_are_there_once_and_in_order_after_an_outage(
    outage: Outage, tmp_path: Path, how: str
) -> None:
    stage = Stage(outage.url, lease=60)
    task = stage.start(*TELLS, cwd=str(tmp_path), grace=5)
    try:
        before = await told(stage, 3)
        if how == "hang":
            outage.hang()
        else:
            # what the server had not yet written to disk dies with it, by its own settings
            await stage.client.config_set("appendfsync", "always")
            await asyncio.to_thread(outage.kill)
        progress = tmp_path / "progress"
        start = len(progress.read_text())
        await until(lambda: len(progress.read_text()) > start + 80, what="the child goes on meanwhile")
        await asyncio.to_thread(outage.go_on if how == "hang" else outage.start_again)
        await told(stage, len(before) + 50)
        (tmp_path / "stop").touch()
        assert await task == 0
        numbers = await told(stage, len(before))
        assert numbers == [str(n) for n in range(len(numbers))]
        assert (await stage.record()).status is RunStatus.COMPLETED
        assert "events_dropped" not in await stage.types()
    finally:
        await stage.close()


def test_the_default_lease_outlasts_twenty_seconds_without_a_server() -> None:
    """Right before the outage a third of the lease may have passed since it was renewed."""
    assert RunsSettings().lease * 2 / 3 > 25


async def test_longer_than_the_lease_the_child_is_stopped_and_the_run_says_why(
    outage: Outage, tmp_path: Path
) -> None:
    stage = Stage(outage.url, lease=1)
    task = stage.start(*TELLS, cwd=str(tmp_path), grace=5)
    try:
        await told(stage, 3)
        pid = (await stage.record()).pid
        assert pid is not None
        outage.hang()
        await until(lambda: gone(pid), what="the child is stopped")
        assert not task.done()
        outage.go_on()
        assert await task == 1
        run = await stage.record()
        assert (run.status, run.error_code, run.retryable) == (RunStatus.FAILED, "lease_lost", True)
        assert "longer than the lease of 1 s" in (run.error_message or "")
        numbers = await told(stage, 3)
        assert numbers == [str(n) for n in range(len(numbers))]
        assert (await stage.types())[-1] == "run_failed"
        assert not await stage.client.exists(stage.keys.lock("r1"))
    finally:
        await stage.close()


async def test_a_worker_whose_lock_was_taken_writes_nothing_more(stage: Stage, redis_url: str) -> None:
    mine = Stage(redis_url, lease=1)
    task = mine.start(*python("import time; time.sleep(600)"), grace=5)
    try:
        await mine.reaches("running")
        await stage.client.set(stage.keys.lock("r1"), "other:7:ab")
        await stage.client.hset(stage.keys.meta("r1"), "worker", "other:7:ab")
        assert await task == 1
        assert await stage.status() == "running"
        assert "run_failed" not in await stage.types()
        assert "other:7:ab" in mine.said[-1]
        assert await stage.client.get(stage.keys.lock("r1")) == b"other:7:ab"
    finally:
        await mine.close()


async def test_the_embedded_server_is_started_again_by_the_worker(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "state"))
    handle = await connect(settings, localhost="redis://127.0.0.1:1/0")
    stage = Stage(handle.url)
    await stage.handle.close()
    stage.handle = handle
    task = stage.start(*TELLS, cwd=str(tmp_path), grace=5)
    try:
        before = await told(stage, 3)
        info = await stage.client.info("server")
        psutil.Process(int(info["process_id"])).kill()
        await told(stage, len(before) + 20)
        (tmp_path / "stop").touch()
        assert await task == 0
        assert (await stage.record()).status is RunStatus.COMPLETED
    finally:
        await stage.close()


async def test_what_does_not_fit_is_counted_where_it_is_missing(outage: Outage) -> None:
    client = open_client(outage.url, RedisSettings(timeout=0.3))
    keys = RunKeys()
    journal = Journal(client, keys, "r1", maxlen=10_000, clock=SystemClock(), limit=10)
    writer = asyncio.create_task(journal.write())
    try:
        journal.event("run_started")
        await journal.drain()
        outage.hang()
        for number in range(25):
            journal.event("note", {"n": number})
        journal.event("run_completed")
        await until(lambda: journal.error is not None, what="the outage is noticed")
        outage.go_on()
        await until(lambda: journal.idle, what="all is written")
        entries = await client.xrange(keys.events("r1"))
        events = [parse_event(entry_id, fields) for entry_id, fields in entries]
        kept = [event.data["n"] for event in events if event.type == "note"]
        gaps = [event.data["count"] for event in events if event.type == "events_dropped"]
        assert kept == list(range(len(kept)))
        assert len(kept) + sum(map(int, map(str, gaps))) == 25
        assert [event.type for event in events][-2:] == ["events_dropped", "run_completed"]
        assert journal.dropped == 15
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await client.aclose()
        await client.connection_pool.disconnect()


async def test_a_write_whose_answer_was_lost_is_not_repeated(stage: Stage) -> None:
    journal = Journal(stage.client, stage.keys, "r1", maxlen=100, clock=SystemClock())
    journal.event("run_started", {"n": 1})
    entry = journal._waiting[0]
    await stage.client.xadd(stage.keys.events("r1"), dict(entry.fields), id="{}-{}".format(*entry.id))
    journal.event("note", {"n": 2})
    await journal.write_once()
    assert await stage.types() == ["run_started", "note"]


async def test_another_writer_s_event_does_not_cost_ours(stage: Stage) -> None:
    journal = Journal(stage.client, stage.keys, "r1", maxlen=100, clock=SystemClock())
    journal.event("run_started")
    journal.event("note")
    await stage.client.xadd(stage.keys.events("r1"), {"type": "foreign"}, id="99999999999999-5")
    await journal.write_once()
    assert await stage.types() == ["foreign", "run_started", "note"]
