"""Acknowledges, claims, deletes and sets aside entries of a stream, if they are still as they were seen.

Who holds an entry is read right before, and once more in the MULTI that changes it. WATCH would not help: the
server does not count XACK, XCLAIM and XREADGROUP as changes of the key. A script would close the gap between
the two looks, but takes a right that few users have. So: what has changed hands before the first look is
left out; what changes hands in the one round trip between the looks is changed all the same, and said.
XCLAIM needs no such care: the server refuses what was delivered again meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redis.exceptions import ResponseError

from agentdash.actions.stream_send import Sender, told
from agentdash.core.commands import Outcome, Refused
from agentdash.core.stream_commands import (
    MOST_ENTRIES,
    AcknowledgeEntries,
    ClaimEntries,
    DeadLetterEntries,
    DeleteEntries,
    EntriesCommand,
    SeenEntry,
)
from agentdash.core.stream_plan import Fields, Step, plan
from agentdash.core.text import decode
from agentdash.core.units import plural

PER_TRANSACTION = 100
PER_COPY = 20
_NAMED = 3


@dataclass(slots=True)
class Tally:
    """How far a change has come.

    Attributes:
        done: Ids of the entries that it was carried out on.
        left: Why not on the others, by id.
        touched: Whether anything at all was changed.
    """

    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    touched: bool = False


async def change_entries(sender: Sender, command: EntriesCommand) -> Outcome:
    """Carry out *command* on those of its entries that are as they were seen.

    Raises:
        Refused: when none is; with the reason.
        redis.exceptions.RedisError: when the server cannot be asked.
    """
    if len(command.entries) > MOST_ENTRIES:
        raise Refused(f"{len(command.entries)} entries are too many at once; {MOST_ENTRIES} are the limit")
    if isinstance(command, DeadLetterEntries) and command.target == command.stream:
        raise Refused("a dead-letter stream cannot be the stream itself")
    tally = Tally()
    size = PER_COPY if isinstance(command, DeadLetterEntries) else PER_TRANSACTION
    for start in range(0, len(command.entries), size):
        part = command.entries[start : start + size]
        part = await _unchanged(sender, command, part, tally.left)
        if part:
            await _carry_out(sender, _of(command, part), tally)
    return _outcome(sender, command, tally)


async def _carry_out(sender: Sender, command: EntriesCommand, tally: Tally) -> None:
    """Change entries that were as they should be."""
    match command:
        case ClaimEntries():
            (reply,) = await sender.change((), plan(command))
            claimed = {decode(raw) for raw in told(reply, command.stream)}
            for entry in command.entries:
                if entry.id not in claimed:
                    tally.left[entry.id] = "was delivered again meanwhile"
            tally.touched = tally.touched or bool(claimed)
        case DeadLetterEntries():
            await _set_aside(sender, command, tally)
            return
        case AcknowledgeEntries(stream=stream) | DeleteEntries(stream=stream):
            checks = _who_holds(command, command.entries)
            replies = await sender.change(checks, plan(command))
            answers = [int(told(reply, stream)) for reply in replies[len(checks) :]]
            tally.touched = tally.touched or any(answers)
            _late(command.entries, replies[: len(checks)], tally.left)
            if isinstance(command, DeleteEntries) and len(command.entries) == 1 and not answers[-1]:
                tally.left[command.entries[0].id] = "was no longer in the stream"
    tally.done += [entry.id for entry in command.entries if entry.id not in tally.left]


async def _set_aside(sender: Sender, command: DeadLetterEntries, tally: Tally) -> None:
    """Copy, and only what is copied is acknowledged: a failure between leaves a copy too many, never none."""
    bodies = await _bodies(sender, command, tally.left)
    whole = tuple(entry for entry in command.entries if entry.id in bodies)
    if not whole:
        return
    copies = plan(_of(command, whole), bodies)[:-1]
    for entry, answer in zip(whole, await sender.change((), copies), strict=True):
        if isinstance(answer, ResponseError):
            tally.left[entry.id] = f"could not be copied to {decode(command.target)}: {answer}"
        else:
            tally.touched = True
    copied = tuple(entry for entry in whole if entry.id not in tally.left)
    overtaken: dict[str, str] = {}
    ready = await _unchanged(sender, command, copied, overtaken)
    tally.left |= {entry_id: f"was copied, but {why}" for entry_id, why in overtaken.items()}
    if ready:
        await _carry_out(sender, AcknowledgeEntries(command.stream, command.group, ready), tally)


async def _bodies(sender: Sender, command: DeadLetterEntries, left: dict[str, str]) -> dict[str, Fields]:
    replies = await sender.look([("XRANGE", command.stream, e.id, e.id, "COUNT", 1) for e in command.entries])
    bodies: dict[str, Fields] = {}
    for entry, reply in zip(command.entries, replies, strict=True):
        if found := told(reply, command.stream):
            flat = found[0][1]
            bodies[entry.id] = tuple(zip(flat[::2], flat[1::2], strict=True))
        else:
            left[entry.id] = "has no data any more: acknowledge it instead"
    return bodies


# Who holds it


async def _unchanged(
    sender: Sender, command: EntriesCommand, entries: Sequence[SeenEntry], left: dict[str, str]
) -> tuple[SeenEntry, ...]:
    """Those of *entries* that are held by whom they were seen with; why not the others goes to *left*."""
    checks = _who_holds(command, entries)
    if not checks:
        return tuple(entries)
    kept = []
    for entry, reply in zip(entries, await sender.look(checks), strict=True):
        why = _changed(entry, told(reply, command.stream))
        if why is None:
            kept.append(entry)
        else:
            left[entry.id] = why
    return tuple(kept)


def _who_holds(command: EntriesCommand, entries: Sequence[SeenEntry]) -> list[Step]:
    if command.group is None:
        return []
    return [("XPENDING", command.stream, command.group, entry.id, entry.id, 1) for entry in entries]


def _changed(entry: SeenEntry, lines: Any) -> str | None:
    if not lines:
        return "is no longer pending: it was acknowledged"
    owner = lines[0][1]
    if entry.consumer is not None and owner != entry.consumer:
        return f"belongs to {decode(owner)} now, not to {decode(entry.consumer)}"
    return None


def _late(entries: Sequence[SeenEntry], replies: Sequence[Any], left: dict[str, str]) -> None:
    """What the second look, in the same MULTI, has seen: too late to be left out, but said."""
    for entry, reply in zip(entries, replies, strict=False):
        why = _changed(entry, reply) if not isinstance(reply, ResponseError) else None
        if why is not None:
            left[entry.id] = f"was changed all the same, but in that moment {why}"


# What is said


def _of(command: EntriesCommand, entries: tuple[SeenEntry, ...]) -> EntriesCommand:
    return replace(command, entries=entries)


def _outcome(sender: Sender, command: EntriesCommand, tally: Tally) -> Outcome:
    sent, left = tuple(sender.sent), tally.left
    if not left:
        return Outcome(True, f"{_did(command)} {_entries(tally.done)}", sent)
    why = "; ".join(f"{entry_id} {reason}" for entry_id, reason in list(left.items())[:_NAMED])
    more = f"; and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    if not tally.touched:
        raise Refused(f"nothing was changed: {why}{more}. Look again.")
    return Outcome(False, f"{_did(command)} {len(tally.done)} of {len(command.entries)}; {why}{more}", sent)


def _entries(done: Sequence[str]) -> str:
    return done[0] if len(done) == 1 else plural(len(done), "entry", "entries")


def _did(command: EntriesCommand) -> str:
    name = decode(command.stream)
    match command:
        case AcknowledgeEntries(group=group):
            return f"{name}: acknowledged for {decode(group)}:"
        case ClaimEntries(consumer=consumer):
            return f"{name}: claimed for {decode(consumer)}:"
        case DeleteEntries():
            return f"{name}: deleted"
        case DeadLetterEntries(target=target):
            return f"{name}: copied to {decode(target)} and acknowledged"
