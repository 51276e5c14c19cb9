"""A worker on a real server, in this process or in one of its own, and what the record says of it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from agentdash.core.queries import RunEventsOf
from agentdash.core.runs.model import Run, RunEvent, RunKeys
from agentdash.core.settings.model import RunsSettings, Settings
from agentdash.runner.context import WorkerContext
from agentdash.runner.launch import run_worker
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.claim import find_record
from agentdash.server.client import open_client
from agentdash.server.find import ServerHandle
from collectors.runs.events import read_events
from tests.support import until

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass
class Steps:
    """An activity log in memory."""

    lines: list[str] = field(default_factory=list)

    def write(self, actor: str, step: str, *, ok: bool = True, duration_ms: float | None = None) -> None:
        self.lines.append(step)


class Stage:
    """Runs workers against *url* and looks at what they record."""

    def __init__(
        self, url: str, lease: float = 15.0, *, mask: bool = True, folder: Path | None = None
    ) -> None:
        self.folder = folder or Path.cwd()
        self.settings = Settings(runs=RunsSettings(lease=lease, mask=mask))
        self.keys = RunKeys()
        self.handle = ServerHandle(url, "setting", open_client(url, self.settings.redis))
        self.activity = Steps()
        self.said: list[str] = []
        self._tasks: list[asyncio.Task[int]] = []

    @property
    def client(self) -> Redis:
        return self.handle.client

    def start(self, *command: str, run_id: str = "r1", **options: Any) -> asyncio.Task[int]:
        """Begin a run in this process."""
        spec = RunSpec(command=command, run_id=run_id, **options)
        context = WorkerContext(report=self.said.append)
        task = asyncio.create_task(run_worker(spec, self.handle, self.settings, self.activity, context))
        self._tasks.append(task)
        return task

    async def run(self, *command: str, **options: Any) -> int:
        """A whole run."""
        return await self.start(*command, **options)

    async def ask(self, action: str, run_id: str = "r1") -> None:
        """A control message, as any program may write it."""
        await self.client.xadd(self.keys.control(run_id), {"action": action, "actor": "test"})

    async def record(self, run_id: str = "r1") -> Run:
        found = await find_record(self.client, self.keys, run_id)
        assert found is not None
        return found.run

    async def status(self, run_id: str = "r1") -> str | None:
        raw = await self.client.hget(self.keys.meta(run_id), "status")
        return raw.decode() if isinstance(raw, bytes) else None

    async def reaches(self, status: str, run_id: str = "r1") -> None:
        async def there() -> bool:
            return await self.status(run_id) == status

        await until(there, what=f"{run_id} is {status}")

    async def events(self, run_id: str = "r1") -> tuple[RunEvent, ...]:
        return (
            await read_events(self.client, self.keys, RunEventsOf(run_id, after="0", count=10_000))
        ).events

    async def types(self, run_id: str = "r1") -> list[str]:
        return [event.type for event in await self.events(run_id)]

    async def output(self, run_id: str = "r1", stream: str = "stdout") -> str:
        return "".join(
            str(event.data["text"])
            for event in await self.events(run_id)
            if event.type == "subprocess_output" and event.data["stream"] == stream
        )

    async def close(self) -> None:
        for task in self._tasks:
            if not task.done():
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.handle.close()


def python(code: str) -> tuple[str, ...]:
    """A child that executes *code*."""
    return (sys.executable, "-S", "-E", "-c", code)


def gone(pid: int) -> bool:
    """Whether that process has ended (a zombie has)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def start_worker(
    url: str, run_id: str, *command: str, lease: float = 15.0, **options: Any
) -> asyncio.subprocess.Process:
    """A worker in a process of its own; its output is at hand."""
    known = json.dumps({"url": url, "run_id": run_id, "command": command, "lease": lease, "options": options})
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.runner.own_process", known,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@contextmanager
def killed_at_last(*pids: int) -> Iterator[None]:
    """Kill these processes, and the groups that they lead, whatever the test does."""
    try:
        yield
    finally:
        for pid in pids:
            for kill in (os.killpg, os.kill):
                try:
                    kill(pid, 9)
                except (ProcessLookupError, PermissionError):
                    continue
