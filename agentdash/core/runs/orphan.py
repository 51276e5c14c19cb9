"""The words of the clean-up of a run whose worker is gone: what is asked of a person before it is done."""

from __future__ import annotations

from agentdash.core.runs.blockers import last_seen
from agentdash.core.runs.commands import GRACE_S
from agentdash.core.runs.model import ChildSeen, Run
from agentdash.core.units import plural


def child_words(child: ChildSeen) -> str:
    """``process 42 on box (python agent.py) and 2 descendants``."""
    others = f" and {plural(child.processes - 1, 'descendant')}" if child.processes > 1 else ""
    return f"process {child.pid} on {child.host} ({child.command}){others}"


def mark_failed_question(run: Run, now: int) -> tuple[str, ...]:
    """What marking *run* as failed does, line by line; the first says since when no worker was seen."""
    lines = [f"{run.title or run.id}: {last_seen(run, now)}.", "It is recorded as failed (orphaned)."]
    if run.child is not None:
        lines.append(f"Its command still runs as {child_words(run.child)}, and goes on: end it first.")
    return tuple(lines)


def end_child_question(run: Run, child: ChildSeen, now: int) -> tuple[str, ...]:
    """What ending the command of *run* does, line by line."""
    return (
        f"{run.title or run.id}: {last_seen(run, now)}.",
        f"SIGTERM goes to {child_words(child)}; SIGKILL after {GRACE_S:g} s to what is left.",
    )
