"""Between the store and the screen: gathers what changed and passes it on, at most ten times a second."""

from __future__ import annotations

from collections.abc import Callable

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store

RATE = 0.1
"""Seconds between two passes at least."""


class Bridge:
    """Collects the subjects that changed until somebody takes them."""

    def __init__(self, store: Store) -> None:
        self._dirty: set[Topic] = set(Topic)
        self._stop: Callable[[], None] | None = store.listen(self._dirty.add)

    def take(self) -> frozenset[Topic]:
        """What changed since the last call."""
        taken = frozenset(self._dirty)
        self._dirty.clear()
        return taken

    def close(self) -> None:
        """Hear no more of the store."""
        if self._stop is not None:
            self._stop()
            self._stop = None
