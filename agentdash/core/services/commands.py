"""Commands for services that have a start command."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL."""


class ServiceAction(StrEnum):
    """The actions."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class ControlService:
    """Start, stop or restart a service.

    Attributes:
        name: Of the service.
        pid: The process that was shown; None where there was none. Another one is not touched.
        created_at: Its start time, Unix ms.
        grace: Seconds between SIGTERM and SIGKILL.
        start_command: The start command exactly as shown, secrets included; another one is refused. None: not
            shown.
        start_folder: Its folder, likewise.
        start_script: The script that it runs by name, likewise.
    """

    name: str
    action: ServiceAction
    pid: int | None = None
    created_at: int | None = None
    grace: float = GRACE_S
    start_command: str | None = field(default=None, repr=False)
    start_folder: str | None = None
    start_script: str | None = field(default=None, repr=False)
