"""Starts and stops the demo: a folder, a supervisor process, and the settings to watch the fleet with."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from agentdash.core.settings.model import (
    FindingsSettings,
    LogsSettings,
    RedisSettings,
    ServiceSettings,
    Settings,
    StreamsSettings,
)
from agentdash.core.snapshot import SourceError
from agentdash.demo import folder as folders
from agentdash.demo.folder import DemoFolder
from agentdash.demo.git import environment
from agentdash.demo.workloads import SERVICE_NAMES

START_LIMIT = 30.0
STOP_LIMIT = 10.0


class Fleet:
    """A small real fleet, stopped by `stop` or when this process exits, see `agentdash.demo.supervisor`."""

    def __init__(self) -> None:
        self._folder: DemoFolder | None = None
        self._supervisor: subprocess.Popen[str] | None = None
        self._guard = Lock()
        self._stopped = False

    @property
    def folder(self) -> Path:
        """The folder with all files of the demo.

        Raises:
            RuntimeError: before `start`.
        """
        if self._folder is None:
            raise RuntimeError("the fleet has not been started")
        return self._folder.root

    async def start(self) -> Settings:
        """Start the fleet.

        Returns:
            The settings for an engine that watches it, with short thresholds.

        Raises:
            SourceError: when it cannot be started; nothing is left behind then.
        """
        try:
            async with asyncio.timeout(START_LIMIT):
                ready = await asyncio.to_thread(self._begin)
        except TimeoutError:
            await self.stop()
            raise SourceError(
                f"The demo's fleet did not start within {START_LIMIT:.0f} s",
                "Is the machine very busy? Try again.",
            ) from None
        except BaseException:
            await self.stop()
            raise
        assert self._folder is not None
        return settings_for(self._folder, ready["url"], ready["ports"])

    async def stop(self) -> None:
        """Stop every process and remove every file. A second call does nothing."""
        await asyncio.shield(asyncio.to_thread(self._end))

    def _begin(self) -> dict[str, Any]:
        from agentdash.demo.cleanup import remove_abandoned

        remove_abandoned()
        with self._guard:
            if self._stopped:
                raise SourceError("The demo was stopped before it started")
            try:
                supervisor = self._start_supervisor()
            except OSError as problem:
                raise SourceError(
                    f"The demo cannot be started: {problem.strerror}: {problem.filename}",
                    "Set TMPDIR to a folder that you can write to.",
                ) from problem
        assert supervisor.stdout is not None
        line = supervisor.stdout.readline()
        ready: dict[str, Any] = json.loads(line) if line else {}
        if "url" not in ready:
            raise SourceError(
                ready.get("error") or "The demo's supervisor exited at start", ready.get("cure")
            )
        return ready

    def _start_supervisor(self) -> subprocess.Popen[str]:
        """Create the folder and start the supervisor."""
        from agentdash.demo.cleanup import own_process

        self._folder = folders.create()
        self._folder.add_owner("owner", own_process())
        self._supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "agentdash.demo.supervisor", str(self._folder.root)],
            cwd=self._folder.root,
            env=environment(self._folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self._supervisor

    def _end(self) -> None:
        from agentdash.demo.cleanup import remove_demo

        with self._guard:
            self._stopped = True
            supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            assert supervisor.stdin is not None
            assert supervisor.stdout is not None
            with contextlib.suppress(OSError):
                supervisor.stdin.close()
            try:
                supervisor.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.wait()
            supervisor.stdout.close()
        if self._folder is not None and self._folder.root.exists():
            remove_demo(self._folder)


def settings_for(folder: DemoFolder, url: str, ports: dict[str, int | None]) -> Settings:
    """The settings to watch the fleet in *folder* with."""
    return Settings(
        projects=(str(folder.projects),),
        state_dir=str(folder.state),
        redis=RedisSettings(url=url, embedded=False),
        streams=StreamsSettings(window=15, stuck_after=5, dead_after=6, open_after=2),
        services=tuple(_service(folder, name, ports.get(name)) for name in SERVICE_NAMES),
        logs=LogsSettings(files=(str(folder.agent_log("*")),)),
        findings=FindingsSettings(inbox=(str(folder.inbox / "*.jsonl"),)),
    )


def _service(folder: DemoFolder, name: str, port: int | None) -> ServiceSettings:
    return ServiceSettings(
        name=name,
        pid_file=str(folder.pid_file(name)),
        port=port,
        log=str(folder.log(name)),
        probe=f"http://127.0.0.1:{port}/health" if port else None,
    )
