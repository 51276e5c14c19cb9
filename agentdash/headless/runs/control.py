"""Controls a run from the command line: requests actions, waits for their effect, cleans up orphans."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdash.core.clock import SystemClock
from agentdash.core.commands import ControlRun, Outcome, Refused
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed, OrphanCommand
from agentdash.core.runs.model import ControlAction, OrphanProcess, Run, RunKeys, RunStatus
from agentdash.core.runs.orphan import end_child_question, mark_failed_question
from agentdash.core.settings.model import Settings
from agentdash.headless.server import open_server

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.server.find import ServerHandle


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live run without a worker, and its command, where that still runs on this machine."""

    run: Run
    child: OrphanProcess | None
    now: int

    @property
    def question(self) -> tuple[str, ...]:
        """What its clean-up does, line by line; the first gives the time since a worker was seen."""
        after = mark_failed_question(self.run, self.now)
        if self.child is None:
            return after
        return (*end_child_question(self.run, self.child, self.now), *after[1:])


@dataclass(frozen=True, slots=True)
class ControlledRun:
    """The run that a command is about."""

    run_id: str
    _settings: Settings
    _handle: ServerHandle
    _keys: RunKeys
    _activity: Activity

    async def request(self, action: ControlAction, reason: str | None) -> Outcome:
        """Request *action* of its worker; the step is noted in the activity log.

        Raises:
            Refused: when the state of the run does not allow it.
        """
        from agentdash.actions.runs.control import control

        command = ControlRun(self.run_id, action, actor=_actor(), reason=reason)
        begun = time.perf_counter()
        try:
            outcome = await control(self._handle.client, self._keys, command)
        except Refused as why:
            self._activity.write(f"run {self.run_id}", f"{action} refused: {why}", ok=False)
            raise
        duration_ms = (time.perf_counter() - begun) * 1000
        self._activity.write(f"run {self.run_id}", outcome.titled, ok=outcome.worked, duration_ms=duration_ms)
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
        """The run as an orphan; None where it has a worker or has ended."""
        from agentdash.actions.runs.control import orphan_of
        from collectors.runs.processes import OrphanChildren

        now = SystemClock().now_ms()
        run = await orphan_of(self._handle.client, self._keys, self.run_id, self._settings.runs.lease, now)
        if run is None:
            return None
        found = await asyncio.to_thread(OrphanChildren(socket.gethostname()).find, [run])
        return Orphan(run, found.get(run.id), now)

    async def clean_up(self, orphan: Orphan) -> list[Outcome]:
        """End the processes of *orphan* here, and mark it as failed; a step that fails is the last."""
        from agentdash.runtime.commands.runs import clean_up
        from agentdash.server.outcome import in_outcome

        run, child, host = orphan.run, orphan.child, socket.gethostname()
        steps: list[OrphanCommand] = [MarkOrphanFailed(run.id, _actor(), run.status)]
        if child is not None:
            steps.insert(0, EndOrphanChild(run.id, _actor(), child.pid, child.created_at))
        outcomes: list[Outcome] = []
        for step in steps:
            action = clean_up(step, self._handle, self._keys, host, SystemClock())
            outcomes.append(await in_outcome(action, self._handle.url))
            self._activity.write(f"run {run.id}", outcomes[-1].titled, ok=outcomes[-1].worked)
            if not outcomes[-1].ok:
                break
        return outcomes


@asynccontextmanager
async def controlled_run(settings: Settings, name: str) -> AsyncIterator[ControlledRun]:
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
        run_id = await find_run(handle.client, keys, name)
        yield ControlledRun(run_id, settings, handle, keys, activity)


def _actor() -> str:
    """The actor in the control stream."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
