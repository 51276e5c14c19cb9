"""Signs of life of a group's consumers, and how long its work has been waiting.

A consumer's idle time alone proves nothing: from Redis 7.2 on it is the age of its last attempt, so a
healthy reader in ``XREADGROUP BLOCK 0`` ages for ever; before, it is the age of its last success. So nobody
is called dead unless work waits and two signs agree, of these: it is idle for longer than is usual in the
group; no client is blocked in a read for it (CLIENT LIST, where that may be asked); the process or the run
that it belongs to is gone. What is not known is no sign.
"""

from __future__ import annotations

from agentdash.core.links.owner_status import Life, life_of
from agentdash.core.links.owners import Owners
from agentdash.core.streams.judge.window import GroupWindow, least
from agentdash.core.streams.model import Consumer, Group, Readers

LEAST_WATCHED_MS = 2000
"""A rate of deliveries over less time than this says nothing."""

GONE_AFTER_MS = 5000
"""A process that is gone for less than this may be about to come back."""

_CLOCKS_MS = 2000
"""The time at which a run ended is another clock's: so far apart the two may be."""

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
    window: GroupWindow,
    group: Group,
    now: int,
    limit_ms: int,
    readers: Readers | None = None,
    owners: Owners | None = None,
) -> int:
    """How many consumers seem alive; while nothing waits, nobody is called dead.

    Args:
        window: Of the group.
        group: As read at *now*.
        now: Unix ms.
        limit_ms: Idle time after which a consumer may be dead.
        readers: Who waits in a blocking read; None where that is not known.
        owners: Whose processes and runs the consumers are; None where that is not known.
    """
    if not works(group):
        return len(group.consumers)
    limit = max(limit_ms, 2 * window.habit_ms)
    known = owners or Owners()
    return sum(not _dead(window, one, group, now, limit, readers, known) for one in group.consumers)


def _dead(
    window: GroupWindow,
    consumer: Consumer,
    group: Group,
    now: int,
    limit: int,
    readers: Readers | None,
    owners: Owners,
) -> bool:
    """Whether two signs of death agree, and none is against them."""
    idle = consumer.idle_ms
    if idle is None or idle <= min(limit, GONE_AFTER_MS):
        return False
    waits = _waits(consumer, group, readers)
    if waits:
        return False
    life = life_of(owners.of(consumer.name), now)
    if is_gone(life, idle, now):
        lately = life.since is None or now - life.since <= GONE_AFTER_MS
        return idle > limit or (waits is False and not lately)
    if waits is None and (readers is not None or life.lives):
        return False
    return _seems_dead(window, consumer, group, now, limit)


def is_gone(life: Life, idle_ms: int, now: int) -> bool:
    """Whether the process behind a consumer is gone, and nobody has read under its name since.

    Who has is another process than the one that is known: then nothing is known of it.
    """
    return life.lives is False and (life.since is None or idle_ms + _CLOCKS_MS >= now - life.since)


def _waits(consumer: Consumer, group: Group, readers: Readers | None) -> bool | None:
    """Whether a client waits for it in a blocking read; None where that is not known.

    The server wakes a reader when its group has something unread, so nobody waits in a group that has.
    A connection that has no consumer's name may be anybody's; one that has another's is not this one's.
    """
    if (group.lag.value or 0) > 0:
        return False
    if readers is None:
        return None
    return True if consumer.name in readers.names else None if readers.unnamed else False


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
