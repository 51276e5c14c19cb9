"""Lines of several sources woven together by their time, with a look back of half a second."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from agentdash.core.logs.model import LogLine

LOOK_BACK_MS = 500
"""How long a line is held after its time, while other sources may still say something older."""
ALONE_MS = 10_000
"""A source that said nothing for so long is not waited for."""
MOST = 5000
"""Lines held at most; the oldest go on when there are more."""


class LogOrder:
    """Holds lines for a moment, so that they come in the order of their times across sources.

    Lines of one source never change places: each counts as no older than the one before it. A line without a
    time of its own stays with the one before it; a source of which no line has one goes by when it was read.
    A time ahead of the clock counts as the clock's. While one source speaks alone nothing is held.
    """

    def __init__(self) -> None:
        self._held: deque[tuple[int, LogLine]] = deque()
        self._latest: dict[str, int] = {}
        self._timed: set[str] = set()
        self._heard: dict[str, int] = {}
        self._now = 0

    def __len__(self) -> int:
        return len(self._held)

    def take(self, lines: Iterable[LogLine], now: int, *, all_of_them: bool = False) -> list[LogLine]:
        """Add *lines*, and take those whose place is settled, oldest first.

        Args:
            lines: In the order in which each source has them.
            now: Unix ms.
            all_of_them: Whether to hold nothing back.
        """
        set_back, self._now = now < self._now, now
        taken: list[LogLine] = []
        if set_back:  # else lines would be held until the clock is again where it was
            taken += (line for _, line in self._held)
            for known in (self._held, self._latest, self._heard):
                known.clear()
        new = list(lines)
        if new:
            self._timed |= {line.source for line in new if line.at is not None}
            self._heard |= {line.source: now for line in new}
            merged = sorted([*self._held, *map(self._keyed, new)], key=lambda pair: pair[0])
            self._held = deque(merged)
        free = all_of_them or set_back or self._is_alone(now)
        settled = math.inf if free else now - LOOK_BACK_MS
        while self._held and (self._held[0][0] <= settled or len(self._held) > MOST):
            taken.append(self._held.popleft()[1])
        return taken

    def _keyed(self, line: LogLine) -> tuple[int, LogLine]:
        own = line.at if line.source in self._timed else line.seen_at
        key = max(self._latest.get(line.source, 0), min(own or 0, line.seen_at))
        self._latest[line.source] = key
        return key, line

    def _is_alone(self, now: int) -> bool:
        self._heard = {source: at for source, at in self._heard.items() if 0 <= now - at < ALONE_MS}
        return len(self._heard) < 2
