"""Carries out commands about streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.actions.streams.groups import change
from agentdash.core.commands import Outcome
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import Topic
from agentdash.core.streams.commands import StreamCommand
from agentdash.runtime.commands.server import at_server

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


async def carry_out(engine: Engine, command: StreamCommand) -> Outcome:
    """Change a stream or a group; a command that the ACL forbids is remembered."""
    actor = f"stream {as_text(command.stream)}"
    outcome = await at_server(engine, actor, lambda handle: change(handle.client, command))
    if outcome.denied is not None:
        engine.deny(outcome.denied, outcome.message)
    engine.refresh(Topic.STREAMS)
    return outcome
