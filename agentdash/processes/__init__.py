"""Processes by pid and start time: sessions with their descendants, and exit codes of our children."""

from __future__ import annotations

from agentdash.processes.exit_codes import EXIT_CODES, ExitCodes, zombie_exit_code
from agentdash.processes.family import (
    SAME_MS,
    ProcessFamily,
    created_at,
    leader_created_at,
    signal_group,
    terminate_family,
)

__all__ = [
    "EXIT_CODES",
    "SAME_MS",
    "ExitCodes",
    "ProcessFamily",
    "created_at",
    "leader_created_at",
    "signal_group",
    "terminate_family",
    "zombie_exit_code",
]
