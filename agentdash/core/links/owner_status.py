"""Whether what a consumer belongs to lives: the process of its service, the worker of its run. Pure.

A service tells of this machine alone, and a consumer is its by name only: that a process is gone is one sign
of death, never the only one (see `agentdash.core.streams.judge.liveness`).
"""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.links.owners import Owner
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.services.model import Service, ServiceState, exit_words
from agentdash.core.text import printable
from agentdash.core.units import age

_GONE = {ServiceState.DOWN, ServiceState.ZOMBIE}


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of an owner's process or worker.

    Attributes:
        lives: Whether there is one; None where that is not known.
        since: Since when there is none, Unix ms; None where that is not known.
        who: ``service billing`` or ``run fix-auth``; empty where nobody is known.
        words: What is seen of it, e.g. ``its process ended 4m12 ago, exit 1``.
    """

    lives: bool | None = None
    since: int | None = None
    who: str = ""
    words: str = ""

    def __str__(self) -> str:
        """Whose it is and what is seen, in one line; empty where nobody is known."""
        return f"{self.who.removeprefix('service ')}: {self.words}" if self.words else ""


UNKNOWN = Life()


def life_of(owner: Owner, now: int) -> Life:
    """Whether *owner* lives at *now*, Unix ms."""
    if owner.run is not None:
        return _of_run(owner.run, now)
    return UNKNOWN if owner.service is None else _of_service(owner.service, now)


def _of_run(run: Run, now: int) -> Life:
    who = f"run {printable(run.title or run.id)}"
    if run.status.terminal:
        ago = "" if run.ended_at is None else f" {age(now - run.ended_at)} ago"
        return Life(False, run.ended_at, who, f"it has ended{ago}, {run.status.value}")
    if run.orphaned:
        since = run.worker_seen_at
        seen = "" if since is None else f", one was last seen {age(now - since)} ago"
        return Life(False, since, who, f"it has no worker{seen}")
    held = run.orphaned is False and run.status is not RunStatus.QUEUED
    return Life(True if held else None, None, who, run.status.value)


def _of_service(service: Service, now: int) -> Life:
    who = f"service {printable(service.name)}"
    if service.state in _GONE and not service.never_seen:
        if service.down_since is None and service.state is ServiceState.DOWN:
            return Life(False, None, who, "no process of it runs here")
        since = "" if service.down_since is None else f" {age(now - service.down_since)} ago"
        code = "" if service.exit_code is None else f", {exit_words(service.exit_code)}"
        return Life(False, service.down_since, who, f"its process ended{since}{code}")
    if service.pid is None:
        return Life(None, None, who, service.state.value)
    return Life(True, None, who, f"process {service.pid} runs")
