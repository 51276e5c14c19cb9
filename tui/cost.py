"""What this program itself costs, measured while it runs: CPU, memory, how long keys and the loop wait."""

from __future__ import annotations

import os
import time
from collections import deque
from pathlib import Path

MEASURE_EVERY = 2.0
"""Seconds that a share of the CPU is taken over."""
KEPT = 600
"""Keys, and turns of the event loop, that percentiles are taken of."""
STATM = Path("/proc/self/statm")


class OwnCost:
    """The numbers, bounded. Times are milliseconds; None is not known (yet, or on this system)."""

    def __init__(self) -> None:
        self.cpu: float | None = None
        """Share of one core over the last seconds, 0 to 1 and above."""
        self.rss: int | None = None
        """Resident memory, bytes."""
        self.rss_first: int | None = None
        """The same when it was first measured."""
        self._from = self._begun = (time.perf_counter(), time.process_time())
        self._keys: deque[float] = deque(maxlen=KEPT)
        self._late: deque[float] = deque(maxlen=KEPT)
        self._due: float | None = None

    def measure(self) -> bool:
        """Take the CPU and the memory, every few seconds; whether that was now."""
        wall, used = time.perf_counter(), time.process_time()
        if wall - self._from[0] < MEASURE_EVERY:
            return False
        self.cpu = (used - self._from[1]) / (wall - self._from[0])
        self._from = (wall, used)
        try:
            self.rss = int(STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError):
            self.rss = None
        if self.rss_first is None:
            self.rss_first = self.rss
        return True

    @property
    def cpu_all(self) -> float:
        """Share of one core since the dashboard began."""
        wall, used = self._begun
        return (time.process_time() - used) / max(0.001, time.perf_counter() - wall)

    def tick(self, every: float) -> None:
        """A timer that is due each *every* seconds was called: what it is late, others waited too."""
        now = time.perf_counter()
        if self._due is not None:
            self._late.append(max(0.0, now - self._due) * 1000)
        self._due = now + every

    def key_shown(self, since: float) -> None:
        """The screen is up to date with a key that was read at *since* (`time.perf_counter`)."""
        self._keys.append((time.perf_counter() - since) * 1000)

    def keys(self) -> tuple[int, float | None, float | None]:
        """How many keys were measured; the median and the 99th percentile from key to screen."""
        return _spread(self._keys)

    def stalls(self) -> tuple[int, float | None, float | None]:
        """How many turns were measured; the median and the 99th percentile of how late they came."""
        return _spread(self._late)


def _spread(values: deque[float]) -> tuple[int, float | None, float | None]:
    if not values:
        return 0, None, None
    ordered = sorted(values)
    return len(ordered), ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
