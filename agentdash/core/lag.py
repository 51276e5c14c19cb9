"""How far a group is behind, and how well that is known.

The server's own number is NULL after some deletions and after a group was put at an arbitrary id, is missing
before Redis 7.0, and several releases report it wrong or negative after trims. So it is held against what the
ids prove.
"""

from __future__ import annotations

from functools import lru_cache

from agentdash.core.records import record
from agentdash.core.streams import Lag, LagGrade, id_parts

Position = tuple[int, int]
_ZERO: Position = (0, 0)


@record(frozen=True, slots=True)
class LagFacts:
    """What the server says of a stream and one of its groups.

    Attributes:
        first_id: Of the first entry that is there; None for an empty stream.
        last_id: ``last-generated-id``: it stays when the entry is deleted.
        max_deleted_id: ``max-deleted-entry-id``; None before Redis 7.0.
        reported: The server's own lag; None where it is NULL or missing.
        has_lag: Whether the server knows the field at all (7.0 and later).
    """

    length: int
    first_id: str | None
    last_id: str | None
    max_deleted_id: str | None
    entries_added: int | None
    last_delivered_id: str
    entries_read: int | None
    reported: int | None
    has_lag: bool = True


def grade(facts: LagFacts) -> Lag:
    """The lag, with the grade that its evidence allows.

    What ids prove comes first: nothing is left (0), or nothing was given yet (the whole length). Then the
    server's number, if it lies within what is possible; then the difference of its counters; else unknown.

    Returns:
        A lag whose value, where there is one, is never below 0 nor above the length.
    """
    if facts.length <= 0:
        return Lag(0)
    delivered = position(facts.last_delivered_id)
    last, first = position(facts.last_id), position(facts.first_id)
    if delivered is None or last is None:
        return _trusted(facts, 0, facts.length)
    if delivered >= last:
        return Lag(0)
    if first is not None and delivered < first:
        return Lag(facts.length)
    # The group is inside: the first entry was given; the last was not, unless the last is a deleted one.
    deleted = position(facts.max_deleted_id)
    least = 1 if deleted is not None and deleted < last else 0
    return _trusted(facts, least, max(facts.length - 1, least))


@lru_cache(maxsize=4096)
def position(entry_id: str | None) -> Position | None:
    """An id as two numbers that compare as the server compares ids; None where it is none.

    The last ones are remembered: the groups of a stream are all held against the same three.
    """
    if entry_id is None:
        return None
    try:
        return id_parts(entry_id)
    except ValueError:
        return None


def _trusted(facts: LagFacts, least: int, most: int) -> Lag:
    reported = facts.reported
    if reported is not None and least <= reported <= most:
        return Lag(reported)
    if reported is not None:
        why = f"the server reports {reported}, but between {least} and {most} entries are possible"
    elif not facts.has_lag:
        why = "this server does not report lag (before Redis 7.0)"
    elif facts.entries_read is None:
        why = "the server has lost count: the group was put at an id in the middle, or entries were deleted"
    else:
        why = "entries after the group's position were deleted"
    if least == most:
        return Lag(least)
    return _by_counters(facts, least, most, why)


def _by_counters(facts: LagFacts, least: int, most: int, why: str) -> Lag:
    """Entries added less entries read: too high by what was deleted in between, so it is an estimate."""
    added, read = facts.entries_added, facts.entries_read
    if added is None or read is None or not 0 <= read <= added:
        return Lag(None, LagGrade.UNKNOWN, why)
    return Lag(min(max(added - read, least), most), LagGrade.ESTIMATED, why)
