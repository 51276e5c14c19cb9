"""Carries out commands about services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.actions.services.control import control
from agentdash.core.commands import Outcome, Refused
from agentdash.core.paths import state_dir
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.snapshot import Topic

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


async def carry_out(engine: Engine, command: ControlService) -> Outcome:
    """Start, stop or restart a service; its rules ignore what this causes."""
    service = engine.store.service(command.name)
    if service is None:
        return Outcome(False, f"there is no service {command.name}")
    described = next(
        (one for one in engine.settings.services if one.name == command.name),
        ServiceSettings(
            name=service.name, command=service.start_exact, cwd=service.start_folder, log=service.log
        ),
    )
    if _has_changed(command, described, service.start_script):
        return Outcome(
            False, f"{service.name}: its start command has changed since it was shown: check again"
        )
    rules = engine.intake.analysis.service_rules
    rules.action_started(service.name)
    outcome = Outcome(False, "cancelled")
    try:
        outcome = await control(described, command, state_dir(engine.settings) / "services")
    except Refused as why:
        outcome = Outcome(False, str(why))
    finally:
        stops = command.action is ServiceAction.STOP and outcome.ok
        rules.action_finished(service.name, engine.clock.now_ms(), stopped=stops)
    engine.refresh(Topic.SERVICES)
    return outcome


def _has_changed(command: ControlService, described: ServiceSettings, script: str | None) -> bool:
    """Whether the start command is not the one that was confirmed: a file may have been written meanwhile."""
    if command.action is ServiceAction.STOP or command.start_command is None:
        return False
    seen = (command.start_command, command.start_folder, command.start_script)
    return seen != (described.command, described.cwd, script)
