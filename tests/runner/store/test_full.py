"""The store answers and refuses to write, in mid-run: its memory or its disk is full."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agentdash.core.runs.model import RunStatus
from agentdash.core.settings.model import RunsSettings
from agentdash.runner.store import outage as outages
from agentdash.runner.store import ownership
from agentdash.server.embedded import EmbeddedServer
from collectors.runs.collector import RunsCollector
from tests.runner.stage import Stage, python
from tests.support import until

TALKS_UNTIL_STOPPED = python(
    """if True:
    import os, time
    while not os.path.exists("stop"):
        print("x" * 100, flush=True)
        time.sleep(0.05)
    """
)
FAILS_WHEN_STOPPED = python(TALKS_UNTIL_STOPPED[-1].rstrip() + "\n    raise SystemExit(3)\n")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "REFUSED_S", 1.0)
    monkeypatch.setattr(ownership, "_SILENT_S", 0.2)
    monkeypatch.setattr(outages, "REPORT_AFTER_S", 0.5)
    monkeypatch.setattr(outages, "_POLL_S", 0.1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Stage]:
    """A server of the test's own, and workers on it."""
    use = await asyncio.to_thread(EmbeddedServer(tmp_path / "server").acquire)
    stage = Stage(use.url, lease=60)
    yield stage
    await stage.client.config_set("maxmemory", "0")
    await stage.close()
    await asyncio.to_thread(use.release)


def said(stage: Stage, words: str) -> bool:
    return any(words in line for line in stage.said)


async def test_memory_that_is_full_for_a_while_is_said_and_nothing_is_lost(
    store: Stage, tmp_path: Path
) -> None:
    task = store.start(*TALKS_UNTIL_STOPPED, cwd=str(tmp_path))
    await store.reaches("running")
    await store.client.config_set("maxmemory", "1")
    await until(lambda: said(store, "store not writable for"), what="it is said")
    assert said(store, "has reached maxmemory and refuses writes; events are buffered in memory")
    runs = RunsCollector(store.client, RunsSettings(), "here")
    assert [gap.partition(" s: ")[2] for gap in (await runs.collect()).gaps] == [
        "it has reached its maxmemory"
    ]
    await store.client.config_set("maxmemory", "0")
    await until(lambda: said(store, "store writable again after"), what="its end is said")
    (tmp_path / "stop").touch()
    assert await task == 0
    assert (await store.record()).status is RunStatus.COMPLETED
    assert (await RunsCollector(store.client, RunsSettings(), "here").collect()).gaps == ()
    assert "events_dropped" not in await store.types()


@pytest.mark.parametrize(
    ("command", "code", "how"), [(TALKS_UNTIL_STOPPED, 4, "completed"), (FAILS_WHEN_STOPPED, 1, "failed")]
)
async def test_an_end_that_cannot_be_recorded_is_said_with_its_cause(
    store: Stage, tmp_path: Path, command: tuple[str, ...], code: int, how: str
) -> None:
    task = store.start(*command, cwd=str(tmp_path))
    await store.reaches("running")
    await store.client.config_set("maxmemory", "1")
    (tmp_path / "stop").touch()
    assert await task == code, store.said
    assert said(store, f"run r1 {how}, but its end could not be recorded: Redis at")
    assert said(store, "has reached maxmemory and refuses writes; it will be shown as orphaned")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB of its own, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(folder: Path) -> None:
    """Write until no byte more can be written."""
    with (folder / "rest").open("wb", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
        os.fsync(file.fileno())


async def test_a_disk_that_is_full_in_mid_run_is_named(small_disk: Path, tmp_path: Path) -> None:
    use = await asyncio.to_thread(EmbeddedServer(small_disk / "server").acquire)
    stage = Stage(use.url, lease=60)
    task = stage.start(*TALKS_UNTIL_STOPPED, cwd=str(tmp_path))
    try:
        await stage.reaches("running")
        await asyncio.to_thread(fill, small_disk)
        runs = RunsCollector(stage.client, RunsSettings(), "here")

        async def seen() -> bool:
            gaps = (await runs.collect()).gaps
            return any("not writable" in gap and "disk full?" in gap for gap in gaps)

        await until(seen, what="the runs show it")
        await until(lambda: said(stage, "refuses writes: No space left on device"), what="it is named")
        (tmp_path / "stop").touch()
        assert await task == 4
        assert said(stage, "its end could not be recorded")
        assert not said(stage, "Traceback")
    finally:
        (small_disk / "rest").unlink()
        await stage.close()
        await asyncio.to_thread(use.release)


async def test_a_lease_that_is_lost_to_a_full_disk_says_so(small_disk: Path, tmp_path: Path) -> None:
    use = await asyncio.to_thread(EmbeddedServer(small_disk / "server").acquire)
    stage = Stage(use.url, lease=1)
    task = stage.start(*TALKS_UNTIL_STOPPED, cwd=str(tmp_path), grace=1)
    try:
        await stage.reaches("running")
        await asyncio.to_thread(fill, small_disk)
        await until(
            lambda: any("refused writes for longer than the lease of 1 s" in line for line in stage.said),
            what="it is said",
        )
        (small_disk / "rest").unlink()
        assert await task == 1
        assert (await stage.record()).error_code == "lease_lost"
        assert "No space left on device" in ((await stage.record()).error_message or "")
    finally:
        (small_disk / "rest").unlink(missing_ok=True)
        await stage.close()
        await asyncio.to_thread(use.release)
