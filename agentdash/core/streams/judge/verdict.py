"""The verdict on one group, in the order of Kafka's Burrow, and when it will have caught up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agentdash.core.streams.judge.window import GroupSample, GroupWindow
from agentdash.core.streams.model import Verdict
from agentdash.core.units import age, count

PARTS = 6
"""Parts of a window: a lag falls if its minimum falls from one part to a later one."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict, since when it holds (Unix ms; None where unknown), and why, in a few words."""

    verdict: Verdict
    since: int | None
    why: str


def verdict(window: GroupWindow, consumers: int | None, tried_ms: int | None, window_ms: int) -> Opinion:
    """Judge one group.

    Args:
        window: Its samples, the newest one included.
        consumers: How many it has; None when unknown.
        tried_ms: How long ago one of them last tried to read; None when unknown.
        window_ms: The duration that must be sampled before a verdict.

    Returns:
        UNREAD at once where work waits and there is no consumer; WATCHING until the window is full; then
        the first that holds of: UNKNOWN (lag unknown), STOPPED (work waits, the position is unchanged, no
        consumer reads), STALLED (likewise, though a consumer reads), REWOUND (it went back), OK (nothing
        waited at some time), SLOW (it advances, but the lag never falls), OK.
    """
    now = window.samples[-1]
    if consumers == 0 and ((now.lag or 0) > 0 or now.pending > 0):
        return Opinion(Verdict.UNREAD, window.waiting_since, "no consumer")
    if window.span_ms < window_ms:
        return Opinion(Verdict.WATCHING, None, f"{age(window.span_ms)} of {age(window_ms)} sampled")
    if now.lag is None:
        return Opinion(Verdict.UNKNOWN, None, "lag unknown")
    if now.lag == 0:
        return Opinion(Verdict.OK, None, "keeps up")
    if window.is_unmoved and not window.was_zero:
        return _unmoved(window, now, consumers, tried_ms, window_ms)
    if window.peak is not None and window.back_at >= window.samples[0].at:
        return Opinion(Verdict.REWOUND, window.back_at, "its position went back")
    if window.was_zero:
        return Opinion(Verdict.OK, None, "caught up recently")
    samples = window.samples
    if never_falls(samples):
        return Opinion(
            Verdict.SLOW, samples[0].at, f"{count(now.lag)} behind, not falling for {age(window.span_ms)}"
        )
    return Opinion(Verdict.OK, None, "catches up")


def _unmoved(
    window: GroupWindow, now: GroupSample, consumers: int | None, tried_ms: int | None, window_ms: int
) -> Opinion:
    stalled = f"nothing delivered for {age(now.at - window.position_since)}"
    if consumers is None:
        return Opinion(Verdict.STALLED, window.position_since, f"{stalled}; consumers unknown")
    if tried_ms is None or tried_ms >= window_ms:
        return Opinion(Verdict.STOPPED, window.position_since, f"{stalled}, no consumer reads")
    return Opinion(Verdict.STALLED, window.position_since, f"{stalled}, though a consumer reads")


def never_falls(samples: Sequence[GroupSample]) -> bool:
    """Whether the minimum lag of each part of the window is no lower than in the parts before."""
    begun, span = samples[0].at, max(1, samples[-1].at - samples[0].at)
    lows: list[int | None] = [None] * PARTS
    for sample in samples:
        part = min(PARTS - 1, (sample.at - begun) * PARTS // span)
        if sample.least_lag is not None:
            lows[part] = sample.least_lag if lows[part] is None else min(lows[part] or 0, sample.least_lag)
    known = [low for low in lows if low is not None]
    return all(after >= before for before, after in pairwise(known))


def rate_out(first: GroupSample, last: GroupSample, rate_in: float | None) -> float | None:
    """Entries per minute delivered between two samples; None while unknown.

    From the server's counter of entries read; else the incoming rate less the growth of the lag.
    """
    span = last.at - first.at
    if span <= 0:
        return None
    if first.position == last.position:
        return 0.0
    if first.entries_read is not None and last.entries_read is not None:
        return max(0, last.entries_read - first.entries_read) * 60_000 / span
    if first.lag is None or last.lag is None or rate_in is None:
        return None
    return max(0.0, rate_in - (last.lag - first.lag) * 60_000 / span)


def forecast_s(lag: int | None, incoming: float | None, outgoing: float | None) -> float | None:
    """Seconds until *lag* is 0 at these rates (per minute); None: never, or unknown."""
    if lag == 0:
        return 0.0
    if lag is None or incoming is None or outgoing is None or outgoing <= incoming:
        return None
    return lag * 60 / (outgoing - incoming)
