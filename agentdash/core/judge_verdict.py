"""The verdict on one group, in the order of Kafka's Burrow, and when it will have caught up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from agentdash.core.judge_window import GroupSample, GroupWindow
from agentdash.core.streams import Verdict
from agentdash.core.units import age, count

PARTS = 6
"""The window is looked at in so many parts: a lag falls if its least falls from one part to a later one."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict, since when it holds (Unix ms; None where that is not known), and why, in a few words."""

    verdict: Verdict
    since: int | None
    why: str


def verdict(window: GroupWindow, consumers: int, tried_ms: int | None, window_ms: int) -> Opinion:
    """Judge one group.

    Args:
        window: Its past, the newest sample included.
        consumers: How many it has.
        tried_ms: How long ago one of them last tried to read; None when unknown.
        window_ms: The span that must be watched before a verdict.

    Returns:
        UNREAD at once where work waits and there is no consumer; WATCHING until the window is full; then
        the first that holds of: UNKNOWN (lag not known), STOPPED (work waits, the position stands, nobody
        tries), STALLED (likewise, though somebody tries), REWOUND (it went back), OK (nothing waited at
        some time), SLOW (it moves, but the lag never falls), OK.
    """
    now = window.samples[-1]
    if consumers == 0 and ((now.lag or 0) > 0 or now.pending > 0):
        return Opinion(Verdict.UNREAD, window.waiting_since, "no consumer")
    if window.span_ms < window_ms:
        return Opinion(Verdict.WATCHING, None, f"{age(window.span_ms)} of {age(window_ms)} watched")
    samples = list(window.samples)
    lows = [sample.least_lag for sample in samples if sample.least_lag is not None]
    if now.lag is None or not lows:
        return Opinion(Verdict.UNKNOWN, None, "lag not known")
    stands = all(sample.position == now.position for sample in samples)
    if stands and min(lows) > 0:
        return _standing(window, now, tried_ms, window_ms)
    if (back := went_back(samples)) is not None:
        return Opinion(Verdict.REWOUND, back, "its position went back")
    if min(lows) == 0:
        return Opinion(Verdict.OK, None, "keeps up" if now.lag == 0 else "caught up lately")
    if never_falls(samples):
        return Opinion(
            Verdict.SLOW, samples[0].at, f"{count(now.lag)} behind, and not less for {age(window.span_ms)}"
        )
    return Opinion(Verdict.OK, None, "catches up")


def _standing(window: GroupWindow, now: GroupSample, tried_ms: int | None, window_ms: int) -> Opinion:
    stood = f"given nothing for {age(now.at - window.position_since)}"
    if tried_ms is None or tried_ms >= window_ms:
        return Opinion(Verdict.STOPPED, window.position_since, f"{stood}, and nobody tries")
    return Opinion(Verdict.STALLED, window.position_since, f"{stood}, though a consumer tries")


def went_back(samples: list[GroupSample]) -> int | None:
    """When the position went back below where it had been, if it is still below that; else None."""
    highest = max(samples, key=lambda sample: sample.position)
    if highest.position <= samples[-1].position:
        return None
    return next(sample.at for sample in samples if sample.at > highest.at)


def never_falls(samples: list[GroupSample]) -> bool:
    """Whether the least lag of each part of the window is no lower than that of the parts before it."""
    begun, span = samples[0].at, max(1, samples[-1].at - samples[0].at)
    lows: list[int | None] = [None] * PARTS
    for sample in samples:
        part = min(PARTS - 1, (sample.at - begun) * PARTS // span)
        if sample.least_lag is not None:
            lows[part] = sample.least_lag if lows[part] is None else min(lows[part] or 0, sample.least_lag)
    known = [low for low in lows if low is not None]
    return all(after >= before for before, after in pairwise(known))


def rate_out(samples: list[GroupSample], rate_in: float | None) -> float | None:
    """Entries per minute that the group is given over *samples*; None while unknown.

    From the server's counter of entries read; else from what came in less what the lag grew by.
    """
    first, last = samples[0], samples[-1]
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
    """Seconds until *lag* is gone at these rates (per minute); None: never, or that is not known."""
    if lag == 0:
        return 0.0
    if lag is None or incoming is None or outgoing is None or outgoing <= incoming:
        return None
    return lag * 60 / (outgoing - incoming)
