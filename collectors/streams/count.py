"""Counts the lag of a group where the server does not report it; bounded in entries and bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.queries import LagOf
from agentdash.core.round_robin import OldestFirst
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.model import Group, Lag, LagGrade, Stream
from collectors.streams.pending import Name, next_id
from collectors.streams.read import Reads
from collectors.streams.replies.full import entry
from collectors.streams.replies.partial import read_stream

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_ON_DEMAND = 10_000
MOST_BYTES = 4 * 1024 * 1024
FIRST_STEP = 5
MOST_STEP = 500
GROUPS_A_POLL = 2
EVERY = 5.0
"""Minimum seconds between two counts of one group."""

VALID_FOR = 15.0
"""Seconds for which a count is an estimate after the group has advanced."""

NOT_EXACT = frozenset({LagGrade.UNKNOWN, LagGrade.ESTIMATED})
COUNTED = "counted entry by entry"


async def lag_of(client: Redis, query: LagOf, server_ms: int) -> Lag:
    """The lag of one group; counted, up to 10 000 entries, where the server does not report it.

    Raises:
        SourceError: when the stream or group is gone, or may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    reads = Reads(client)
    stream = await read_stream(reads, query.stream, server_ms)
    subject = f"group {as_text(query.group)} of {as_text(query.stream)}"
    if isinstance(stream, str):
        raise SourceError(f"{subject}: {stream}", "ask for read access")
    group = next((group for group in stream.groups if group.name == query.group), None) if stream else None
    if stream is None or group is None:
        raise SourceError(f"{subject}: the stream or group no longer exists", "go back and check")
    if group.lag.grade is LagGrade.EXACT:
        return group.lag
    counted = await count(reads, stream, group, MOST_ON_DEMAND)
    return group.lag if counted is None else counted


async def count(reads: Reads, stream: Stream, group: Group, most: int) -> Lag | None:
    """Count the entries after the group's position, up to the newest one when *stream* was read.

    Returns:
        Exact where all were counted, bounded (at least) where there are more than *most* or too many bytes;
        None where they cannot be read.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    start, found, size, step = next_id(group.last_delivered_id), 0, 0, FIRST_STEP
    while True:
        asked = min(step, most + 1 - found)
        (reply,) = await reads.ask(
            [("XRANGE", stream.name, start, stream.last_id or "+", "COUNT", asked)],
        )
        if isinstance(reply, NoPermissionError):
            raise SourceError("XRANGE is not allowed", "+xrange")
        if isinstance(reply, ResponseError) or not isinstance(reply, list):
            return None
        found += len(reply)
        if len(reply) < asked:
            return Lag(found, LagGrade.EXACT, COUNTED)
        size += _size(reply)
        if found > most or size >= MOST_BYTES:
            return Lag(found, LagGrade.BOUNDED, f"{COUNTED}, up to {found}")
        start = next_id(entry(reply[-1])[0])
        step = max(1, min(MOST_STEP, (MOST_BYTES - size) * found // max(1, size)))


def _size(reply: Sequence[object]) -> int:
    return sum(len(name) + len(value) for raw in reply for name, value in entry(raw)[1]) + 50 * len(reply)


@dataclass(frozen=True, slots=True)
class CountedLag:
    """A counted lag, when (seconds of a monotonic clock), and the state of stream and group then."""

    lag: Lag
    at: float
    delivered: str
    first: str | None
    last: str | None
    deleted: str | None
    length: int


class LagCounter:
    """Counts a few groups per poll, only up to the lag limit of the settings.

    Args:
        limit: ``streams.lag_limit``.

    Attributes:
        gap: Why it cannot count; None where it can.
    """

    def __init__(self, limit: int) -> None:
        self._most = max(1, min(limit, MOST_ON_DEMAND))
        self._counted: dict[Name, CountedLag] = {}
        self._order = OldestFirst[Name]()
        self._now = 0.0
        self.gap: str | None = None

    def restart(self) -> None:
        """The server may be another one."""
        self._counted.clear()
        self._order.clear()
        self.gap = None

    async def update(self, reads: Reads, streams: Sequence[Stream], now: float) -> set[bytes]:
        """Count the next few groups whose lag the server does not report.

        Args:
            reads: To send commands through.
            streams: As read.
            now: Seconds of a monotonic clock.

        Returns:
            The names of the streams whose groups were counted.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        self._now = now
        wanted = {
            (stream.name, group.name): (stream, group)
            for stream in streams
            if stream.error is None
            for group in stream.groups
            if group.lag.grade in NOT_EXACT
        }
        touched = {stream for stream, _ in self._counted}
        self._counted = {name: of for name, of in self._counted.items() if name in wanted}
        self._order.keep(wanted)
        if self.gap is not None:
            return touched
        due = [name for name, (stream, group) in wanted.items() if self._is_due(name, stream, group)]
        for name in self._order.pick(due, GROUPS_A_POLL):
            stream, group = wanted[name]
            try:
                lag = await count(reads, stream, group, self._most)
            except SourceError:
                self.gap = (
                    "XRANGE is not allowed (+xrange): a lag that the server does not report stays unknown"
                )
                break
            if lag is not None:
                self._counted[name] = _counted(lag, now, stream, group)
                touched.add(stream.name)
        return touched

    def apply(self, stream: Stream) -> Stream:
        """*stream* with the counted lags that are still valid."""
        counted = self._counted
        if not counted or not any((stream.name, group.name) in counted for group in stream.groups):
            return stream
        return replace(stream, groups=tuple(self._of(stream, group) for group in stream.groups))

    def _of(self, stream: Stream, group: Group) -> Group:
        counted = self._counted.get((stream.name, group.name))
        if counted is None or group.lag.grade not in NOT_EXACT:
            return group
        lag = lag_now(counted, stream, group, self._now)
        return group if lag is None else replace(group, lag=lag)

    def _is_due(self, name: Name, stream: Stream, group: Group) -> bool:
        """Whether it was never counted, or long enough ago and the count no longer holds."""
        before = self._counted.get(name)
        return before is None or (
            self._now - before.at >= EVERY and lag_now(before, stream, group, self._now) != before.lag
        )


def _counted(lag: Lag, now: float, stream: Stream, group: Group) -> CountedLag:
    return CountedLag(
        lag,
        now,
        group.last_delivered_id,
        stream.first_id,
        stream.last_id,
        stream.max_deleted_id,
        stream.length,
    )


def lag_now(counted: CountedLag, stream: Stream, group: Group, now: float) -> Lag | None:
    """The lag by a count that was made before; None where it is no longer valid.

    Unchanged while nothing has changed; *at least* while entries were only added; *about* for a while after
    entries were delivered or removed.
    """
    lag = counted.lag
    here = (group.last_delivered_id, stream.first_id, stream.max_deleted_id)
    if here == (counted.delivered, counted.first, counted.deleted) and stream.length >= counted.length:
        if (stream.last_id, stream.length) == (counted.last, counted.length):
            return lag
        return Lag(lag.value, LagGrade.BOUNDED, f"{lag.reason}; more has come in since")
    if now - counted.at > VALID_FOR:
        return None
    value = min(lag.value or 0, stream.length)
    return Lag(value, LagGrade.ESTIMATED, f"{lag.reason}, {now - counted.at:.0f} s ago")
