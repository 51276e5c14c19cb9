"""What a person may ask about a run whose worker is gone. The rest of steering is `commands.ControlRun`."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.runs.model import RunStatus

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL for the command that an orphaned run left behind."""


@dataclass(frozen=True, slots=True)
class MarkOrphanFailed:
    """Record a run that no worker holds as failed (``error.code`` ``orphaned``).

    Attributes:
        seen: The state that the person saw when they decided; None from a program.
    """

    run_id: str
    actor: str
    seen: RunStatus | None = None


@dataclass(frozen=True, slots=True)
class EndOrphanChild:
    """End the command that an orphaned run left behind on this machine, with all that descends from it.

    Attributes:
        pid: The process that the person saw, as in `Run.child`.
        created_at: When that process began, Unix ms; another one of the same id is left alone.
        grace: Seconds between SIGTERM and SIGKILL.
    """

    run_id: str
    actor: str
    pid: int
    created_at: int
    grace: float = GRACE_S


OrphanCommand = MarkOrphanFailed | EndOrphanChild
