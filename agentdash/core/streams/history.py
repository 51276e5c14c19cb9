"""The last ten minutes of every stream and group, in buckets: length, rates, lag, pending.

A bucket is ten seconds long. With many streams the buckets are longer and fewer, so that memory stays
bounded, and only the first sample of each bucket counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdash.core.time_buckets import TimeBuckets, Values

if TYPE_CHECKING:
    from agentdash.core.streams.model import Group, GroupJudgement, Stream, StreamJudgement, StreamsSnapshot

SPAN_MS = 600_000
SPACINGS = (10_000, 20_000, 30_000, 60_000, 120_000)
BUDGET = 600_000
"""Numbers kept for all streams and groups together: four bytes each."""
FINE = 600
"""Up to this many streams and groups every sample counts."""

LENGTH, RATE_IN = range(2)
LAG, PENDING, RATE_OUT = range(3)


@dataclass(frozen=True, slots=True)
class StreamSeries:
    """A stream over time: length, and entries added per minute; a value every `spacing_ms`."""

    lengths: Values
    rates_in: Values
    spacing_ms: int


@dataclass(frozen=True, slots=True)
class GroupSeries:
    """A group over time: lag, pending entries, and entries delivered per minute."""

    lag: Values
    pending: Values
    rates_out: Values
    spacing_ms: int


class _Metrics(TimeBuckets):
    """The buckets of one stream or group, and its counter at the beginning of the newest one."""

    __slots__ = ("_counted_at", "_counter")

    def __init__(self, metrics: int, count: int) -> None:
        super().__init__(metrics, count)
        self._counter: int | None = None
        self._counted_at = 0

    def put_rate(self, metric: int, counter: int | None, now: int, otherwise: float | None) -> None:
        """Put the rate of *counter* per minute; *otherwise* where there is no counter."""
        span = now - self._counted_at
        if counter is None or self._counter is None:
            self.put(metric, otherwise)
        elif counter >= self._counter and span > 0:
            self.put(metric, (counter - self._counter) * 60_000 / span)

    def restart_counter(self, counter: int | None, now: int) -> None:
        """A new bucket begins at *now*."""
        self._counter, self._counted_at = counter, now


class StreamHistory:
    """The history of all streams and groups. One writer: `record` with each judged snapshot."""

    def __init__(self) -> None:
        self._streams: dict[bytes, _Metrics] = {}
        self._groups: dict[tuple[bytes, bytes], _Metrics] = {}
        self._spacing = SPACINGS[0]
        self._bucket: int | None = None

    def record(self, snapshot: StreamsSnapshot) -> None:
        """Add *snapshot*; streams and groups that are no longer in it are dropped."""
        now = snapshot.taken_at
        items = sum(1 + len(stream.groups) for stream in snapshot.streams)
        self._set_spacing(items)
        bucket = now // self._spacing
        turns = 1 if self._bucket is None else bucket - self._bucket
        if turns < 0:
            self._streams, self._groups, turns = {}, {}, 1
        self._bucket = bucket
        if not turns and items > FINE:
            return
        streams, groups = self._streams, self._groups
        self._streams, self._groups = {}, {}
        judgements: Sequence[StreamJudgement | None] = snapshot.judgements or [None] * len(snapshot.streams)
        for stream, judgement in zip(snapshot.streams, judgements, strict=False):
            self._record_stream(stream, judgement, streams, groups, turns, now)

    def stream(self, name: bytes) -> StreamSeries | None:
        """The history of a stream; None where there is none."""
        track = self._streams.get(name)
        return None if track is None else StreamSeries(track.read(LENGTH), track.read(RATE_IN), self._spacing)

    def group(self, stream: bytes, group: bytes) -> GroupSeries | None:
        """The history of a group; None where there is none."""
        track = self._groups.get((stream, group))
        if track is None:
            return None
        return GroupSeries(track.read(LAG), track.read(PENDING), track.read(RATE_OUT), self._spacing)

    def _set_spacing(self, items: int) -> None:
        """Choose longer buckets for more items; what was kept in others is dropped."""
        fits = (s for s in SPACINGS if items * 3 * (SPAN_MS // s) <= BUDGET)
        spacing = next(fits, SPACINGS[-1])
        if spacing > self._spacing or (
            spacing < self._spacing and items * 6 * (SPAN_MS // spacing) <= BUDGET
        ):
            self._spacing, self._bucket = spacing, None
            self._streams, self._groups = {}, {}

    def _record_stream(
        self,
        stream: Stream,
        judgement: StreamJudgement | None,
        streams: dict[bytes, _Metrics],
        groups: dict[tuple[bytes, bytes], _Metrics],
        turns: int,
        now: int,
    ) -> None:
        track = self._streams[stream.name] = _advanced(streams.get(stream.name), 2, turns, self._spacing)
        if stream.error is None:
            track.put_peak(LENGTH, stream.length)
            rate = judgement.rate_in if judgement else None
            track.put_rate(RATE_IN, stream.entries_added, now, rate)
            if turns:
                track.restart_counter(stream.entries_added, now)
        for group in stream.groups:
            key = (stream.name, group.name)
            of = self._groups[key] = _advanced(groups.get(key), 3, turns, self._spacing)
            if stream.error is None:
                _record_group(of, group, judgement.group(group.name) if judgement else None, turns, now)


def _record_group(track: _Metrics, group: Group, judged: GroupJudgement | None, turns: int, now: int) -> None:
    track.put_peak(LAG, group.lag.value)
    track.put_peak(PENDING, group.pending)
    track.put_rate(RATE_OUT, group.entries_read, now, judged.rate_out if judged else None)
    if turns:
        track.restart_counter(group.entries_read, now)


def _advanced(track: _Metrics | None, metrics: int, turns: int, spacing: int) -> _Metrics:
    if track is None:
        track = _Metrics(metrics, SPAN_MS // spacing)
        turns = max(turns, 1)
    track.advance(turns)
    return track
