"""Carries out commands: one row per subject, from the types of its commands to the module that runs them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from agentdash.core.commands import Command, ControlRun, FindingCommand, Outcome
from agentdash.core.repos.commands import RepoCommand
from agentdash.core.runs.commands import OrphanCommand
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.services.commands import ControlService
from agentdash.core.streams.commands import StreamCommand
from agentdash.runtime.loading import load

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


@dataclass(frozen=True, slots=True)
class Handler:
    """How the commands of one subject are carried out.

    Attributes:
        commands: A type, or a union of types.
        module: Imported when first needed; its ``carry_out(engine, command)`` returns the `Outcome`.
        actor: Of the line in the activity log.
    """

    commands: Any
    module: str
    actor: Callable[[Any], str]


HANDLERS = (
    Handler(ControlRun | OrphanCommand, f"{__package__}.runs", lambda command: f"run {command.run_id}"),
    Handler(FindingCommand, f"{__package__}.findings", lambda _: "findings"),
    Handler(ControlService, f"{__package__}.services", lambda command: f"service {command.name}"),
    Handler(RepoCommand, f"{__package__}.repos", lambda command: f"repo {Path(command.path).name}"),
    Handler(StreamCommand, f"{__package__}.streams", lambda command: f"stream {as_text(command.stream)}"),
)
BY_TYPE = {kind: row for row in HANDLERS for kind in get_args(row.commands) or (row.commands,)}


async def carry_out(engine: Engine, command: Command) -> Outcome:
    """Carry out *command* and note the result. Failures that a person may cause are outcomes."""
    begun = time.perf_counter()
    if engine.read_only:
        return Outcome(False, "read-only: nothing is changed (started with --read-only)")
    row = BY_TYPE[type(command)]
    await load(row.module)
    outcome: Outcome = await sys.modules[row.module].carry_out(engine, command)
    sent = f" [{'; '.join(outcome.sent)}]" if outcome.sent else ""
    duration = (time.perf_counter() - begun) * 1000
    engine.note(row.actor(command), outcome.titled + sent, outcome.worked, duration)
    return outcome
