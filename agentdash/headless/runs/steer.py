"""Controls a run from the command line: requests an action and waits for its effect."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdash.core.commands import ControlRun, Outcome, Refused
from agentdash.core.runs.model import ControlAction, RunKeys, RunStatus
from agentdash.core.settings.model import Settings
from agentdash.headless.runs.orphans import Orphan, clean_up, find_orphan
from agentdash.headless.server import open_server

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.server.find import ServerHandle


@dataclass(frozen=True, slots=True)
class Target:
    """The run that a command is about."""

    run_id: str
    _settings: Settings
    _handle: ServerHandle
    _keys: RunKeys
    _activity: Activity

    async def ask(self, action: ControlAction, reason: str | None) -> Outcome:
        """Request *action* of its worker; the step is noted in the activity log.

        Raises:
            Refused: when the state of the run does not allow it.
        """
        from agentdash.actions.runs.control import control

        request = ControlRun(self.run_id, action, actor=_actor(), reason=reason)
        begun = time.perf_counter()
        try:
            outcome = await control(self._handle.client, self._keys, request)
        except Refused as why:
            self._activity.write(f"run {self.run_id}", f"{action} refused: {why}", ok=False)
            raise
        took = (time.perf_counter() - begun) * 1000
        self._activity.write(f"run {self.run_id}", outcome.titled, ok=outcome.worked, duration_ms=took)
        return outcome

    async def effect(self, action: ControlAction, seconds: float) -> RunStatus:
        """Wait until the worker has done it.

        Raises:
            TimeoutError: when it has not after *seconds*.
            Refused: when the run has ended otherwise.
        """
        from agentdash.actions.runs.control import wait_for

        return await wait_for(self._handle.client, self._keys, self.run_id, action, seconds)

    async def orphan(self) -> Orphan | None:
        """The run as an orphan; None where it has a worker."""
        lease = self._settings.runs.lease
        return await find_orphan(self._handle, self._keys, self.run_id, lease, socket.gethostname())

    async def clean_up(self, orphan: Orphan) -> list[Outcome]:
        """End the processes of *orphan* here, and mark it as failed."""
        return await clean_up(
            orphan, self._handle, self._keys, _actor(), socket.gethostname(), self._activity
        )


@asynccontextmanager
async def target(settings: Settings, name: str) -> AsyncIterator[Target]:
    """The run whose id begins with *name*, or with that title.

    Raises:
        Refused: when there is no such run, or more than one, or nothing may be changed.
        SourceError: when the server is not available.
    """
    if settings.read_only:
        raise Refused("read-only: nothing is changed")
    async with open_server(settings) as (handle, activity):
        from agentdash.actions.runs.find import find_run

        keys = RunKeys(settings.runs.prefix)
        yield Target(await find_run(handle.client, keys, name), settings, handle, keys, activity)


def _actor() -> str:
    """The actor in the control stream."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
