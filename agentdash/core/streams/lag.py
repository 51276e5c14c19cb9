"""How far a group is behind, and how well that is known.

The server's own number is NULL after some deletions and after a group was set to an arbitrary id, is missing
before Redis 7.0, and is wrong or negative after trims in several releases. So it is checked against the ids.
"""

from __future__ import annotations

from functools import lru_cache

from agentdash.core.streams.model import Lag, LagGrade, id_parts

Position = tuple[int, int]
_ZERO: Position = (0, 0)


_NOTHING_LEFT = Lag(0)


class Extent:
    """The entries of a stream as the server reports them, to check the lag of its groups against.

    Args:
        length: Entries.
        first_id: Id of the first entry; None for an empty stream.
        last_id: ``last-generated-id``: deleting that entry does not change it.
        max_deleted_id: ``max-deleted-entry-id``; None before Redis 7.0.
        entries_added: ``entries-added``; None before Redis 7.0.
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
        # The last entry exists, unless it was deleted.
        self._least = 1 if deleted is not None and self._last is not None and deleted < self._last else 0

    def lag(
        self,
        last_delivered_id: str,
        entries_read: int | None,
        reported: int | None,
        *,
        has_field: bool = True,
    ) -> Lag:
        """The lag of a group, with its grade.

        First by ids: nothing is left (0), or nothing was delivered yet (the whole length). Then the server's
        number, if it is possible; then the difference of its counters; else unknown.

        Args:
            last_delivered_id: Of the group.
            entries_read: The group's counter; None where it is NULL or missing.
            reported: The server's own lag; None where it is NULL or missing.
            has_field: Whether the server knows the field at all (7.0 and later).

        Returns:
            Its value, if any, is from 0 to the length.
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
        else:  # the first entry was delivered, the last was not
            least = self._least
            most = length - 1 if length > 1 else least
        if reported is not None and least <= reported <= most:
            return Lag(reported)
        if least == most:
            return Lag(least)
        why = _why_unsure(reported, entries_read, least, most, has_field)
        return self._by_counters(entries_read, least, most, why)

    def _by_counters(self, read: int | None, least: int, most: int, why: str) -> Lag:
        """Entries added less entries read: an estimate, too high by what was deleted in between."""
        added = self._added
        if added is None or read is None or not 0 <= read <= added:
            return Lag(None, LagGrade.UNKNOWN, why)
        return Lag(min(max(added - read, least), most), LagGrade.ESTIMATED, why)


def _why_unsure(
    reported: int | None, entries_read: int | None, least: int, most: int, has_field: bool
) -> str:
    """Why the server's own number is not used."""
    if reported is not None:
        return f"the server reports {reported}, but between {least} and {most} entries are possible"
    if not has_field:
        return "this server does not report lag (before Redis 7.0)"
    if entries_read is None:
        return (
            "the server does not know it: the group was set to an id in the middle, or entries were deleted"
        )
    return "entries after the group's position were deleted"


@lru_cache(maxsize=4096)
def position(entry_id: str | None) -> Position | None:
    """An id as two numbers, in the server's order; None where it is none.

    Cached: the groups of a stream are all compared with the same three ids.
    """
    if entry_id is None:
        return None
    try:
        return id_parts(entry_id)
    except ValueError:
        return None
