"""Between the store and the screen: gathers what changed and passes it on, at most ten times a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store

RATE = 0.1
"""Seconds between two passes at least."""
LOG_RATE = 0.25
"""Seconds between two passes of log lines: nobody reads faster, and each moves a whole pane."""


class Bridge:
    """Collects the subjects that changed until somebody takes them."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logs_at = -LOG_RATE
        self._dirty: set[Topic] = set(Topic)
        self._stop: Callable[[], None] | None = store.listen(self._dirty.add)

    def take(self) -> frozenset[Topic]:
        """What changed since the last call; log lines wait for their turn."""
        taken = set(self._dirty)
        if Topic.LOGS in taken:
            now = self._clock()
            if now - self._logs_at < LOG_RATE:
                taken.discard(Topic.LOGS)
            else:
                self._logs_at = now
        self._dirty -= taken
        return frozenset(taken)

    def close(self) -> None:
        """Hear no more of the store."""
        if self._stop is not None:
            self._stop()
            self._stop = None
