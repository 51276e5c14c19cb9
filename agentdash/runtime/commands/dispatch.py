"""Carrying out commands: each by the action that it is for, its result in words, and a line in the log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.core.commands import (
    Command,
    ControlRun,
    Effect,
    MarkFinding,
    MuteFinding,
    Outcome,
    Refused,
    UnmuteFinding,
)
from agentdash.core.paths import state_dir
from agentdash.core.repos.commands import RepoCommand
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed, OrphanCommand
from agentdash.core.runs.model import RunKeys
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.snapshot import Topic
from agentdash.core.streams.commands import StreamCommand
from agentdash.core.text import decode
from agentdash.runtime.commands.findings import mark
from agentdash.runtime.loading import load

if TYPE_CHECKING:
    from agentdash.runtime.running import Running


async def carry_out(engine: Running, command: Command) -> Outcome:
    """Carry out *command*; the result is logged. Nothing is raised for what a person may cause."""
    begun = time.perf_counter()
    if engine.read_only:
        return Outcome(False, "read-only: nothing is changed (started with --read-only)")
    match command:
        case ControlRun():
            actor, outcome = f"run {command.run_id}", await _control(engine, command)
        case MarkOrphanFailed() | EndOrphanChild():
            actor, outcome = f"run {command.run_id}", await _clean_up(engine, command)
        case MarkFinding() | MuteFinding() | UnmuteFinding():
            actor, outcome = "findings", await mark(engine, command)
        case ControlService():
            actor, outcome = f"service {command.name}", await _control_service(engine, command)
        case _ if isinstance(command, RepoCommand):
            actor, outcome = f"repo {Path(command.path).name}", await _change_repo(engine, command)
        case _ if isinstance(command, StreamCommand):
            actor, outcome = f"stream {decode(command.stream)}", await _change_stream(engine, command)
    sent = f" [{'; '.join(outcome.sent)}]" if outcome.sent else ""
    took = (time.perf_counter() - begun) * 1000
    engine.note(actor, outcome.titled + sent, outcome.worked, took)
    return outcome


async def _control(engine: Running, command: ControlRun) -> Outcome:
    if engine.handle is None:
        return Outcome(False, "no server is connected: the run cannot be reached")
    await load("agentdash.actions.runs.control")
    from agentdash.actions.runs.control import control

    keys = RunKeys(engine.settings.runs.prefix)
    work = control(engine.handle.client, keys, command)
    outcome = await _in_words(engine, f"run {command.run_id}", work, engine.handle.url)
    engine.refresh(Topic.RUNS)
    return outcome


async def _change_stream(engine: Running, command: StreamCommand) -> Outcome:
    if engine.handle is None:
        return Outcome(False, "no server is connected: the stream cannot be reached")
    await load("agentdash.actions.streams.groups")
    from agentdash.actions.streams.groups import change

    actor, work = f"stream {decode(command.stream)}", change(engine.handle.client, command)
    outcome = await _in_words(engine, actor, work, engine.handle.url)
    if outcome.denied is not None:
        engine.deny(outcome.denied, outcome.message)
    engine.refresh(Topic.STREAMS)
    return outcome


async def _in_words(engine: Running, actor: str, action: Awaitable[Outcome], url: str) -> Outcome:
    """What came of *action* at the server of *url*: also a refusal, or its failure."""
    from agentdash.server.outcome import in_outcome

    try:
        return await in_outcome(action, url)
    except asyncio.CancelledError:  # the program ends
        engine.note(actor, f"{Effect.UNSURE.value}: ended before an answer came", None)
        raise


async def _clean_up(engine: Running, command: OrphanCommand) -> Outcome:
    if engine.handle is None:
        return Outcome(False, "no server is connected: the run cannot be reached")
    await load("agentdash.runtime.commands.orphans")
    from agentdash.runtime.commands.orphans import clean_up

    keys = RunKeys(engine.settings.runs.prefix)
    outcome = await clean_up(command, engine.handle, keys, engine.host, engine.clock)
    engine.refresh(Topic.RUNS)
    return outcome


async def _change_repo(engine: Running, command: RepoCommand) -> Outcome:
    await load("agentdash.runtime.commands.repos")
    from agentdash.runtime.commands.repos import change

    outcome = await change(command, engine.store.repos, engine.settings, engine.note)
    engine.refresh(Topic.REPOS)
    return outcome


def _has_changed(command: ControlService, described: ServiceSettings, script: str | None) -> bool:
    """Whether what would be started is not what the person saw: a file may have been written meanwhile."""
    if command.action is ServiceAction.STOP or command.start_command is None:
        return False
    seen = (command.start_command, command.start_folder, command.start_script)
    return seen != (described.command, described.cwd, script)


async def _control_service(engine: Running, command: ControlService) -> Outcome:
    service = engine.store.service(command.name)
    if service is None:
        return Outcome(False, f"there is no service {command.name}")
    await load("agentdash.actions.services.control")
    from agentdash.actions.services.control import control

    configured = next((s for s in engine.settings.services if s.name == command.name), None)
    described = configured or ServiceSettings(
        name=service.name, command=service.start_exact, cwd=service.start_folder, log=service.log
    )
    if _has_changed(command, described, service.start_script):
        return Outcome(False, f"{service.name}: what starts it has changed since it was shown: look again")
    rules = engine.intake.analysis.service_rules
    rules.begins(service.name)
    outcome = Outcome(False, "it was given up")
    try:
        outcome = await control(described, command, state_dir(engine.settings) / "services")
    except Refused as why:
        outcome = Outcome(False, str(why))
    finally:
        stops = command.action is ServiceAction.STOP and outcome.ok
        rules.ends(service.name, engine.clock.now_ms(), stopped=stops)
    engine.refresh(Topic.SERVICES)
    return outcome
