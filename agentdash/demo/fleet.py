"""The demo as its owner sees it: a folder, a keeper process, and the settings to watch the fleet with."""

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
from agentdash.demo.folder import Folder
from agentdash.demo.git import environment
from agentdash.demo.members import SERVICE_NAMES

START_LIMIT = 30.0
STOP_LIMIT = 10.0


class Fleet:
    """A small real fleet that lives as long as its owner.

    It ends with `stop`, and by itself when this process ends in any way: see `agentdash.demo.supervisor`.
    """

    def __init__(self) -> None:
        self._folder: Folder | None = None
        self._keeper: subprocess.Popen[str] | None = None
        self._guard = Lock()
        self._stopped = False

    @property
    def folder(self) -> Path:
        """The folder that holds everything of the demo.

        Raises:
            RuntimeError: before `start`.
        """
        if self._folder is None:
            raise RuntimeError("the fleet has not been started")
        return self._folder.root

    async def start(self) -> Settings:
        """Start the fleet.

        Returns:
            The settings for an engine that watches it; thresholds are short, so that a person need not wait.

        Raises:
            SourceError: in words, when it cannot be started; nothing is left behind then.
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
        """End every process and remove every file. A second call does nothing."""
        await asyncio.shield(asyncio.to_thread(self._end))

    def _begin(self) -> dict[str, Any]:
        from agentdash.demo.sweep import clear_abandoned

        clear_abandoned()
        with self._guard:
            if self._stopped:
                raise SourceError("The demo was stopped before it began")
            try:
                keeper = self._engage()
            except OSError as problem:
                raise SourceError(
                    f"The demo cannot be started: {problem.strerror}: {problem.filename}",
                    "Set TMPDIR to a folder that you can write to.",
                ) from problem
        assert keeper.stdout is not None
        line = keeper.stdout.readline()
        ready: dict[str, Any] = json.loads(line) if line else {}
        if "url" not in ready:
            raise SourceError(ready.get("error") or "The demo's keeper ended at its start", ready.get("cure"))
        return ready

    def _engage(self) -> subprocess.Popen[str]:
        """Make the folder, and start the keeper on it."""
        from agentdash.demo.sweep import whoami

        self._folder = folders.create()
        self._folder.add_keeper("owner", whoami())
        self._keeper = subprocess.Popen(
            [sys.executable, "-P", "-m", "agentdash.demo.supervisor", str(self._folder.root)],
            cwd=self._folder.root,
            env=environment(self._folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self._keeper

    def _end(self) -> None:
        from agentdash.demo.sweep import clear

        with self._guard:
            self._stopped = True
            keeper, self._keeper = self._keeper, None
        if keeper is not None:
            assert keeper.stdin is not None
            assert keeper.stdout is not None
            with contextlib.suppress(OSError):
                keeper.stdin.close()
            try:
                keeper.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                keeper.kill()
                keeper.wait()
            keeper.stdout.close()
        if self._folder is not None and self._folder.root.exists():
            clear(self._folder)


def settings_for(folder: Folder, url: str, ports: dict[str, int | None]) -> Settings:
    """The settings with which the fleet in *folder* is watched."""
    return Settings(
        projects=(str(folder.projects),),
        state_dir=str(folder.state),
        redis=RedisSettings(url=url, embedded=False),
        streams=StreamsSettings(window=15, stuck_after=5, dead_after=6, open_after=2),
        services=tuple(_service(folder, name, ports.get(name)) for name in SERVICE_NAMES),
        logs=LogsSettings(files=(str(folder.agent_log("*")),)),
        findings=FindingsSettings(inbox=(str(folder.inbox / "*.jsonl"),)),
    )


def _service(folder: Folder, name: str, port: int | None) -> ServiceSettings:
    return ServiceSettings(
        name=name,
        pid_file=str(folder.pid_file(name)),
        port=port,
        log=str(folder.log(name)),
        probe=f"http://127.0.0.1:{port}/health" if port else None,
    )
