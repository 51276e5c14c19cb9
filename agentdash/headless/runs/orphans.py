"""Cleans up a run without a worker, for the command line."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdash.core.clock import SystemClock
from agentdash.core.commands import Outcome
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed, OrphanCommand
from agentdash.core.runs.model import ChildSeen, Run, RunKeys
from agentdash.core.runs.orphan import end_child_question, mark_failed_question

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.server.find import ServerHandle


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live run without a worker, and its command, where that still runs on this machine."""

    run: Run
    child: ChildSeen | None
    now: int

    @property
    def question(self) -> tuple[str, ...]:
        """What its clean-up does, line by line; the first gives the time since a worker was seen."""
        after = mark_failed_question(self.run, self.now)
        if self.child is None:
            return after
        return (*end_child_question(self.run, self.child, self.now), *after[1:])


async def find_orphan(
    handle: ServerHandle, keys: RunKeys, run_id: str, lease: float, host: str
) -> Orphan | None:
    """The run *run_id* as an orphan; None where it has a worker or has ended.

    Args:
        handle: The server with the record.
        keys: Names of its keys.
        run_id: Its id.
        lease: Seconds that a queued run may wait for its worker.
        host: This machine: processes of others are not inspected.
    """
    from agentdash.actions.runs.control import orphan_of
    from collectors.runs.processes import OrphanChildren

    now = SystemClock().now_ms()
    run = await orphan_of(handle.client, keys, run_id, lease, now)
    if run is None:
        return None
    found = await asyncio.to_thread(OrphanChildren(host).look, [run])
    return Orphan(run, found.get(run.id), now)


async def clean_up(
    orphan: Orphan, handle: ServerHandle, keys: RunKeys, actor: str, host: str, activity: Activity
) -> list[Outcome]:
    """End its processes on this machine and mark it as failed; a step that fails is the last."""
    from agentdash.runtime.commands.runs import clean_up as action
    from agentdash.server.outcome import in_outcome

    run, child = orphan.run, orphan.child
    steps: list[OrphanCommand] = [MarkOrphanFailed(run.id, actor, run.status)]
    if child is not None:
        steps.insert(0, EndOrphanChild(run.id, actor, child.pid, child.created_at))
    outcomes: list[Outcome] = []
    for step in steps:
        outcomes.append(await in_outcome(action(step, handle, keys, host, SystemClock()), handle.url))
        activity.write(f"run {run.id}", outcomes[-1].titled, ok=outcomes[-1].worked)
        if not outcomes[-1].ok:
            break
    return outcomes
