"""Services: long-running processes beside the agents."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from enum import StrEnum

PROCESSES_SHOWN = 50
"""Processes of one service that are listed; all are counted."""


class ServiceState(StrEnum):
    """The state of a service."""

    UP = "up"
    DOWN = "down"
    STARTING = "starting"
    ZOMBIE = "zombie"
    FLAPPING = "flapping"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a health probe; ``ok`` is None before the first."""

    kind: str
    target: str
    ok: bool | None = None
    latency_ms: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One process of a service; None is *unknown*, or *not readable* for lack of permission.

    Attributes:
        parent: Its parent's id.
        depth: 0 for the service itself, 1 for its children, and so on.
        created_at: Unix ms.
        status: The system's word: ``sleeping``, ``running``, ``stopped``, ``zombie`` …
        cpu_percent: Of one core, without its children.
    """

    pid: int
    parent: int
    depth: int
    created_at: int
    command: str | None = None
    status: str | None = None
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One service, identified by (pid, create time). None is *unknown*, or *not readable*.

    Attributes:
        create_time: Start time of the process, Unix ms.
        cpu_percent: Of one core, with its children, since the last pass.
        cpu_history: Recent values, oldest first, for a sparkline.
        rss_bytes: Resident memory, with its children.
        rss_trend: Bytes per minute, over the kept samples; None while there are too few.
        restarts: Number of new processes since agentdash started.
        processes: It and its children, at most `PROCESSES_SHOWN`.
        exit_code: Of the process that exited last (also of a zombie); negative: the signal.
        exit_unknown: Why that is unknown, where one has exited.
        origin: The file that declares it, e.g. ``Procfile``; None for those of the settings and found ones.
        described_in: The settings file that describes it, or None.
        start_command: Its start command, secrets masked, where known.
        start_exact: The same unmasked, for the action and its confirmation; never written to any output.
        start_folder: The folder of that command.
        start_script: The script that it runs by name, e.g. of package.json, unmasked likewise; None: none.
        log: Its log file, where known.
        found: Whether it was discovered by its listening port, and not described.
    """

    name: str
    state: ServiceState
    pid: int | None = None
    create_time: int | None = None
    command: str | None = None
    cwd: str | None = None
    cpu_percent: float | None = None
    cpu_history: tuple[float, ...] = ()
    rss_bytes: int | None = None
    rss_trend: float | None = None
    threads: int | None = None
    open_files: int | None = None
    children: int | None = None
    processes: tuple[ServiceProcess, ...] = ()
    ports: tuple[int, ...] = ()
    restarts: int = 0
    down_since: int | None = None
    exit_code: int | None = None
    exit_unknown: str | None = None
    probe: Probe | None = None
    last_line: str | None = None
    last_line_at: int | None = None
    error: str | None = None
    origin: str | None = None
    described_in: str | None = None
    start_command: str | None = None
    start_exact: str | None = field(default=None, repr=False)
    start_folder: str | None = None
    start_script: str | None = field(default=None, repr=False)
    log: str | None = None
    found: bool = False

    @property
    def never_seen(self) -> bool:
        """Whether it is declared in a file and has not been started, which is not a problem."""
        return self.origin is not None and self.state is ServiceState.DOWN and self.down_since is None


@dataclass(frozen=True, slots=True)
class ServicesSnapshot:
    """All services, in the order of the settings, discovered ones last.

    Attributes:
        gaps: Messages about what is not listed, and why.
    """

    taken_at: int
    host: str
    services: tuple[Service, ...]
    gaps: tuple[str, ...] = ()


def exit_text(code: int) -> str:
    """``exit 1``, or the signal: ``SIGKILL``."""
    try:
        return signal.Signals(-code).name if code < 0 else f"exit {code}"
    except ValueError:
        return f"signal {-code}"
