"""Commands for orphaned runs; those for runs with a worker are `commands.ControlRun`."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.runs.model import RunStatus

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL for the leftover command of an orphaned run."""


@dataclass(frozen=True, slots=True)
class MarkOrphanFailed:
    """Record a run without a worker as failed (``error.code`` ``orphaned``).

    Attributes:
        seen: The state that was shown to the user; None from a program.
    """

    run_id: str
    actor: str
    seen: RunStatus | None = None


@dataclass(frozen=True, slots=True)
class EndOrphanChild:
    """Terminate the leftover command of an orphaned run on this machine, with its descendants.

    Attributes:
        pid: The process that was shown, as in `Run.child`.
        created_at: Its start time, Unix ms; another process with that pid is not touched.
        grace: Seconds between SIGTERM and SIGKILL.
    """

    run_id: str
    actor: str
    pid: int
    created_at: int
    grace: float = GRACE_S


OrphanCommand = MarkOrphanFailed | EndOrphanChild
