"""What each sample of a group adds to its window: pauses, waiting work, pending entries. Pure."""

from __future__ import annotations

from agentdash.core.streams.judge.window import GroupWindow, least
from agentdash.core.streams.model import Group

LEAST_WATCHED_MS = 2000
"""The shortest time for a rate of deliveries."""

OUTAGE_LIMITS = 5
"""A pause longer than this many limits was an outage, and not usual."""


def observe(window: GroupWindow, group: Group, now: int, limit_ms: int) -> None:
    """Update *window* by *group*: pauses, waiting work, the oldest pending entry.

    Args:
        window: Of this group; changed.
        group: As read at *now*.
        now: Unix ms.
        limit_ms: Idle time after which a consumer may be dead.
    """
    idle = least(consumer.idle_ms for consumer in group.consumers)
    before = window.idle
    resumed = window.had_work and idle is not None and before is not None and idle < before
    if resumed and before is not None and before <= OUTAGE_LIMITS * limit_ms:
        window.usual_pause_ms = max(window.usual_pause_ms, before)
    window.idle = idle
    window.had_work = group.has_work
    if not window.had_work:
        window.waiting_since = None
    elif window.waiting_since is None:
        window.waiting_since = now
    _note_pending(window, group, now)
    _note_deliveries(window, group, now)


def _note_pending(window: GroupWindow, group: Group, now: int) -> None:
    """Record since when the lowest pending entry is pending.

    A claim resets the entry's idle time, so the earliest evidence counts: when it was first read as pending,
    less its idle time then.
    """
    oldest = group.oldest_pending
    if oldest is None:
        window.pending_id = window.pending_since = None
        return
    since = now - oldest.idle_ms
    if window.pending_id == oldest.id and window.pending_since is not None:
        since = min(since, window.pending_since)
    window.pending_id, window.pending_since = oldest.id, since


def _note_deliveries(window: GroupWindow, group: Group, now: int) -> None:
    """Record the deliveries of the entry delivered most often, then and now."""
    worst = group.worst
    if worst is None:
        window.delivered = None
    elif window.delivered is None or window.delivered[0] != worst.id:
        window.delivered = (worst.id, worst.deliveries, now, worst.deliveries, now)
    else:
        entry_id, count, since, _, _ = window.delivered
        if worst.deliveries < count:
            count, since = worst.deliveries, now
        window.delivered = (entry_id, count, since, worst.deliveries, now)


def redelivered(window: GroupWindow) -> float | None:
    """Deliveries per minute of the entry delivered most often; None until it was sampled for a while."""
    if window.delivered is None:
        return None
    _, before, since, after, now = window.delivered
    return None if now - since < LEAST_WATCHED_MS else (after - before) * 60_000 / (now - since)
