"""Processes by identity: sessions and what descends from them, and how those that we started ended."""

from __future__ import annotations

from agentdash.processes.ends import ENDS, Ends, zombie_exit_code
from agentdash.processes.family import (
    SAME_MS,
    Family,
    created_at,
    end_family,
    leader_created_at,
    signal_group,
)

__all__ = [
    "ENDS",
    "SAME_MS",
    "Ends",
    "Family",
    "created_at",
    "end_family",
    "leader_created_at",
    "signal_group",
    "zombie_exit_code",
]
