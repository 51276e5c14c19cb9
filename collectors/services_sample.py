"""What a process and its children use, measured from pass to pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from collectors.services_processes import Known

HISTORY = 60
"""CPU samples kept, for a sparkline."""

_TREND_SPAN = 300.0
_TREND_LEAST = 20.0
_TREND_SAMPLES = 8


@dataclass(frozen=True, slots=True)
class Usage:
    """What the family uses; None is *may not be read*."""

    zombie: bool = False
    cpu_percent: float | None = None
    rss: int | None = None
    threads: int | None = None
    files: int | None = None
    children: int = 0


class Sampler:
    """Measures one process and its children, for as long as that process lives.

    Attributes:
        cpu_history: Percent of one core, oldest first.
    """

    def __init__(self) -> None:
        self.cpu_history: deque[float] = deque(maxlen=HISTORY)
        self._spent: tuple[float, float] | None = None
        self._sizes: deque[tuple[float, int]] = deque()

    def sample(self, head: Known, children: Iterable[Known], now: float) -> Usage | None:
        """Measure at *now* (seconds that never go back); None when the process is gone."""
        try:
            if not head.process.is_running():
                return None
            if head.process.status() == psutil.STATUS_ZOMBIE:
                return Usage(zombie=True)
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            return Usage()
        spent, rss, threads, files = 0.0, 0, 0, 0
        readable = counted = True
        alive = 0
        for place, known in enumerate((head, *children)):
            try:
                with known.process.oneshot():
                    times = known.process.cpu_times()
                    size, own_threads = known.process.memory_info().rss, known.process.num_threads()
            except psutil.AccessDenied:
                readable = readable and place > 0
                continue
            except psutil.NoSuchProcess:
                continue
            # A child that ended leaves its time with its parent: nothing is lost, and nothing counted twice.
            spent += times.user + times.system + getattr(times, "children_user", 0.0)
            spent += getattr(times, "children_system", 0.0)
            rss += size
            threads += own_threads
            alive += place > 0
            try:
                files += known.process.num_fds()
            except (psutil.Error, OSError):
                counted = counted and place > 0
        if not readable:
            return Usage(children=alive)
        self._remember(rss, now)
        return Usage(False, self._percent(spent, now), rss, threads, files if counted else None, alive)

    def trend(self) -> float | None:
        """Bytes a minute that the memory grows, by least squares; None until there is enough to say."""
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
