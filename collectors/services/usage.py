"""Resource usage of a process and its children, measured from pass to pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.model import PROCESSES_SHOWN, ServiceProcess
from agentdash.processes import zombie_exit_code
from collectors.services.processes import Identity, ProcessInfo

HISTORY = 60
"""CPU samples kept, for a sparkline."""
COMMAND = 400
"""Characters kept of a command line."""

_TREND_SPAN = 300.0
_TREND_LEAST = 20.0
_TREND_SAMPLES = 8


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """Usage of a process and its children; None is *not readable*.

    Attributes:
        exit_code: Of a zombie, where readable.
    """

    zombie: bool = False
    exit_code: int | None = None
    cpu_percent: float | None = None
    rss: int | None = None
    threads: int | None = None
    files: int | None = None
    children: int = 0
    processes: tuple[ServiceProcess, ...] = ()


@dataclass(frozen=True, slots=True)
class _Measured:
    """One process.

    Attributes:
        spent: Its own CPU seconds.
        with_ended: The same with those of exited children.
        rss: Bytes.
    """

    status: str | None = None
    spent: float | None = None
    with_ended: float = 0.0
    rss: int | None = None
    threads: int | None = None
    files: int | None = None


class UsageSampler:
    """Measures one process and its children.

    Attributes:
        cpu_history: Percent of one core, oldest first.
    """

    def __init__(self) -> None:
        self.cpu_history: deque[float] = deque(maxlen=HISTORY)
        self._spent: tuple[float, float] | None = None
        self._each: tuple[float, dict[Identity, float | None]] = (0.0, {})
        self._sizes: deque[tuple[float, int]] = deque()

    def sample(self, head: ProcessInfo, children: Iterable[ProcessInfo], now: float) -> ProcessUsage | None:
        """Measure at *now* (monotonic seconds); None when the process has exited."""
        try:
            if not head.process.is_running():
                return None
            if head.process.status() == psutil.STATUS_ZOMBIE:
                return ProcessUsage(
                    zombie=True, exit_code=zombie_exit_code(head.process.pid) if head.own else None
                )
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            return ProcessUsage()
        family = [(known, one) for known in (head, *children) if (one := _measure(known)) is not None]
        alive = len(family) - 1
        processes = self._processes(family, now)
        if not family or family[0][0] is not head or family[0][1].rss is None:
            return ProcessUsage(children=max(0, alive), processes=processes)
        rss = sum(one.rss or 0 for _, one in family)
        self._remember(rss, now)
        return ProcessUsage(
            cpu_percent=self._percent(sum(one.with_ended for _, one in family), now),
            rss=rss,
            threads=sum(one.threads or 0 for _, one in family),
            files=None if family[0][1].files is None else sum(one.files or 0 for _, one in family),
            children=alive,
            processes=processes,
        )

    def _processes(
        self, family: list[tuple[ProcessInfo, _Measured]], now: float
    ) -> tuple[ServiceProcess, ...]:
        """The first processes of *family*, each with its depth and its own usage."""
        before, self._each = self._each, (now, {known.identity: one.spent for known, one in family})
        depths: dict[int, int] = {}
        found: list[ServiceProcess] = []
        for known, one in family[:PROCESSES_SHOWN]:
            spent = before[1].get(known.identity)
            share = None
            if one.spent is not None and spent is not None and now > before[0]:
                share = max(0.0, 100 * (one.spent - spent) / (now - before[0]))
            pid = known.process.pid
            depths[pid] = depths.get(known.parent, -1) + 1
            found.append(
                ServiceProcess(
                    pid=pid,
                    parent=known.parent,
                    depth=depths[pid],
                    created_at=int(known.created * 1000),
                    command=shown_command(known),
                    status=one.status,
                    cpu_percent=share,
                    rss_bytes=one.rss,
                    threads=one.threads,
                )
            )
        return tuple(found)

    def trend(self) -> float | None:
        """Growth of memory in bytes per minute, by least squares; None while there are too few samples."""
        if len(self._sizes) < _TREND_SAMPLES or self._sizes[-1][0] - self._sizes[0][0] < _TREND_LEAST:
            return None
        count = len(self._sizes)
        mean_at = sum(at for at, _ in self._sizes) / count
        mean = sum(size for _, size in self._sizes) / count
        spread = sum((at - mean_at) ** 2 for at, _ in self._sizes)
        return (
            60 * sum((at - mean_at) * (size - mean) for at, size in self._sizes) / spread if spread else None
        )

    def _percent(self, spent: float, now: float) -> float | None:
        before, self._spent = self._spent, (spent, now)
        if before is None or now <= before[1]:
            return None
        percent = max(0.0, 100 * (spent - before[0]) / (now - before[1]))
        self.cpu_history.append(percent)
        return percent

    def _remember(self, rss: int, now: float) -> None:
        self._sizes.append((now, rss))
        with suppress(IndexError):
            while now - self._sizes[0][0] > _TREND_SPAN:
                self._sizes.popleft()


def _measure(known: ProcessInfo) -> _Measured | None:
    """Measure one process; None where it has exited."""
    process = known.process
    try:
        with process.oneshot():
            status, times = str(process.status()), process.cpu_times()
            rss, threads = process.memory_info().rss, process.num_threads()
    except psutil.AccessDenied:
        return _Measured()
    except psutil.ZombieProcess:
        return _Measured(psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return None
    files = None
    with suppress(psutil.Error, OSError):
        files = process.num_fds()
    # The CPU time of an exited child is added to its parent: nothing is lost or counted twice.
    spent = times.user + times.system
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return _Measured(status, spent, spent + ended, rss, threads, files)


def shown_command(known: ProcessInfo) -> str | None:
    """Its command line, cut, printable and with secrets masked; cached."""
    if known.shown is None and known.command is not None:
        known.shown = safe_text(known.command, COMMAND)
    return known.shown
