"""Lines of several sources merged by time, with a delay of half a second."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from agentdash.core.logs.model import LogLine

DELAY_MS = 500
"""How long a line is delayed after its time, while other sources may still have older ones."""
ALONE_MS = 10_000
"""A source without a line for so long is not waited for."""
MAX_DELAYED = 5000
"""Lines delayed at most; the oldest of more are returned."""


class LogOrder:
    """Delays lines for a moment, so that they come in the order of their times across sources.

    Lines of one source keep their order: each counts as no older than the one before it. A line without a
    time stays with the one before it; a source without any times goes by when its lines were read. A time
    ahead of the clock counts as now. While only one source has lines nothing is delayed.
    """

    def __init__(self) -> None:
        self._delayed: deque[tuple[int, LogLine]] = deque()
        self._latest: dict[str, int] = {}
        self._timed: set[str] = set()
        self._last_line: dict[str, int] = {}
        self._now = 0

    def __len__(self) -> int:
        return len(self._delayed)

    def pop_settled(self, lines: Iterable[LogLine], now: int, *, everything: bool = False) -> list[LogLine]:
        """Add *lines*, and return those whose place is settled, oldest first.

        Args:
            lines: In the order in which each source has them.
            now: Unix ms.
            everything: Whether to delay nothing.
        """
        set_back, self._now = now < self._now, now
        taken: list[LogLine] = []
        if set_back:  # else lines would be delayed until the clock reaches its old time
            taken += (line for _, line in self._delayed)
            for known in (self._delayed, self._latest, self._last_line):
                known.clear()
        new = list(lines)
        if new:
            self._timed |= {line.source for line in new if line.at is not None}
            self._last_line |= {line.source: now for line in new}
            merged = sorted([*self._delayed, *map(self._keyed, new)], key=lambda pair: pair[0])
            self._delayed = deque(merged)
        free = everything or set_back or self._is_alone(now)
        settled = math.inf if free else now - DELAY_MS
        while self._delayed and (self._delayed[0][0] <= settled or len(self._delayed) > MAX_DELAYED):
            taken.append(self._delayed.popleft()[1])
        return taken

    def _keyed(self, line: LogLine) -> tuple[int, LogLine]:
        own = line.at if line.source in self._timed else line.seen_at
        key = max(self._latest.get(line.source, 0), min(own or 0, line.seen_at))
        self._latest[line.source] = key
        return key, line

    def _is_alone(self, now: int) -> bool:
        self._last_line = {source: at for source, at in self._last_line.items() if 0 <= now - at < ALONE_MS}
        return len(self._last_line) < 2
