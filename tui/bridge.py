"""Between the store and the screen: collects changed topics and limits the rate of updates."""

from __future__ import annotations

import time
from collections.abc import Callable

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store

RATE = 0.1
"""Seconds between two checks: the longest delay of a change after an idle time."""
HOLD = 0.25
"""Seconds between two updates while data arrives continuously and there is input."""
AGES = 1.0
"""Seconds after which everything is updated, for ages; the only rate while idle.

Each update is a frame, whose cost hardly depends on what has changed.
"""
EAGER = frozenset({Topic.REPOS})
"""Topics that change rarely, after an action of the person: updated at once."""


class Bridge:
    """Collects the topics whose shown data changed since the last update."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._passed_at = self._ages_at = -AGES
        self._dirty: set[Topic] = set(Topic)
        self._shown: dict[Topic, tuple[object, ...]] = {}
        self._stop: Callable[[], None] | None = store.listen(self._dirty.add)

    def collect(self, *, idle: bool = False) -> frozenset[Topic]:
        """The topics to update now: none, those that changed since the last call, or all.

        Args:
            idle: Whether there is no input: continuous changes may wait for a second.
        """
        if self._stop is None:
            return frozenset()
        now = self._clock()
        if now - self._ages_at >= AGES:
            self._ages_at = now
            return self._pass(frozenset(Topic), now)
        changed = frozenset(topic for topic in self._dirty if not self._same(topic))
        due = now - self._passed_at >= (AGES if idle else HOLD)
        if changed and (due or changed & EAGER or any(self._first(topic) for topic in changed)):
            return self._pass(changed, now)
        self._dirty.intersection_update(changed)
        return frozenset()

    def _pass(self, topics: frozenset[Topic], now: float) -> frozenset[Topic]:
        self._passed_at = now
        self._dirty -= topics
        self._shown.update((topic, self._seen(topic)) for topic in topics)
        return topics

    def _first(self, topic: Topic) -> bool:
        """Whether this is the first data of *topic*."""
        return self._shown[topic][0] is None and self._seen(topic)[0] is not None

    def _same(self, topic: Topic) -> bool:
        """Whether nothing but the number and the time of polls differs from what is shown."""
        shown, seen = self._shown.get(topic), self._seen(topic)
        return shown is not None and all(a is b or a == b for a, b in zip(shown, seen, strict=True))

    def _seen(self, topic: Topic) -> tuple[object, ...]:
        store, health = self._store, self._store.health.get(topic)
        data = store.logs.end if topic is Topic.LOGS else getattr(store, topic.value)
        more = (store.logs.skipped, store.log_sources) if topic is Topic.LOGS else ()
        return (data, *more, health and (health.state, health.error, health.cure, health.retry_at))

    def close(self) -> None:
        """Stop listening to the store."""
        if self._stop is not None:
            self._stop()
            self._stop = None
