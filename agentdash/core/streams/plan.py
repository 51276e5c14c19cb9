"""The exact commands that a change of a stream comes down to: what is shown before is what is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentdash.core.cli_form import Word
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    StreamCommand,
    TrimStream,
)

Fields = Sequence[tuple[bytes, bytes]]
Step = tuple[Word, ...]
"""One command: its words, the first is its name in capitals."""

ORIGIN = "dlq."
"""What the fields begin with that say where a dead letter came from."""

NEEDS: dict[type, tuple[str, ...]] = {
    AcknowledgeEntries: ("XPENDING", "MULTI", "EXEC", "XACK"),
    ClaimEntries: ("XPENDING", "XRANGE", "XCLAIM"),
    DeleteEntries: ("MULTI", "EXEC", "XACK", "XDEL"),
    DeadLetterEntries: ("XPENDING", "XRANGE", "MULTI", "EXEC", "XADD", "XACK"),
    CreateGroup: ("XGROUP CREATE",),
    DestroyGroup: ("XPENDING", "MULTI", "EXEC", "XGROUP DESTROY"),
    DeleteConsumer: (
        "XINFO CONSUMERS",
        "XGROUP DELCONSUMER",
    ),
    SetGroupId: (
        "XINFO GROUPS",
        "XGROUP SETID",
    ),
    TrimStream: ("XTRIM",),
}
"""The server's commands that a change needs, by the kind of change."""


def plan(command: StreamCommand, bodies: Mapping[str, Fields] | None = None) -> tuple[Step, ...]:
    """What is sent to the server, in order.

    Args:
        command: What is asked for.
        bodies: Data of the entries of `DeadLetterEntries`, by id; an entry that is not in there is shown with
            a word in place of its fields.
    """
    match command:
        case AcknowledgeEntries(stream, group, entries):
            return (("XACK", stream, group, *ids(entries)),)
        case ClaimEntries(stream, group, entries, consumer):
            idle = min((entry.idle_ms for entry in entries), default=0)
            return (("XCLAIM", stream, group, consumer, idle, *ids(entries), "JUSTID"),)
        case DeleteEntries(stream, entries, None):
            return (("XDEL", stream, *ids(entries)),)
        case DeleteEntries(stream, entries, group) if group is not None:
            return (("XACK", stream, group, *ids(entries)), ("XDEL", stream, *ids(entries)))
        case DeadLetterEntries():
            return _dead_letters(command, bodies or {})
        case CreateGroup(stream, group, after):
            return (("XGROUP", "CREATE", stream, group, after),)
        case DestroyGroup(stream, group):
            return (("XGROUP", "DESTROY", stream, group),)
        case DeleteConsumer(stream, group, consumer):
            return (("XGROUP", "DELCONSUMER", stream, group, consumer),)
        case SetGroupId(stream, group, after):
            return (("XGROUP", "SETID", stream, group, after),)
        case TrimStream():
            return (_trim(command),)
    raise TypeError(f"no plan for {type(command).__name__}")


def name_of(step: Step) -> str:
    """The command of *step*: ``XACK``, ``XGROUP SETID``."""
    return " ".join(map(str, step[: 2 if step[0] == "XGROUP" else 1]))


def ids(entries: Sequence[SeenEntry]) -> tuple[str, ...]:
    """The ids of *entries*."""
    return tuple(entry.id for entry in entries)


def _dead_letters(command: DeadLetterEntries, bodies: Mapping[str, Fields]) -> tuple[Step, ...]:
    copies = []
    for entry in command.entries:
        body = bodies.get(entry.id)
        words: list[Word] = ["<its fields>"]
        if body is not None:
            words = [word for pair in body for word in pair]
        copies.append(("XADD", command.target, "*", *words, *origin(command, entry)))
    return (*copies, ("XACK", command.stream, command.group, *ids(command.entries)))


def origin(command: DeadLetterEntries, entry: SeenEntry) -> tuple[Word, ...]:
    """Fields that a copy gets besides its own: where it was, and whose."""
    held = () if entry.consumer is None else (f"{ORIGIN}consumer", entry.consumer)
    return (
        f"{ORIGIN}stream",
        command.stream,
        f"{ORIGIN}group",
        command.group,
        f"{ORIGIN}id",
        entry.id,
        *held,
    )


def _trim(command: TrimStream) -> Step:
    sign = ("~",) if command.approximate else ()
    if command.minid is not None:
        return ("XTRIM", command.stream, "MINID", *sign, command.minid)
    return ("XTRIM", command.stream, "MAXLEN", *sign, command.maxlen or 0)
