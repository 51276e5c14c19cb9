"""What a person may ask of a service that the settings know how to start."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL."""


class ServiceAction(StrEnum):
    """The verbs."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class ControlService:
    """Start, stop or restart a service.

    Attributes:
        name: As the services view has it.
        pid: The process that the person saw; None where there was none. Another one is left alone.
        created_at: When that process began, Unix ms.
        grace: Seconds between SIGTERM and SIGKILL.
        start_command: What would start it, exactly as the person saw it, secrets in it too; another one is
            not started. None: not seen.
        start_folder: Where, likewise.
        start_script: What that runs by a name, likewise.
    """

    name: str
    action: ServiceAction
    pid: int | None = None
    created_at: int | None = None
    grace: float = GRACE_S
    start_command: str | None = field(default=None, repr=False)
    start_folder: str | None = None
    start_script: str | None = field(default=None, repr=False)
