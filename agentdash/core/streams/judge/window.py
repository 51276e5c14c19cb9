"""The samples of one stream and its groups over a window of time, bounded in number.

A window is a duration, not a number of polls: polling faster does not change a judgement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agentdash.core.streams.judge.trend import Rise
from agentdash.core.streams.lag import Position


@dataclass(frozen=True, slots=True)
class GroupSample:
    """One group at one moment.

    Attributes:
        at: Unix ms.
        position: Its last delivered id, as two numbers.
        lag: Entries; None when unknown.
        least_lag: The least lag since the sample before; equal to `lag` unless samples were merged.
        entries_read: The server's counter; None when unknown.
        pending: Entries.
        exact: Whether the lag is known to be that and no other.
    """

    at: int
    position: Position
    lag: int | None
    least_lag: int | None
    entries_read: int | None
    pending: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class StreamSample:
    """One stream at one moment: its last generated id, its greatest deleted id, that of its first entry."""

    at: int
    length: int
    added: int | None
    last: str | None
    deleted: str | None
    first: str | None = None


@dataclass(slots=True)
class GroupWindow:
    """The samples of one group, and what was learned from them.

    Attributes:
        samples: Oldest first; the oldest is at most one spacing older than the window.
        position_since: Since when the position is unchanged, as far as sampled, Unix ms.
        zero_at: When the lag was last 0, Unix ms; None for never.
        peak: The position from which it went back; None where it did not, or has passed it again.
        back_at: When it went back, Unix ms.
        pending_id: Its lowest pending id.
        pending_since: Since when that one has been pending, Unix ms.
        usual_pause_ms: The longest pause after which a consumer resumed while work waited.
        idle: Least idle time of all consumers at the sample before, ms.
        had_work: Whether work waited at the sample before.
        waiting_since: Since when work has been waiting without interruption, Unix ms.
        unacknowledged: The rise of its number of pending entries.
        lost_at: When unread entries were last removed, Unix ms.
        lost: How many, in all; None where the server does not count.
        delivered: The entry delivered most often: (id, deliveries then, Unix ms then, deliveries now, now).
    """

    samples: deque[GroupSample] = field(default_factory=deque)
    position_since: int = 0
    pending_id: str | None = None
    pending_since: int | None = None
    usual_pause_ms: int = 0
    idle: int | None = None
    had_work: bool = False
    waiting_since: int | None = None
    zero_at: int | None = None
    peak: Position | None = None
    back_at: int = 0
    unacknowledged: Rise = field(default_factory=Rise)
    lost_at: int | None = None
    lost: int | None = None
    delivered: tuple[str, int, int, int, int] | None = None

    def add(self, sample: GroupSample, window_ms: int, spacing_ms: int) -> None:
        """Add *sample*; samples closer than *spacing_ms* are merged into one."""
        self._record_position(sample)
        if len(self.samples) >= 2 and sample.at - self.samples[-2].at < spacing_ms:
            merged = least((self.samples[-1].least_lag, sample.least_lag))
            self.samples[-1] = replace(sample, least_lag=merged)
        else:
            self.samples.append(sample)
        while len(self.samples) > 2 and self.samples[1].at <= sample.at - window_ms:
            self.samples.popleft()

    def _record_position(self, sample: GroupSample) -> None:
        """Record the position, so that it need not be searched in all samples each time."""
        before = self.samples[-1].position if self.samples else None
        if before != sample.position:
            self.position_since = sample.at
        if sample.lag == 0:
            self.zero_at = sample.at
        if before is not None and sample.position < before:
            self.peak = max(before, self.peak or before)
            self.back_at = sample.at
        elif before is None or (self.peak is not None and sample.position >= self.peak):
            self.peak = None

    @property
    def is_unmoved(self) -> bool:
        """Whether the position is the same in all samples."""
        return self.position_since <= self.samples[0].at

    @property
    def was_zero(self) -> bool:
        """Whether the lag was 0 at any time of the window."""
        return self.zero_at is not None and self.zero_at >= self.samples[0].at

    @property
    def span_ms(self) -> int:
        """Time from the oldest sample to the newest."""
        return self.samples[-1].at - self.samples[0].at if self.samples else 0


@dataclass(slots=True)
class StreamWindow:
    """The samples of one stream, and what was learned from them.

    Attributes:
        samples: Oldest first.
        trimmed: Whether it was trimmed.
        growth: The rise of its length.
        groups: By name.
        rates: Recent rates in entries per minute, oldest first, for a sparkline.
        lengths: Recent lengths, oldest first.
    """

    samples: deque[StreamSample] = field(default_factory=deque)
    trimmed: bool = False
    growth: Rise = field(default_factory=Rise)
    groups: dict[bytes, GroupWindow] = field(default_factory=dict)
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    lengths: deque[int] = field(default_factory=lambda: deque(maxlen=60))

    @property
    def span_ms(self) -> int:
        """Time from the oldest sample to the newest."""
        return self.samples[-1].at - self.samples[0].at if self.samples else 0

    def clear_samples(self) -> None:
        """Drop the samples; keep usual pauses, trims, and since when entries are pending."""
        self.samples.clear()
        self.growth = Rise()
        for group in self.groups.values():
            group.samples.clear()
            group.unacknowledged = Rise()
            group.delivered = None

    def add(self, sample: StreamSample, window_ms: int, spacing_ms: int) -> None:
        """Add *sample*; samples closer than *spacing_ms* replace one another."""
        if len(self.samples) >= 2 and sample.at - self.samples[-2].at < spacing_ms:
            self.samples[-1] = sample
            if self.lengths:
                self.lengths[-1] = sample.length
        else:
            self._add_to_series(sample)
            self.samples.append(sample)
        while len(self.samples) > 2 and self.samples[1].at <= sample.at - window_ms:
            self.samples.popleft()

    def _add_to_series(self, sample: StreamSample) -> None:
        self.lengths.append(sample.length)
        if self.samples:
            rate = per_minute(self.samples[-1], sample)
            if rate is not None:
                self.rates.append(rate)


def per_minute(before: StreamSample, after: StreamSample) -> float | None:
    """Entries added per minute between two samples.

    Before Redis 7.0 the server does not count them: then the growth in length is a lower bound, and 0 where
    the newest id is unchanged.
    """
    span = after.at - before.at
    if span <= 0:
        return None
    if before.added is not None and after.added is not None:
        return max(0, after.added - before.added) * 60_000 / span
    if before.last == after.last and after.last is not None:
        return 0.0
    grown = after.length - before.length
    return grown * 60_000 / span if grown > 0 else None


def least(values: Iterable[int | None]) -> int | None:
    """The least of the known values; None when none is known."""
    return min((value for value in values if value is not None), default=None)
