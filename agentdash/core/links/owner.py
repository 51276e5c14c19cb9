"""Whether the owner of a consumer is alive: the process of its service, the worker of its run. Pure.

A service is known on this machine only, and a consumer is assigned to it by its name: that its process has
ended is one sign that the consumer is dead, never the only one (see `agentdash.core.streams.liveness`).
"""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.findings.symptom_text import shell_word
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.services.model import Service, ServiceState, exit_text
from agentdash.core.streams.liveness import NO_OWNER, OwnerStatus
from agentdash.core.text import printable
from agentdash.core.units import age

_ENDED = {ServiceState.DOWN, ServiceState.ZOMBIE}


@dataclass(frozen=True, slots=True)
class Owner:
    """The run or service that a consumer belongs to by its name; neither where that is unknown."""

    run: Run | None = None
    service: Service | None = None

    def status(self, now: int) -> OwnerStatus:
        """Whether it is alive at *now*, Unix ms."""
        if self.run is not None:
            return _of_run(self.run, now)
        return NO_OWNER if self.service is None else _of_service(self.service, now)


def _of_run(run: Run, now: int) -> OwnerStatus:
    alive, ended_at = None, None
    detail: str = run.status.value
    if run.status.terminal:
        ago = "" if run.ended_at is None else f" {age(now - run.ended_at)} ago"
        alive, ended_at, detail = False, run.ended_at, f"it has ended{ago}, {run.status.value}"
    elif run.orphaned:
        seen = "" if run.worker_seen_at is None else f", last seen {age(now - run.worker_seen_at)} ago"
        alive, ended_at, detail = False, run.worker_seen_at, f"it has no worker{seen}"
    elif run.orphaned is False and run.status is not RunStatus.QUEUED:
        alive = True
    start = "The run is over"
    if not run.status.terminal:
        command = f"agentdash run --run-id {shell_word(run.id)} -- COMMAND …"
        start = f"Take over the run: `{command}`; or mark it as failed (F)"
    return OwnerStatus(
        alive=alive,
        ended_at=ended_at,
        label=f"run {printable(run.title or run.id)}",
        detail=detail,
        run=run.id,
        start=start,
        start_works=not run.status.terminal,
        restart="cancel the run (X) and start it again",
    )


def _of_service(service: Service, now: int) -> OwnerStatus:
    alive, ended_at = None, None
    detail: str = service.state.value
    if service.state in _ENDED and not service.never_seen:
        alive, ended_at = False, service.down_since
        if service.down_since is None and service.state is ServiceState.DOWN:
            detail = "no process of it runs here"
        else:
            ago = "" if service.down_since is None else f" {age(now - service.down_since)} ago"
            code = "" if service.exit_code is None else f", {exit_text(service.exit_code)}"
            detail = f"its process ended{ago}{code}"
    elif service.pid is not None:
        alive, detail = True, f"process {service.pid} runs"
    label = f"service {printable(service.name)}"
    known = service.start_command is not None
    return OwnerStatus(
        alive=alive,
        ended_at=ended_at,
        label=label,
        detail=detail,
        service=service.name,
        start=f"Start {service.name} (U in the services)" if known else f"Start {label} again",
        restart="restart it (B in the services)",
    )
