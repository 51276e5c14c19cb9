"""Signs of life of a group's consumers, and how long its work has been waiting.

A consumer's idle time alone proves nothing: from Redis 7.2 on it is the age of its last attempt, so a
healthy reader in ``XREADGROUP BLOCK 0`` ages for ever; before, it is the age of its last success. So nobody
is called dead unless work waits for them, their idle time is beyond what is usual in the group, and a
second sign agrees. Where CLIENT LIST may be asked, who waits in a blocking read is no dead consumer.
"""

from __future__ import annotations

from agentdash.core.judge_window import GroupWindow, least
from agentdash.core.streams import Consumer, Group, Readers

LEAST_WATCHED_MS = 2000
"""A rate of deliveries over less time than this says nothing."""

HABIT_OUTAGE = 5
"""A pause longer than so many limits was an outage, not a habit."""


def note_signs(window: GroupWindow, group: Group, now: int, limit_ms: int) -> None:
    """Take from *group* what later judgement needs: pauses, waiting work, the oldest pending entry.

    Args:
        window: Of this group; changed.
        group: As read at *now*.
        now: Unix ms.
        limit_ms: Idle time after which a consumer may be dead.
    """
    idle = least(consumer.idle_ms for consumer in group.consumers)
    before = window.idle
    went_on = window.worked and idle is not None and before is not None and idle < before
    if went_on and before is not None and before <= HABIT_OUTAGE * limit_ms:
        window.habit_ms = max(window.habit_ms, before)
    window.idle = idle
    window.worked = works(group)
    if not window.worked:
        window.waiting_since = None
    elif window.waiting_since is None:
        window.waiting_since = now
    _note_pending(window, group, now)
    _note_deliveries(window, group, now)


def works(group: Group) -> bool:
    """Whether work is known to wait: entries not yet given out, or given and not acknowledged."""
    return (group.lag.value or 0) > 0 or group.pending > 0


def active_consumers(
    window: GroupWindow, group: Group, now: int, limit_ms: int, readers: Readers | None = None
) -> int:
    """How many consumers seem alive; who has nothing to do is never called dead.

    Args:
        window: Of the group.
        group: As read at *now*.
        now: Unix ms.
        limit_ms: Idle time after which a consumer may be dead.
        readers: Who waits in a blocking read; None where that is not known.
    """
    limit = max(limit_ms, 2 * window.habit_ms)
    return sum(
        _may_wait(consumer, group, readers) or not _seems_dead(window, consumer, group, now, limit)
        for consumer in group.consumers
    )


def _may_wait(consumer: Consumer, group: Group, readers: Readers | None) -> bool:
    """Whether it may be one of those that wait in a blocking read.

    The server wakes a reader when its group has something unread, so nobody waits in a group that has.
    A connection that has no consumer's name may be anybody's; one that has another's is not this one's.
    """
    if readers is None or group.lag.value != 0:
        return False
    return readers.unnamed > 0 or consumer.name in readers.names


def _seems_dead(window: GroupWindow, consumer: Consumer, group: Group, now: int, limit: int) -> bool:
    if (group.lag.value or 0) <= 0 and consumer.pending <= 0:
        return False
    if consumer.idle_ms is None or consumer.idle_ms <= limit:
        return False
    if consumer.inactive_ms is not None:
        # From 7.2: no attempt for long, and no success for long (-1: never).
        return consumer.inactive_ms < 0 or consumer.inactive_ms > limit
    # Before 7.2, idle is the last success: work must have been waiting for as long.
    waits = least((window.waiting_since, window.pending_since))
    return waits is not None and now - waits > limit


def _note_pending(window: GroupWindow, group: Group, now: int) -> None:
    """Since when the lowest pending entry waits.

    A claim resets the entry's idle time, so the earliest time counts that agentdash has evidence of: when it
    first saw this entry pending, less the idle time that it had then.
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
    """How often the entry that was delivered most often was given out, then and now."""
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
    """Deliveries per minute of the entry that was delivered most often; None until it was watched."""
    if window.delivered is None:
        return None
    _, before, since, after, now = window.delivered
    return None if now - since < LEAST_WATCHED_MS else (after - before) * 60_000 / (now - since)
