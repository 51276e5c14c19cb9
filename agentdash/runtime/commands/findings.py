"""Carries out commands about findings: acknowledge, mute (kept over restarts), unmute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from agentdash.activity.mutes import change_mutes, read_mutes
from agentdash.core import units
from agentdash.core.commands import FindingCommand, MarkFinding, MuteFinding, Outcome, UnmuteFinding
from agentdash.core.findings.model import FindingStatus
from agentdash.core.findings.mutes import Mute
from agentdash.core.paths import mutes_file

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine

Mutes = dict[str, Mute]


async def load_mutes(engine: Engine) -> None:
    """Apply the mutes of earlier sessions; a file that cannot be read is noted in the activity log."""
    try:
        known = await asyncio.to_thread(read_mutes, mutes_file(engine.settings))
    except (OSError, ValueError) as problem:
        engine.note("findings", f"the mutes cannot be read: {problem}", False)
    else:
        engine.intake.analysis.mutes = _by_name(known)


async def carry_out(engine: Engine, command: FindingCommand) -> Outcome:
    """Acknowledge, mute or unmute a finding."""
    match command:
        case MarkFinding():
            return _acknowledge(engine, command)
        case MuteFinding():
            until = None if command.lasts_ms is None else engine.clock.now_ms() + command.lasts_ms
            mute = Mute(command.fingerprint, command.reason, until)
            lasts = "until it is unmuted" if until is None else f"for {units.coarse(command.lasts_ms)}"
            return await _keep(engine, lambda mutes: mutes | {mute.fingerprint: mute}, f"muted {lasts}")
        case UnmuteFinding():
            return await _keep(
                engine,
                lambda mutes: {name: one for name, one in mutes.items() if name != command.fingerprint},
                "unmuted",
            )


async def _keep(engine: Engine, change: Callable[[Mutes], Mutes], done: str) -> Outcome:
    """Change the file, which another agentdash may have changed meanwhile, and apply it."""
    path, now = mutes_file(engine.settings), engine.clock.now_ms()

    def changed(mutes: list[Mute]) -> list[Mute]:
        return list(change(_by_name(mute for mute in mutes if mute.holds(now))).values())

    try:
        engine.intake.analysis.mutes = _by_name(await asyncio.to_thread(change_mutes, path, changed))
    except (OSError, ValueError) as problem:
        return Outcome(False, f"the mutes cannot be written: {problem}")
    engine.intake.put_findings()
    return Outcome(True, done)


def _by_name(mutes: Iterable[Mute]) -> Mutes:
    return {mute.fingerprint: mute for mute in mutes}


def _acknowledge(engine: Engine, command: MarkFinding) -> Outcome:
    known = engine.store.finding(command.fingerprint)
    if known is not None and known.status is FindingStatus.ACKNOWLEDGED:
        return Outcome(True, "already acknowledged")
    if not engine.intake.analysis.acknowledge(command.fingerprint, engine.clock.now_ms()):
        return Outcome(False, "this finding no longer exists")
    engine.intake.put_findings()
    return Outcome(True, "acknowledged")
