"""Between the store and the screen: gathers what changed and passes it on, all of it in one go."""

from __future__ import annotations

import time
from collections.abc import Callable

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store

RATE = 0.1
"""Seconds between two looks at what changed: the longest that a change waits after a quiet time."""
HOLD = 0.25
"""Seconds between two passes where data comes all the time and somebody is at the keys."""
AGES = 1.0
"""Seconds after which everything is passed on, for the ages; at rest this is the only pace.

Each pass is a frame, which costs about the same whatever is in it.
"""
EAGER = frozenset({Topic.REPOS})
"""What changes seldom, and because of something that a person has just done: passed on at once."""


class Bridge:
    """Collects the subjects that changed, as far as it can be seen, until somebody takes them."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._passed_at = self._ages_at = -AGES
        self._dirty: set[Topic] = set(Topic)
        self._shown: dict[Topic, tuple[object, ...]] = {}
        self._stop: Callable[[], None] | None = store.listen(self._dirty.add)

    def collect(self, *, idle: bool = False) -> frozenset[Topic]:
        """What is to be shown anew now: nothing, what changed since the last call, or all.

        Args:
            idle: Whether nobody is at the keys, so that what comes all the time may wait for a second.
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
        """Whether only the count and the time of passes is different from what was shown."""
        shown, seen = self._shown.get(topic), self._seen(topic)
        return shown is not None and all(a is b or a == b for a, b in zip(shown, seen, strict=True))

    def _seen(self, topic: Topic) -> tuple[object, ...]:
        store, health = self._store, self._store.health.get(topic)
        data = store.logs.end if topic is Topic.LOGS else getattr(store, topic.value)
        more = (store.logs.skipped, store.log_sources) if topic is Topic.LOGS else ()
        return (data, *more, health and (health.state, health.error, health.cure, health.retry_at))

    def close(self) -> None:
        """Hear no more of the store."""
        if self._stop is not None:
            self._stop()
            self._stop = None
