"""Entries that were removed before a group had read them: lost to that group, and no part of its lag.

With the server's counters (Redis 7.0 and later): the group is before the first entry that is left, and fewer
entries were read than removed. Without them: its lag fell although its position is unchanged, or an unread
entry of the last sample is gone.
"""

from __future__ import annotations

from agentdash.core.streams.judge.window import GroupWindow, StreamSample
from agentdash.core.streams.lag import Position, position
from agentdash.core.streams.model import Group, LagGrade, Stream


def record_loss(
    window: GroupWindow, stream: Stream, group: Group, before: StreamSample | None, now: int
) -> None:
    """Record in *window* whether *group* has lost entries.

    Args:
        window: Of the group; changed.
        stream: As read at *now*.
        group: One of its groups.
        before: The sample of the stream before this one.
        now: Unix ms.
    """
    delivered = position(group.last_delivered_id)
    if delivered is None or not _is_before_first(stream, delivered):
        return
    if stream.entries_added is not None and group.entries_read is not None:
        lost = stream.entries_added - stream.length - group.entries_read
        if lost > 0:
            window.lost_at, window.lost = now, lost
    elif (drop := _lag_drop(window, group, delivered)) > 0:
        window.lost_at, window.lost = now, drop
    elif before is not None and _lost_unread(before, stream, delivered):
        window.lost_at, window.lost = now, None


def _is_before_first(stream: Stream, delivered: Position) -> bool:
    """Whether all entries up to the group's position, and maybe more, were removed."""
    if stream.length <= 0:
        last = position(stream.last_id)
        return last is not None and delivered < last
    first = position(stream.first_id)
    return first is not None and delivered < first


def _lag_drop(window: GroupWindow, group: Group, delivered: Position) -> int:
    """By how much the lag fell since the sample before, although nothing was delivered."""
    if not window.samples or group.lag.grade is not LagGrade.EXACT:
        return 0
    last = window.samples[-1]
    if last.position != delivered or last.lag is None or not last.exact:
        return 0
    return last.lag - (group.lag.value or 0)


def _lost_unread(before: StreamSample, stream: Stream, delivered: Position) -> bool:
    """Whether an undelivered entry of the sample before was removed."""
    if before.length <= 0:
        return False
    first = position(stream.first_id) if stream.length > 0 else None
    for entry_id in (before.first, before.last):
        at = position(entry_id)
        if at is not None and at > delivered and (first is None or at < first):
            return True
    return False
