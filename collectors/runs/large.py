"""Reads runs with large records or events in small parts.

The size of each field of a record is read first (HSTRLEN). For entries of a stream there is no such command:
their reply is aborted where it becomes too large, and they are read again later, with increasing delay.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from agentdash.core.runs.model import RunKeys
from agentdash.core.runs.record import FIELDS
from agentdash.server.cluster import ClusterClient
from agentdash.server.reply_guard import ReplyBudget, ReplyTooLarge, at_most
from collectors.runs.reply import (
    EVENTS_MOST,
    LOCK_MOST,
    NEWEST,
    NOT_READ,
    RECORD_MOST,
    RunReply,
    TooLargeError,
    run_keys,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

IN_ONE_PASS = 25
"""Large runs per pass; the others follow in the next passes."""
PASS_MOST = 2 * 1024 * 1024
"""Bytes of replies in one pass, for records and for events each."""
_BATCH = 5
_MEASURE_EVERY_S = 30.0
_DELAY_S, _DELAY_MOST_S = 2.0, 300.0
"""Seconds until entries that were too large are read again: at first, and at most."""
_SLACK = 16 * 1024
"""Bytes of a reply beside its texts."""


@dataclass(slots=True)
class _Entries:
    """The newest entries of one stream.

    Attributes:
        count: COUNT of XREVRANGE.
        refused: How many times in a row they were too large.
        due: When they are read again, monotonic seconds.
    """

    count: int
    refused: int = 0
    due: float = 0.0

    def too_large(self, now: float) -> None:
        self.count = 1
        self.refused += 1
        self.due = now + min(_DELAY_MOST_S, _DELAY_S ** min(self.refused, 16))


@dataclass(slots=True)
class _LargeRun:
    """One run.

    Attributes:
        unread: Fields that are too large, with their bytes; None while unknown.
        denied: Whether the server denies this user HSTRLEN.
        measured: When the sizes were read, and `read`: when the run was; monotonic seconds.
    """

    unread: dict[str, int] | None = None
    denied: bool = False
    measured: float = 0.0
    read: float = 0.0
    events: _Entries = field(default_factory=lambda: _Entries(NEWEST))
    control: _Entries = field(default_factory=lambda: _Entries(1))


class LargeRuns:
    """The large runs; also those that were read together with one, until they were read separately."""

    def __init__(self, client: Redis, keys: RunKeys) -> None:
        self._client = client
        self._keys = keys
        self._known: dict[bytes, _LargeRun] = {}

    def __contains__(self, run_id: bytes) -> bool:
        return run_id in self._known

    def add(self, run_id: bytes) -> None:
        """Add a run that was too large, or was read together with one."""
        self._known.setdefault(run_id, _LargeRun())

    def forget(self, run_id: bytes) -> None:
        """Remove a run that was deleted, or is no longer large."""
        self._known.pop(run_id, None)

    async def read(self, run_ids: Sequence[bytes]) -> dict[bytes, RunReply]:
        """The replies for those of *run_ids* that are read in this pass, the ones read longest ago.

        Raises:
            redis.exceptions.RedisError: when the server cannot be read.
        """
        turn = sorted(run_ids, key=lambda run_id: self._known[run_id].read)[:IN_ONE_PASS]
        replies: dict[bytes, RunReply] = {}
        with at_most(2 * PASS_MOST) as budget:
            for start in range(0, len(turn), _BATCH):
                if budget.left < PASS_MOST:
                    break
                replies |= await self._records(turn[start : start + _BATCH])
        with at_most(PASS_MOST) as budget:
            for run_id, reply in replies.items():
                replies[run_id] = await self._with_entries(run_id, reply, budget)
        return replies

    async def _records(self, run_ids: Sequence[bytes]) -> dict[bytes, RunReply]:
        now = time.monotonic()
        await self._measure([one for one in run_ids if self._known[one].measured + _MEASURE_EVERY_S <= now])
        pipe = self._client.pipeline(transaction=False)
        for run_id in run_ids:
            self._ask(pipe, run_id)
        try:
            with at_most(PASS_MOST):
                answers = await answers_of(self._client, pipe, 4 * len(run_ids))
        except ReplyTooLarge:  # grown since they were measured
            for run_id in run_ids:
                self._known[run_id].measured = 0.0
            return {}
        found = {}
        for place, run_id in enumerate(run_ids):
            self._known[run_id].read = now
            found[run_id] = self._reply(run_id, *answers[place * 4 : place * 4 + 4])
        return found

    async def _measure(self, run_ids: Sequence[bytes]) -> None:
        """Read the sizes of fields, and choose those to be read, the smallest first."""
        pipe = self._client.pipeline(transaction=False)
        for run_id in run_ids:
            for name in FIELDS:
                pipe.hstrlen(run_keys(self._keys, run_id).meta, name)
        answers = await answers_of(self._client, pipe, len(FIELDS) * len(run_ids)) if run_ids else []
        for place, run_id in enumerate(run_ids):
            sizes = answers[place * len(FIELDS) : (place + 1) * len(FIELDS)]
            known = self._known[run_id]
            known.measured = time.monotonic()
            known.denied = any(
                isinstance(size, ResponseError) and "WRONGTYPE" not in str(size) for size in sizes
            )
            known.unread = _too_large(
                {name: size for name, size in zip(FIELDS, sizes, strict=True) if isinstance(size, int)}
            )

    def _ask(self, pipe: Pipeline, run_id: bytes) -> None:
        keys, names = run_keys(self._keys, run_id), self._fields(run_id)
        pipe.pttl(keys.lock)
        if names:
            pipe.hmget(keys.meta, names)
        else:
            pipe.exists(keys.meta)
        pipe.xlen(keys.events)
        pipe.getrange(keys.lock, 0, LOCK_MOST)

    def _fields(self, run_id: bytes) -> list[str]:
        known = self._known[run_id]
        return [] if known.denied else [name for name in FIELDS if name not in (known.unread or {})]

    def _reply(self, run_id: bytes, ttl: Any, some: Any, count: Any, owner: Any) -> RunReply:
        """The replies as of `ask`, with fields that were not read as missing."""
        known, meta = self._known[run_id], some
        if known.denied and some:
            meta = TooLargeError("size unknown: no permission for HSTRLEN")
        elif isinstance(some, list):
            read = dict(zip(self._fields(run_id), some, strict=True))
            meta = [read.get(name) for name in FIELDS]
        elif isinstance(some, int):
            meta = [None] * len(FIELDS)
        if isinstance(owner, ResponseError) and "WRONGTYPE" not in str(owner):
            owner = TooLargeError("size unknown: no permission for GETRANGE")
        unread = (known.unread or {}) if some else {}
        return RunReply(ttl, meta, NOT_READ, count, NOT_READ, owner or None, unread)

    async def _with_entries(self, run_id: bytes, reply: RunReply, budget: ReplyBudget) -> RunReply:
        """The reply with the newest entries, where they are due."""
        known, keys = self._known[run_id], run_keys(self._keys, run_id)
        if budget.left < 2 * (EVENTS_MOST + _SLACK):
            return reply
        events = await self._newest(keys.events, known.events)
        control = await self._newest(keys.control, known.control)
        answered = RunReply(reply.ttl, reply.meta, events, reply.count, control, reply.owner, reply.unread)
        small = not (reply.unread or known.denied or answered.is_large)
        if small and not (known.events.refused or known.control.refused):
            self.forget(run_id)
        return answered

    async def _newest(self, key: bytes, known: _Entries) -> Any:
        if time.monotonic() < known.due:
            return NOT_READ
        try:
            with at_most(EVENTS_MOST + _SLACK):
                answer = await self._client.xrevrange(key, count=known.count)
        except ReplyTooLarge:
            known.too_large(time.monotonic())
            return TooLargeError("newest entry too large")
        except ResponseError as problem:
            return problem
        except (RedisError, OSError) as problem:
            if not isinstance(self._client, ClusterClient):
                raise
            return problem
        known.refused = 0
        return answer


def _too_large(sizes: dict[str, int]) -> dict[str, int]:
    """The fields that do not fit into `RECORD_MOST` bytes, the smallest fitting first."""
    left, unread = RECORD_MOST, {}
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        left -= size
        if left < 0:
            unread[name] = size
    return unread


async def answers_of(client: Redis, pipe: Pipeline, wanted: int) -> list[Any]:
    """The replies to *pipe*; in a cluster (whose index was just read) errors in place of missing ones.

    Raises:
        ReplyTooLarge: when the replies have more bytes than `at_most` allows.
        redis.exceptions.RedisError: when the server cannot be read.
    """
    try:
        answers: list[Any] = await pipe.execute(raise_on_error=False)
    except ReplyTooLarge:
        raise
    except (RedisError, OSError) as problem:
        if not isinstance(client, ClusterClient):
            raise
        return [problem] * wanted
    for answer in answers:
        if isinstance(answer, ReplyTooLarge):
            raise answer
    return answers
