"""A window on the entries of a stream of any size, without gaps; bounded in entries and bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from agentdash.core.streams.ids import after, before
from agentdash.core.streams.model import Message, id_parts
from agentdash.core.streams.queries import EntriesFrom, EntryPage

MOST_ENTRIES = 2000
MOST_BYTES = 16 * 1024 * 1024


class EntryWindow:
    """Entries, newest first. Adding at one end drops the excess at the other.

    Args:
        stream: The key.
        entries: Entries kept at most.
        most_bytes: Bytes kept at most.

    Attributes:
        at_newest: Whether there was nothing newer at the last read.
        at_oldest: Likewise at the other end.
    """

    def __init__(self, stream: bytes, entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self.at_newest = False
        self.at_oldest = False
        self._stream = stream
        self._most = entries
        self._most_bytes = most_bytes
        self._entries: deque[Message] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._entries)

    @property
    def newest(self) -> str | None:
        """Id of the newest entry in the window."""
        return self._entries[0].id if self._entries else None

    @property
    def oldest(self) -> str | None:
        """Id of the oldest entry in the window."""
        return self._entries[-1].id if self._entries else None

    def clear(self) -> None:
        """Drop all entries."""
        self._entries.clear()
        self._bytes = 0
        self.at_newest = self.at_oldest = False

    def older_query(self, count: int) -> EntriesFrom | None:
        """The query for the next older entries; None where there are none."""
        if self.at_oldest:
            return None
        start = before(self.oldest) if self.oldest else None
        return None if self.oldest and start is None else EntriesFrom(self._stream, start, True, count)

    def newer_query(self, count: int) -> EntriesFrom | None:
        """The query for the next newer entries, which may be new since the last read."""
        start = after(self.newest) if self.newest else None
        return None if self.newest and start is None else EntriesFrom(self._stream, start, False, count)

    def add_older(self, page: EntryPage) -> None:
        """Add the answer to `older_query`."""
        self._extend(page.entries, older=True)
        self.at_oldest = not page.more
        while self._is_full() and len(self._entries) > len(page.entries):
            self._drop(self._entries.popleft())
            self.at_newest = False

    def add_newer(self, page: EntryPage) -> None:
        """Add the answer to `newer_query`."""
        self._extend(page.entries, older=False)
        self.at_newest = not page.more
        while self._is_full() and len(self._entries) > len(page.entries):
            self._drop(self._entries.pop())
            self.at_oldest = False

    def _extend(self, entries: Iterable[Message], *, older: bool) -> None:
        for entry in entries:
            edge = self.oldest if older else self.newest
            if edge is not None and (id_parts(entry.id) < id_parts(edge)) is not older:
                continue  # read twice
            (self._entries.append if older else self._entries.appendleft)(entry)
            self._bytes += size(entry)

    def _drop(self, entry: Message) -> None:
        self._bytes -= size(entry)

    def _is_full(self) -> bool:
        return len(self._entries) > self._most or self._bytes > self._most_bytes


def size(entry: Message) -> int:
    """Approximate bytes of its fields."""
    return 64 + sum(len(name) + len(value) for name, value in entry.fields)
