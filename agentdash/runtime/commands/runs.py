"""Carries out commands about runs, also about those without a worker."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from agentdash.actions.runs.control import control, end_orphan_child, mark_orphan_failed
from agentdash.core.clock import Clock
from agentdash.core.commands import ControlRun, Outcome
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed, OrphanCommand
from agentdash.core.runs.model import RunKeys
from agentdash.core.snapshot import Topic
from agentdash.runtime.commands.server import at_server
from agentdash.server.find import ServerHandle

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


async def carry_out(engine: Engine, command: ControlRun | OrphanCommand) -> Outcome:
    """Request an action of its worker, or clean up after a run that has none."""
    keys = RunKeys(engine.settings.runs.prefix)

    def change(handle: ServerHandle) -> Awaitable[Outcome]:
        if isinstance(command, ControlRun):
            return control(handle.client, keys, command)
        return clean_up(command, handle, keys, engine.host, engine.clock)

    outcome = await at_server(engine, f"run {command.run_id}", change)
    engine.refresh(Topic.RUNS)
    return outcome


def clean_up(
    command: OrphanCommand, handle: ServerHandle, keys: RunKeys, host: str, clock: Clock
) -> Awaitable[Outcome]:
    """Clean up after a run without a worker.

    Args:
        command: What is requested.
        handle: The server with the record.
        keys: Names of its keys.
        host: This machine: processes of others are not touched.
        clock: For the record.
    """
    match command:
        case MarkOrphanFailed():
            return mark_orphan_failed(
                handle.client, keys, command.run_id, command.actor, clock, seen=command.seen
            )
        case EndOrphanChild():
            return end_orphan_child(handle.client, keys, command, host, clock)
