"""Round robin among many keys, a few per pass: what is too expensive to do for all of them each time."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from itertools import chain, islice
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class OldestFirst(Generic[Key]):
    """Chooses a few of many keys per pass: new ones first, then those marked longest ago.

    Iterating yields the marked keys, the one marked longest ago first.
    """

    __slots__ = ("_marked",)

    def __init__(self) -> None:
        self._marked: dict[Key, None] = {}  # in the order in which they were marked

    def __contains__(self, key: Key) -> bool:
        return key in self._marked

    def __iter__(self) -> Iterator[Key]:
        return iter(self._marked)

    def pick(self, candidates: Collection[Key], limit: int) -> list[Key]:
        """Mark at most *limit* of *candidates* and return them."""
        allowed = candidates if isinstance(candidates, (dict, set, frozenset)) else set(candidates)
        new = (key for key in candidates if key not in self._marked)
        old = (key for key in self._marked if key in allowed)
        chosen = list(islice(chain(new, old), limit))
        for key in chosen:
            self.mark(key)
        return chosen

    def mark(self, key: Key) -> None:
        """Move *key* to the end of the line."""
        self._marked.pop(key, None)
        self._marked[key] = None

    def keep(self, keys: Collection[Key]) -> None:
        """Forget all but *keys*; O(number of marked keys)."""
        if len(self._marked) > 0:
            allowed = keys if isinstance(keys, (dict, set, frozenset)) else set(keys)
            self._marked = {key: None for key in self._marked if key in allowed}

    def discard(self, key: Key) -> None:
        """Forget *key*, so that it is new the next time."""
        self._marked.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._marked.clear()
