"""Keys that come while a screen is still being opened wait for it, in the order in which they were typed."""

from __future__ import annotations

from collections import deque

from textual.events import Key, Paste

MOST = 256
"""Keys that wait; more than that are dropped, and counted."""
AT_ONCE = {"ctrl+c", "ctrl+q"}
"""Keys that never wait."""


class KeysAhead:
    """The keys that wait.

    Attributes:
        dropped: How many were too many.
    """

    def __init__(self) -> None:
        self._returned: deque[Key] = deque()
        self._fresh: deque[Key | Paste] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._returned) + len(self._fresh)

    def add(self, event: Key | Paste) -> None:
        """Keep what comes from the terminal."""
        if self._has_room():
            self._fresh.append(event)

    def put_back(self, key: Key) -> None:
        """Keep a key that a screen has not used: typed before all that come from the terminal now."""
        if self._has_room():
            self._returned.append(Key(key.key, key.character))

    def _has_room(self) -> bool:
        room = len(self) < MOST
        self.dropped += not room
        return room

    def take(self) -> Key | Paste:
        """The one that was typed first.

        Raises:
            IndexError: where none waits.
        """
        return self._returned.popleft() if self._returned else self._fresh.popleft()
