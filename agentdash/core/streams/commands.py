"""What a person may ask to be changed in a stream. Each command carries what the person saw when asking."""

from __future__ import annotations

from dataclasses import dataclass

MOST_ENTRIES = 1000
"""Entries that one command may name."""


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry as it was on the screen.

    Attributes:
        id: Its id.
        consumer: Who held it; None where it was not looked at as pending.
        idle_ms: How long ago it was last delivered then.
    """

    id: str
    consumer: bytes | None = None
    idle_ms: int = 0


@dataclass(frozen=True, slots=True)
class AcknowledgeEntries:
    """Take pending entries off the list of a group: it counts them as done."""

    stream: bytes
    group: bytes
    entries: tuple[SeenEntry, ...]


@dataclass(frozen=True, slots=True)
class ClaimEntries:
    """Make `consumer` the owner of pending entries; it is given them when it reads its own list.

    The server itself keeps what was delivered again since it was seen: only entries that have been idle for
    as long as the one that was delivered last when they were seen are claimed (XCLAIM's ``min-idle-time``).
    """

    stream: bytes
    group: bytes
    entries: tuple[SeenEntry, ...]
    consumer: bytes


@dataclass(frozen=True, slots=True)
class DeleteEntries:
    """Delete entries from the stream, for all groups.

    Attributes:
        group: Where they were seen pending: there they are acknowledged too, so that nothing is left that
            has no data. None: they were seen in the stream itself.
    """

    stream: bytes
    entries: tuple[SeenEntry, ...]
    group: bytes | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterEntries:
    """Copy pending entries to the stream `target`, and acknowledge them in the group."""

    stream: bytes
    group: bytes
    entries: tuple[SeenEntry, ...]
    target: bytes


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Make a group that begins after the entry `after` (``0``: the first one, ``$``: new ones only)."""

    stream: bytes
    group: bytes
    after: str = "$"


@dataclass(frozen=True, slots=True)
class DestroyGroup:
    """Remove a group with its list of pending entries.

    Attributes:
        pending: How many it had when the person decided; with more than these it is refused.
    """

    stream: bytes
    group: bytes
    pending: int = 0


@dataclass(frozen=True, slots=True)
class DeleteConsumer:
    """Remove a consumer from a group; refused while it holds pending entries, which would be forgotten."""

    stream: bytes
    group: bytes
    consumer: bytes


@dataclass(frozen=True, slots=True)
class SetGroupId:
    """Move a group to another place in the stream: it is given the entries after `after` next.

    Attributes:
        after: An id, ``0`` or ``$``.
        seen: Where it stood when the person decided. It is refused where the group has passed `after`
            meanwhile: it would then do the opposite of what was shown.
    """

    stream: bytes
    group: bytes
    after: str
    seen: str


@dataclass(frozen=True, slots=True)
class TrimStream:
    """Drop the oldest entries of a stream: all but the newest `maxlen`, or those before the id `minid`.

    Attributes:
        approximate: Let the server keep a few more, which is cheaper.
        seen: Its newest id when the person decided; another stream of that name is not touched.
    """

    stream: bytes
    maxlen: int | None = None
    minid: str | None = None
    approximate: bool = False
    seen: str | None = None


EntriesCommand = AcknowledgeEntries | ClaimEntries | DeleteEntries | DeadLetterEntries
GroupCommand = CreateGroup | DestroyGroup | DeleteConsumer | SetGroupId
StreamCommand = EntriesCommand | GroupCommand | TrimStream
