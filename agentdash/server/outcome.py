"""The outcome of an action at a server, also where it was refused or failed."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

from agentdash.core.commands import Effect, Outcome, Refused
from agentdash.server.errors import source_error
from agentdash.server.link import MayHaveBeenCarriedOut


async def in_outcome(action: Awaitable[Outcome], url: str) -> Outcome:
    """The outcome of *action*; failures become outcomes too.

    Args:
        action: A change at the server.
        url: Of the server, for messages.
    """
    try:
        outcome = await action
    except Refused as why:
        return Outcome(False, str(why), effect=Effect.NONE, instead=why.instead)
    except MayHaveBeenCarriedOut as problem:
        message = f"no answer came: {source_error(problem.__cause__ or problem, url).message}"
        return Outcome(False, message, effect=Effect.UNSURE)
    except Exception as problem:  # noqa: BLE001 - a failing server must reach the person as a message
        return Outcome(False, source_error(problem, url).message, effect=Effect.NONE)
    return replace(outcome, effect=Effect.DONE) if outcome.ok and outcome.effect is None else outcome
