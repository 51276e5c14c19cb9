"""Changes at the server, whose failures are outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from agentdash.core.commands import Effect, Outcome
from agentdash.server.outcome import in_outcome

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine
    from agentdash.server.find import ServerHandle


async def at_server(
    engine: Engine, actor: str, change: Callable[[ServerHandle], Awaitable[Outcome]]
) -> Outcome:
    """The result of *change*, also where it is refused or fails.

    Args:
        engine: Its server is used.
        actor: ``run ID`` or ``stream NAME``, for messages.
        change: What is done there.
    """
    if engine.handle is None:
        return Outcome(False, f"no server is connected: the {actor.partition(' ')[0]} cannot be reached")
    try:
        return await in_outcome(change(engine.handle), engine.handle.url)
    except asyncio.CancelledError:  # the program ends
        engine.note(actor, f"{Effect.UNSURE.value}: ended before an answer came", None)
        raise
