"""Services: processes that people keep running beside their agents."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from enum import StrEnum

PROCESSES_SHOWN = 50
"""Processes of one service that are told one by one; all are counted in."""


class ServiceState(StrEnum):
    """How a service is."""

    UP = "up"
    DOWN = "down"
    STARTING = "starting"
    ZOMBIE = "zombie"
    FLAPPING = "flapping"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of a health probe; ``ok`` is None before the first."""

    kind: str
    target: str
    ok: bool | None = None
    latency_ms: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One process of a service; None is *may not be read* or *not known yet*.

    Attributes:
        parent: Its parent's id.
        depth: 0 for the service itself, 1 for its children, and so on.
        created_at: Unix ms.
        status: The system's own word: ``sleeping``, ``running``, ``stopped``, ``zombie`` …
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
    """One service, followed by (pid, create time). None is *may not be read* or *not known*.

    Attributes:
        create_time: Start of the process, Unix ms.
        cpu_percent: Of one core, with its children, since the last pass.
        cpu_history: Recent values, oldest first, for a sparkline.
        rss_bytes: Resident memory, with its children.
        rss_trend: Bytes a minute, over the kept history; None until there is enough of it.
        restarts: How often it was seen with a new process since agentdash started.
        processes: It and its children, at most `PROCESSES_SHOWN`.
        exit_code: Of the process that ended last (a zombie has ended); below 0 the signal.
        exit_unknown: Why that is not known, where one has ended.
        silent_ms: Since its last line in the log; None where it has no log.
        origin: The file that declares it, e.g. ``Procfile``; None where the settings do, or nothing does.
        described_in: The settings file that describes it; None where none does.
        start_command: What starts it, where that is known; as it may be shown.
        start_exact: The same as it is, for the action and the question before it; never written out.
        start_folder: The folder in which that is done.
        start_script: What that command runs by a name, e.g. a script of package.json, as it is, likewise
            never written out; None: nothing.
        log: Its log file, where that is known.
        found: Whether it was found by its listening, and nobody described it.
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
        """Whether a file declares it and nobody has started it: that is no trouble."""
        return self.origin is not None and self.state is ServiceState.DOWN and self.down_since is None


@dataclass(frozen=True, slots=True)
class ServicesSnapshot:
    """All services, in the order of the settings, found ones after.

    Attributes:
        gaps: What is not listed, and why, in words.
    """

    taken_at: int
    host: str
    services: tuple[Service, ...]
    gaps: tuple[str, ...] = ()


def exit_words(code: int) -> str:
    """``exit 1``, or the signal: ``SIGKILL``."""
    try:
        return signal.Signals(-code).name if code < 0 else f"exit {code}"
    except ValueError:
        return f"signal {-code}"
