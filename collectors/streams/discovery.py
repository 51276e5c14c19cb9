"""Finds streams in small steps, so that millions of other keys are never scanned at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.patterns import key_pattern
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.snapshot import SourceError
from collectors.streams.nodes import NodeDown
from collectors.streams.read import Reads

SLICE = 1000
SLICE_EVERY = 0.1
"""Seconds. One SCAN of `SLICE` keys at this rate uses under 1 % of the server (0.85 µs a key)."""

MAX_SLICES = 10


class Discovery:
    """The known streams, and the progress of the scan.

    Attributes:
        complete: Whether the key space was scanned in full once.
        gap: Why new streams cannot be found; None where they can.
    """

    def __init__(self, settings: StreamsSettings, run_keys: RunKeys) -> None:
        self._limit = settings.max_streams
        self._include = [key_pattern(text) for text in settings.include]
        self._exclude = [key_pattern(text) for text in settings.exclude]
        self._run_keys = run_keys
        self._names: dict[bytes, None] = {
            text.encode(): None for text in settings.include if not set(text) & set("*?[\\")
        }
        self._cursors: dict[str, int] = {}
        self._by_type = True
        self._over_limit_so_far: set[bytes] = set()
        self._over_limit = 0
        self.complete = False
        self.gap: str | None = None

    @property
    def names(self) -> list[bytes]:
        """The streams to read, sorted; at most as many as the settings allow."""
        return sorted(self._names)

    @property
    def known(self) -> int:
        """Number of streams found, including those over the limit."""
        return len(self._names) + max(self._over_limit, len(self._over_limit_so_far))

    def forget(self, name: bytes) -> None:
        """Remove *name*, which is no stream any more; a later round finds it again if it comes back."""
        self._names.pop(name, None)

    def restart(self) -> None:
        """Begin a new round; the server may be another one."""
        self._cursors = {}
        self.complete = False
        self._over_limit_so_far.clear()

    async def scan(self, reads: Reads, slices: int) -> None:
        """Scan at most *slices* slices, or to the end of the round.

        Raises:
            SourceError: when the server's ACL forbids SCAN and no stream is named in the settings.
            redis.exceptions.RedisError: when the connection fails.
        """
        for _ in range(max(1, min(slices, MAX_SLICES))):
            if not self._cursors:
                self._cursors = dict.fromkeys(await reads.nodes(), 0)
            try:
                found = await self._slices(reads)
            except NoPermissionError as problem:
                if self._names:
                    self.complete = True
                    self.gap = "SCAN is not allowed (+scan): only known streams are read"
                    return
                raise SourceError(
                    f"the ACL denies looking for streams: {problem}",
                    "allow +scan, or name the streams in streams.include",
                ) from problem
            self.gap = None
            self._take(found)
            if not self._cursors:
                self.complete = True
                self._over_limit = len(self._over_limit_so_far)
                self._over_limit_so_far.clear()
                return

    async def _slices(self, reads: Reads) -> list[bytes]:
        """The streams in the next slice of each node that is not at its end."""
        tail: tuple[str, ...] = ("TYPE", "stream") if self._by_type else ()
        replies = await reads.ask_nodes(
            {name: [("SCAN", cursor, "COUNT", SLICE, *tail)] for name, cursor in self._cursors.items()}
        )
        keys: list[bytes] = []
        following: dict[str, int] = {}
        for name, (reply,) in replies.items():
            if isinstance(reply, NodeDown):  # scanned in the next round
                continue
            if isinstance(reply, ResponseError):
                if self._by_type and "syntax" in str(reply).lower():
                    self._by_type = False  # before Redis 6.0
                    return await self._slices(reads)
                raise reply
            cursor, some = _scanned(reply)
            keys += some
            if cursor:
                following[name] = cursor
        self._cursors = following
        return keys if self._by_type else await self._streams_of(reads, keys)

    async def _streams_of(self, reads: Reads, keys: Sequence[bytes]) -> list[bytes]:
        """The new streams among *keys*."""
        new = [key for key in keys if key not in self._names]
        types = await reads.ask([("TYPE", key) for key in new])
        return [key for key, kind in zip(new, types, strict=True) if kind in {b"stream", "stream"}]

    def _take(self, found: Iterable[bytes]) -> None:
        for name in found:
            if name in self._names or not self._is_wanted(name):
                continue
            if len(self._names) < self._limit:
                self._names[name] = None
            elif len(self._over_limit_so_far) < 10 * self._limit:
                self._over_limit_so_far.add(name)

    def _is_wanted(self, name: bytes) -> bool:
        if self._run_keys.owns(name):
            return False
        text = name.decode("utf-8", "surrogateescape")
        if self._include and not any(pattern.fullmatch(text) for pattern in self._include):
            return False
        return not any(pattern.fullmatch(text) for pattern in self._exclude)


def _scanned(reply: Any) -> tuple[int, list[bytes]]:
    cursor, keys = reply
    return int(cursor), list(keys)
