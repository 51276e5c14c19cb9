"""Texts about orphaned runs: their last worker, their leftover process, and questions before a clean-up."""

from __future__ import annotations

from agentdash.core.runs.commands import GRACE_S
from agentdash.core.runs.model import OrphanProcess, Run
from agentdash.core.units import age, plural


def process_text(child: OrphanProcess) -> str:
    """``process 42 on box (python agent.py) and 2 descendants``."""
    others = f" and {plural(child.processes - 1, 'descendant')}" if child.processes > 1 else ""
    return f"process {child.pid} on {child.host} ({child.command}){others}"


def mark_failed_question(run: Run, now: int) -> tuple[str, ...]:
    """What marking *run* as failed does, line by line; the first says when a worker was last seen."""
    lines = [f"{run.title or run.id}: {last_seen(run, now)}.", "It is recorded as failed (orphaned)."]
    if run.child is not None:
        lines.append(f"Its command keeps running as {process_text(run.child)}: end it first.")
    return tuple(lines)


def end_child_question(run: Run, child: OrphanProcess, now: int) -> tuple[str, ...]:
    """What ending the leftover process of *run* does, line by line."""
    return (
        f"{run.title or run.id}: {last_seen(run, now)}.",
        f"Sends SIGTERM to {process_text(child)}, and SIGKILL after {GRACE_S:g} s to what is left.",
    )


def last_seen(run: Run, now: int) -> str:
    """When a worker was last seen: ``worker last seen 4m02 ago``."""
    if run.worker_seen_at is not None:
        return f"worker last seen {_ago(run.worker_seen_at, now)}"
    written = max((at for at in (run.updated_at, run.last_event_at) if at is not None), default=None)
    if written is None:
        return "no worker seen"
    return f"no worker seen since startup; record last written {_ago(written, now)}"


def worker_name(token: str) -> str:
    """``process 41 on box`` for a token ``host:pid:random``; else the token itself."""
    host, _, rest = token.partition(":")
    pid = rest.partition(":")[0]
    return f"process {pid} on {host}" if pid.isdigit() else token


def _ago(at: int | None, now: int) -> str:
    return "" if at is None else f"{age(max(0, now - at))} ago"
