"""Steering a run from a command line: ask, and wait for the effect where that is wanted."""

from __future__ import annotations

import asyncio
import getpass
import os
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from agentdash.core.commands import ControlRun, Outcome, Refused
from agentdash.core.runs import ControlAction, RunKeys, RunStatus
from agentdash.core.settings import Settings
from agentdash.core.text import decode
from agentdash.headless.reach import reach

if TYPE_CHECKING:
    from agentdash.server.find import ServerHandle

GOALS = {
    ControlAction.PAUSE: RunStatus.PAUSED,
    ControlAction.RESUME: RunStatus.RUNNING,
    ControlAction.CANCEL: RunStatus.CANCELLED,
}
LOOK_AGAIN = 0.1


class Reached(Enum):
    """What came of waiting."""

    YES = "yes"
    OTHERWISE = "otherwise"
    NOT_IN_TIME = "not in time"


@dataclass(frozen=True, slots=True)
class Waited:
    """The end of a wait: what came of it, and the state the run is in."""

    reached: Reached
    status: str


@dataclass(frozen=True, slots=True)
class Steered:
    """What was asked of which run, and what came of waiting (None where nobody waited)."""

    run_id: str
    outcome: Outcome
    waited: Waited | None = None


async def steer(
    settings: Settings, prefix: str, action: ControlAction, reason: str | None, wait: float | None
) -> Steered:
    """Ask *action* of the run whose id begins with *prefix*; wait for its effect for *wait* seconds.

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
        command = ControlRun(run_id, action, actor=_actor(), reason=reason)
        try:
            outcome = await control(handle.client, keys, command)
        except Refused as why:
            activity.write(f"run {run_id}", f"{action} refused: {why}", ok=False)
            raise
        activity.write(
            f"run {run_id}", outcome.message, ok=outcome.ok, duration_ms=(time.perf_counter() - begun) * 1000
        )
        waited = (
            None if wait is None or not outcome.ok else await _wait(handle, keys.meta(run_id), action, wait)
        )
        return Steered(run_id, outcome, waited)


async def _wait(handle: ServerHandle, key: str, action: ControlAction, seconds: float) -> Waited:
    """Look at the run's state until it is what was asked for, or can no longer become so."""
    goal, status = GOALS[action], ""
    try:
        async with asyncio.timeout(seconds):
            while True:
                raw = await handle.client.hget(key, "status")
                status = decode(raw) if isinstance(raw, bytes) else "gone"
                if status == goal:
                    return Waited(Reached.YES, status)
                if status == "gone" or (status in set(RunStatus) and RunStatus(status).terminal):
                    return Waited(Reached.OTHERWISE, status)
                await asyncio.sleep(LOOK_AGAIN)
    except TimeoutError:
        return Waited(Reached.NOT_IN_TIME, status)


def _actor() -> str:
    """Who asks, as the control stream records it."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
