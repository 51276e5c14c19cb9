"""Steering a run from a command line: ask, and wait for the effect where that is wanted."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdash.core.commands import ControlRun, Outcome, Refused
from agentdash.core.runs import ControlAction, RunKeys, RunStatus
from agentdash.core.settings import Settings
from agentdash.headless.reach import reach

if TYPE_CHECKING:
    from agentdash.server.find import ServerHandle


@dataclass(frozen=True, slots=True)
class Steered:
    """What was asked of which run, and the way to wait for its effect."""

    run_id: str
    outcome: Outcome
    _handle: ServerHandle
    _keys: RunKeys
    _action: ControlAction

    async def effect(self, seconds: float) -> RunStatus:
        """Wait until the worker has done it.

        Raises:
            TimeoutError: when it has not after *seconds*.
            Refused: when the run has ended otherwise.
        """
        from agentdash.actions.runs import wait_for

        return await wait_for(self._handle.client, self._keys, self.run_id, self._action, seconds)


@asynccontextmanager
async def steer(
    settings: Settings, prefix: str, action: ControlAction, reason: str | None
) -> AsyncIterator[Steered]:
    """Ask *action* of the run whose id begins with *prefix*; the step is noted in the activity log.

    Raises:
        Refused: when there is no such run, more than one, or its state does not allow it.
        SourceError: when the server cannot be used.
    """
    if settings.read_only:
        raise Refused("read-only: nothing is changed")
    async with reach(settings) as (handle, activity):
        from agentdash.actions.runs import control, find_run

        keys = RunKeys(settings.runs.prefix)
        run_id = await find_run(handle.client, keys, prefix)
        begun = time.perf_counter()
        try:
            outcome = await control(
                handle.client, keys, ControlRun(run_id, action, actor=_actor(), reason=reason)
            )
        except Refused as why:
            activity.write(f"run {run_id}", f"{action} refused: {why}", ok=False)
            raise
        took = (time.perf_counter() - begun) * 1000
        activity.write(f"run {run_id}", outcome.message, ok=outcome.ok, duration_ms=took)
        yield Steered(run_id, outcome, handle, keys, action)


def _actor() -> str:
    """Who asks, as the control stream records it."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
