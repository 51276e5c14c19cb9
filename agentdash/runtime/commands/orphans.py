"""Carries out what a person asks about a run whose worker is gone."""

from __future__ import annotations

from agentdash.actions.runs.control import end_orphan_child, mark_orphan_failed
from agentdash.core.clock import Clock
from agentdash.core.commands import Outcome
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed, OrphanCommand
from agentdash.core.runs.model import RunKeys
from agentdash.server.find import ServerHandle
from agentdash.server.outcome import in_outcome


async def clean_up(
    command: OrphanCommand, handle: ServerHandle, keys: RunKeys, host: str, clock: Clock
) -> Outcome:
    """Do it; what a person or a server may cause comes back as words.

    Args:
        command: What is asked.
        handle: The server with the record.
        keys: Names of its keys.
        host: This machine: processes of others are not touched.
        clock: For the record.
    """
    match command:
        case MarkOrphanFailed():
            action = mark_orphan_failed(
                handle.client, keys, command.run_id, command.actor, clock, seen=command.seen
            )
        case EndOrphanChild():
            action = end_orphan_child(handle.client, keys, command, host, clock)
    return await in_outcome(action, handle.url)
