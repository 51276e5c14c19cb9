"""Commands that change a stream: what the person saw, and the exact steps at the server.

`steps` is shown before the command is confirmed, and is what is sent then. `NEEDS` names the
server's commands that the user must be allowed to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from agentdash.core.cli_form import Word

Fields = Sequence[tuple[bytes, bytes]]
"""The fields of an entry, as pairs."""
Step = tuple[Word, ...]
"""One command to the server: its words, the first is its name in capitals."""

ORIGIN = "dlq."
"""Prefix of the fields of a dead letter that say where it came from."""
MOST_ENTRIES = 1000
"""Entries that one command may name."""


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry as it was on the screen.

    Attributes:
        consumer: Whose pending entry it was; None where it was not shown as pending.
        idle_ms: Since its last delivery, then.
    """

    id: str
    consumer: bytes | None = None
    idle_ms: int = 0


@dataclass(frozen=True, slots=True)
class AcknowledgeEntries:
    """Acknowledge pending entries of a group: it counts them as done."""

    NEEDS: ClassVar[tuple[str, ...]] = ("XPENDING", "MULTI", "EXEC", "XACK")

    stream: bytes
    group: bytes
    entries: tuple[SeenEntry, ...]

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        return (("XACK", self.stream, self.group, *ids(self.entries)),)


@dataclass(frozen=True, slots=True)
class ClaimEntries:
    """Make `consumer` the owner of pending entries; it gets them when it reads its own list.

    The server itself skips what was delivered again since it was shown: it claims only entries that have been
    idle for as long as the one that was delivered last was then (XCLAIM's ``min-idle-time``).
    """

    NEEDS: ClassVar[tuple[str, ...]] = ("XPENDING", "XRANGE", "XCLAIM")

    stream: bytes
    group: bytes
    entries: tuple[SeenEntry, ...]
    consumer: bytes

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        idle = min((entry.idle_ms for entry in self.entries), default=0)
        return (("XCLAIM", self.stream, self.group, self.consumer, idle, *ids(self.entries), "JUSTID"),)


@dataclass(frozen=True, slots=True)
class DeleteEntries:
    """Delete entries from the stream, for all groups.

    Attributes:
        group: Where they were pending: they are acknowledged there too, so that no entry without data stays.
            None: they were shown in the stream itself.
    """

    NEEDS: ClassVar[tuple[str, ...]] = ("MULTI", "EXEC", "XACK", "XDEL")

    stream: bytes
    entries: tuple[SeenEntry, ...]
    group: bytes | None = None

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        delete: Step = ("XDEL", self.stream, *ids(self.entries))
        if self.group is None:
            return (delete,)
        return (("XACK", self.stream, self.group, *ids(self.entries)), delete)


@dataclass(frozen=True, slots=True)
class DeadLetterEntries:
    """Copy pending entries to the stream `target`, and acknowledge them in the group."""

    NEEDS: ClassVar[tuple[str, ...]] = ("XPENDING", "XRANGE", "MULTI", "EXEC", "XADD", "XACK")

    stream: bytes
    group: bytes
    entries: tuple[SeenEntry, ...]
    target: bytes

    def steps(self, bodies: Mapping[str, Fields] | None = None) -> tuple[Step, ...]:
        """The commands to the server, in order.

        Args:
            bodies: Fields of the entries, by id; a placeholder stands for those that are missing.
        """
        copies = []
        for entry in self.entries:
            body = (bodies or {}).get(entry.id)
            words: list[Word] = ["<its fields>"] if body is None else [word for pair in body for word in pair]
            copies.append(("XADD", self.target, "*", *words, *self._origin(entry)))
        return (*copies, ("XACK", self.stream, self.group, *ids(self.entries)))

    def _origin(self, entry: SeenEntry) -> tuple[Word, ...]:
        """The fields that a copy has besides its own."""
        consumer = () if entry.consumer is None else (f"{ORIGIN}consumer", entry.consumer)
        stream, group = (f"{ORIGIN}stream", self.stream), (f"{ORIGIN}group", self.group)
        return (*stream, *group, f"{ORIGIN}id", entry.id, *consumer)


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Create a group that begins after the entry `after` (``0``: the first one, ``$``: new ones only)."""

    NEEDS: ClassVar[tuple[str, ...]] = ("XGROUP CREATE",)

    stream: bytes
    group: bytes
    after: str = "$"

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        return (("XGROUP", "CREATE", self.stream, self.group, self.after),)


@dataclass(frozen=True, slots=True)
class DestroyGroup:
    """Destroy a group with its list of pending entries.

    Attributes:
        pending: How many it had when that was confirmed; with more it is refused.
    """

    NEEDS: ClassVar[tuple[str, ...]] = ("XPENDING", "MULTI", "EXEC", "XGROUP DESTROY")

    stream: bytes
    group: bytes
    pending: int = 0

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        return (("XGROUP", "DESTROY", self.stream, self.group),)


@dataclass(frozen=True, slots=True)
class DeleteConsumer:
    """Delete a consumer from a group; refused while it has pending entries, which would be lost."""

    NEEDS: ClassVar[tuple[str, ...]] = ("XINFO CONSUMERS", "XGROUP DELCONSUMER")

    stream: bytes
    group: bytes
    consumer: bytes

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        return (("XGROUP", "DELCONSUMER", self.stream, self.group, self.consumer),)


@dataclass(frozen=True, slots=True)
class SetGroupId:
    """Set the ID of a group: the entries after `after` are delivered next.

    Attributes:
        after: An id, ``0`` or ``$``.
        seen: Its ID when that was confirmed. It is refused where the group has passed `after` meanwhile: it
            would then do the opposite of what was shown.
    """

    NEEDS: ClassVar[tuple[str, ...]] = ("XINFO GROUPS", "XGROUP SETID")

    stream: bytes
    group: bytes
    after: str
    seen: str

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        return (("XGROUP", "SETID", self.stream, self.group, self.after),)


@dataclass(frozen=True, slots=True)
class TrimStream:
    """Drop the oldest entries of a stream: all but the newest `maxlen`, or those before the id `minid`.

    Attributes:
        approximate: Let the server keep a few more, which is cheaper.
        seen: Its newest id when that was confirmed; another stream of that name is not changed.
    """

    NEEDS: ClassVar[tuple[str, ...]] = ("XTRIM",)

    stream: bytes
    maxlen: int | None = None
    minid: str | None = None
    approximate: bool = False
    seen: str | None = None

    def steps(self) -> tuple[Step, ...]:
        """The commands to the server, in order."""
        sign = ("~",) if self.approximate else ()
        if self.minid is not None:
            return (("XTRIM", self.stream, "MINID", *sign, self.minid),)
        return (("XTRIM", self.stream, "MAXLEN", *sign, self.maxlen or 0),)


EntriesCommand = AcknowledgeEntries | ClaimEntries | DeleteEntries | DeadLetterEntries
GroupCommand = CreateGroup | DestroyGroup | DeleteConsumer | SetGroupId
StreamCommand = EntriesCommand | GroupCommand | TrimStream


def ids(entries: Sequence[SeenEntry]) -> tuple[str, ...]:
    """The ids of *entries*."""
    return tuple(entry.id for entry in entries)


def command_name(step: Step) -> str:
    """The name of the server's command: ``XACK``, ``XGROUP SETID``."""
    return " ".join(map(str, step[: 2 if step[0] == "XGROUP" else 1]))
