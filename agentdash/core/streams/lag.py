"""How far a group is behind, and how well that is known.

The server's own number is NULL after some deletions and after a group was put at an arbitrary id, is missing
before Redis 7.0, and several releases report it wrong or negative after trims. So it is held against what the
ids prove.
"""

from __future__ import annotations

from functools import lru_cache

from agentdash.core.streams.model import Lag, LagGrade, id_parts

Position = tuple[int, int]
_ZERO: Position = (0, 0)


_NOTHING_LEFT = Lag(0)


class Extent:
    """What the server says of the entries of a stream, against which the lag of each of its groups is held.

    Args:
        length: Entries that are there.
        first_id: Of the first entry that is there; None for an empty stream.
        last_id: ``last-generated-id``: it stays when the entry is deleted.
        max_deleted_id: ``max-deleted-entry-id``; None before Redis 7.0.
        entries_added: Ever; None before Redis 7.0.
    """

    __slots__ = ("_added", "_first", "_last", "_least", "_length")

    def __init__(
        self,
        length: int,
        first_id: str | None,
        last_id: str | None,
        max_deleted_id: str | None,
        entries_added: int | None,
    ) -> None:
        self._length = length
        self._first, self._last = position(first_id), position(last_id)
        self._added = entries_added
        deleted = position(max_deleted_id)
        # The last entry is among those that are there, unless it is a deleted one.
        self._least = 1 if deleted is not None and self._last is not None and deleted < self._last else 0

    def lag(
        self,
        last_delivered_id: str,
        entries_read: int | None,
        reported: int | None,
        *,
        has_field: bool = True,
    ) -> Lag:
        """How far a group is behind, with the grade that its evidence allows.

        What ids prove comes first: nothing is left (0), or nothing was given yet (the whole length). Then
        the server's number, if it lies within what is possible; then the difference of its counters; else it
        is unknown.

        Args:
            last_delivered_id: As the group has it.
            entries_read: The group's counter; None where it is NULL or missing.
            reported: The server's own lag; None where it is NULL or missing.
            has_field: Whether the server knows the field at all (7.0 and later).

        Returns:
            A lag whose value, where there is one, is never below 0 nor above the length.
        """
        length, last, first = self._length, self._last, self._first
        if length <= 0:
            return _NOTHING_LEFT
        delivered = position(last_delivered_id)
        if delivered is None or last is None:
            least, most = 0, length
        elif delivered >= last:
            return _NOTHING_LEFT
        elif first is not None and delivered < first:
            return Lag(length)
        else:  # inside: the first entry was given, the last was not
            least = self._least
            most = length - 1 if length > 1 else least
        if reported is not None and least <= reported <= most:
            return Lag(reported)
        if least == most:
            return Lag(least)
        why = _why_unsure(reported, entries_read, least, most, has_field)
        return self._by_counters(entries_read, least, most, why)

    def _by_counters(self, read: int | None, least: int, most: int, why: str) -> Lag:
        """Entries added less entries read: too high by what was deleted in between, so it is an estimate."""
        added = self._added
        if added is None or read is None or not 0 <= read <= added:
            return Lag(None, LagGrade.UNKNOWN, why)
        return Lag(min(max(added - read, least), most), LagGrade.ESTIMATED, why)


def _why_unsure(
    reported: int | None, entries_read: int | None, least: int, most: int, has_field: bool
) -> str:
    """Why the server's own number is not the answer."""
    if reported is not None:
        return f"the server reports {reported}, but between {least} and {most} entries are possible"
    if not has_field:
        return "this server does not report lag (before Redis 7.0)"
    if entries_read is None:
        return "the server has lost count: the group was put at an id in the middle, or entries were deleted"
    return "entries after the group's position were deleted"


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
