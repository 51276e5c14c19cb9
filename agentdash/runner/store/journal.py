"""Writes a run's events and record: in order, each event once, also across an outage of the store.

Every event gets its id here, not at the server, so that one sent again because a reply was lost is refused
there as a duplicate. While the server is unavailable events are buffered in bounded memory; those that do not
fit are counted and replaced by an ``events_dropped`` event.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError, ResponseError

from agentdash.core.clock import Clock
from agentdash.core.runs import event as ev
from agentdash.core.runs.model import RunKeys
from agentdash.core.runs.record import entry_key, to_fields
from agentdash.core.snapshot import SourceError
from agentdash.runner.output.secret_mask import SecretMask

if TYPE_CHECKING:
    from redis.asyncio import Redis

_BATCH = 200
_RETRY_S = 0.25
_FREE_TEXT = frozenset({"title", "command", "cwd", "reason", "completion.line", "error.message"})
"""Fields of the record with text of users and programs, in which secrets are masked."""


@dataclass(slots=True, eq=False)
class _Entry:
    id: tuple[int, int]
    fields: dict[bytes | str, bytes | str]
    size: int


class Journal:
    """The only writer of a run's ``events`` and ``meta``.

    Args:
        client: The server.
        keys: Names of the keys.
        run_id: The run.
        maxlen: Approximate number of events kept.
        clock: For the times of events.
        secrets: Masks events and the record.
        may_write: Called before each write: whether this worker still owns the run.
        recover: Called while the server is unavailable, to restart it where it is ours.
        limit: Events buffered at most; ``run_…`` and ``turn_…`` events are always accepted.
        limit_bytes: The same in bytes of payload.

    Attributes:
        error: The last failure, until a write succeeds.
        failing_since: When that began, monotonic seconds; None while writes succeed.
        dropped: Number of events that did not fit into the buffer.
    """

    def __init__(
        self,
        client: Redis,
        keys: RunKeys,
        run_id: str,
        *,
        maxlen: int,
        clock: Clock,
        secrets: SecretMask | None = None,
        may_write: Callable[[], bool] = lambda: True,
        recover: Callable[[], Awaitable[object]] | None = None,
        limit: int = 5000,
        limit_bytes: int = 8 * 1024 * 1024,
    ) -> None:
        self._client = client
        self._keys = keys
        self._run_id = run_id
        self._maxlen = maxlen
        self._clock = clock
        self._secrets = secrets or SecretMask()
        self._may_write = may_write
        self._recover = recover
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._last = (0, 0)
        self._waiting: deque[_Entry] = deque()
        self._waiting_bytes = 0
        self._gap = 0
        self._record: dict[str, str] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._written = asyncio.Event()
        self._fenced = False
        self.error: Exception | None = None
        self.failing_since: float | None = None
        self.dropped = 0

    async def open(self) -> None:
        """Read the last id of the stream, so that new ids follow it.

        Raises:
            RedisError: when the server is not available.
        """
        newest = await self._client.xrevrange(self._keys.events(self._run_id), count=1)
        if newest:
            self._last = max(self._last, entry_key(str(cast("bytes", newest[0][0]), "ascii", "replace")))

    def now(self) -> int:
        """The time of events, Unix ms."""
        return self._clock.now_ms()

    def event(self, name: str, data: Mapping[str, object] | None = None, *, turn: int | None = None) -> None:
        """Append an event. Never blocks."""
        if self._fenced:
            return
        payload = ev.dump_data(self._secrets.data(data or {}))
        full = len(self._waiting) >= self._limit or self._waiting_bytes + len(payload) > self._limit_bytes
        if full and not name.startswith(("run_", "turn_")):
            self._gap += 1
            self.dropped += 1
            return
        if self._gap:
            gap, self._gap = self._gap, 0
            self._append(ev.DROPPED, ev.dump_data({"count": gap}), turn)
        self._append(name, payload, turn)

    def set_fields(self, values: Mapping[str, object]) -> None:
        """Set fields of the record. Never blocks."""
        if self._fenced:
            return
        masked = self._secrets.data({name: value for name, value in values.items() if name in _FREE_TEXT})
        fields = to_fields({**values, **masked, "updatedAt": self.now()})
        self._record |= fields
        self._dirty |= fields.keys()
        self._wake.set()

    def adopt(self, fields: Mapping[str, str]) -> None:
        """Keep the fields of an existing record, to write them again should the server lose it."""
        self._record = {**fields, **self._record}

    def fence(self) -> None:
        """Another worker has the run: write nothing more, and discard what is buffered."""
        self._fenced = True
        self._waiting.clear()
        self._dirty.clear()
        self._gap = 0
        self._wake.set()
        self._written.set()

    async def write(self) -> None:
        """Write what is buffered, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending():
                if await self._try():
                    continue
                await asyncio.sleep(_RETRY_S)
            self._written.set()

    async def write_once(self) -> None:
        """Write what is buffered now.

        Raises:
            RedisError: when that fails.
        """
        while self._pending():
            await self._write_batch()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to write."""
        return not self._pending()

    async def drain(self) -> None:
        """Wait until nothing is left to write."""
        while self._pending():
            self._written.clear()
            await self._written.wait()

    def _pending(self) -> bool:
        return bool(self._waiting or self._dirty or self._gap) and not self._fenced

    def _append(self, name: str, payload: bytes, turn: int | None) -> None:
        now = self._clock.now_ms()
        ms, seq = self._last
        self._last = (now, 0) if now > ms else (ms, seq + 1)
        fields: dict[bytes | str, bytes | str] = {"type": name, "at": str(now), "data": payload}
        if turn is not None:
            fields["turn"] = str(turn)
        self._waiting.append(_Entry(self._last, fields, len(payload)))
        self._waiting_bytes += len(payload)
        self._wake.set()

    async def _try(self) -> bool:
        """Write one batch; whether that succeeded."""
        if not self._may_write():
            return False
        try:
            await self._write_batch()
        except (RedisError, OSError) as error:
            if self.error is None:
                self.failing_since = time.monotonic()
            self.error = error
            self._dirty |= self._record.keys()  # a restarted server may have lost it
            if not isinstance(error, ResponseError):
                await self._bring_back()
            return False
        self.error = self.failing_since = None
        return True

    async def _bring_back(self) -> None:
        if self._recover is None:
            return
        try:
            await self._recover()
        except SourceError as error:
            self.error = error

    async def _write_batch(self) -> None:
        if self._gap and len(self._waiting) < self._limit:
            gap, self._gap = self._gap, 0
            self._append(ev.DROPPED, ev.dump_data({"count": gap}), None)
        batch = list(self._waiting)[:_BATCH]
        dirty = {name: self._record[name] for name in self._dirty}
        self._dirty.clear()
        pipe = self._client.pipeline(transaction=False)
        if dirty:
            pipe.hset(self._keys.meta(self._run_id), mapping=dirty)  # type: ignore[arg-type]
        if "createdAt" in dirty:
            pipe.zadd(self._keys.index, {self._run_id: int(dirty["createdAt"] or 0)})
        ahead = len(pipe.command_stack)
        for entry in batch:
            pipe.xadd(
                self._keys.events(self._run_id),
                dict(entry.fields),  # type: ignore[arg-type]
                id=_text(entry.id),
                maxlen=self._maxlen,
                approximate=True,
            )
        try:
            replies = await pipe.execute(raise_on_error=False)
        except BaseException:
            self._dirty |= dirty.keys()
            raise
        failed = [reply for reply in replies[:ahead] if isinstance(reply, Exception)]
        if failed:
            self._dirty |= dirty.keys()
        await self._settle(batch, replies[ahead:])
        if failed:
            raise failed[0]

    async def _settle(self, batch: Sequence[_Entry], replies: Sequence[object]) -> None:
        """Remove written entries; those refused as old are either duplicates or get new ids."""
        refused: list[_Entry] = []
        other: Exception | None = None
        for entry, reply in zip(batch, replies, strict=True):
            if not isinstance(reply, Exception):
                self._forget(entry)
            elif _is_old(reply):
                refused.append(entry)
            else:
                other = other or reply
        key = self._keys.events(self._run_id)
        for entry in refused:
            name = _text(entry.id)
            if await self._client.xrange(key, name, name, count=1):
                self._forget(entry)
        if other is not None:
            raise other
        if any(entry in self._waiting for entry in refused):
            await self._renumber()

    async def _renumber(self) -> None:
        """Another client has written: give the buffered entries ids after that."""
        await self.open()
        for waiting in self._waiting:
            ms, seq = self._last
            self._last = (ms, seq + 1)
            waiting.id = self._last

    def _forget(self, entry: _Entry) -> None:
        if self._waiting and self._waiting[0] is entry:
            self._waiting.popleft()
            self._waiting_bytes -= entry.size
        elif entry in self._waiting:
            self._waiting.remove(entry)
            self._waiting_bytes -= entry.size


def _text(entry_id: tuple[int, int]) -> str:
    return f"{entry_id[0]}-{entry_id[1]}"


def _is_old(error: Exception) -> bool:
    return isinstance(error, ResponseError) and "equal or smaller" in str(error)
