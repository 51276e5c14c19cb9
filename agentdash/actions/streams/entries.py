"""Acknowledges, claims, deletes and moves entries of a stream, if their owners are still as shown.

The owner of an entry is read right before, and again in the MULTI that changes it. WATCH would not help: the
server does not count XACK, XCLAIM and XREADGROUP as changes of the key. A script would close the gap between
the two reads, but needs a right that few users have. So an entry that changed its owner before the first read
is left out; one that changes it in the round trip between the reads is changed, and reported. XCLAIM needs
no such check: the server skips what was delivered again meanwhile. But it must not get an entry without data:
since Redis 7.0 it drops such an entry from the group's list.

If the server fails in between, the command ends, and reports what was done, may have been done, and was not
reached.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from agentdash.actions.streams.send import Sender, checked_reply
from agentdash.actions.streams.tally import Tally, outcome
from agentdash.core.commands import Outcome, Refused
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import (
    MOST_ENTRIES,
    AcknowledgeEntries,
    ClaimEntries,
    DeadLetterEntries,
    DeleteEntries,
    EntriesCommand,
    Fields,
    SeenEntry,
    Step,
)
from agentdash.server.exchange import MayHaveBeenCarriedOut

PER_TRANSACTION = 100
PER_COPY = 20


async def change_entries(sender: Sender, command: EntriesCommand) -> Outcome:
    """Carry out *command* on those of its entries whose owner is still as shown.

    Raises:
        Refused: when there is none; with the reason.
        redis.exceptions.RedisError: when the server cannot be reached; nothing was changed.
    """
    if len(command.entries) > MOST_ENTRIES:
        raise Refused(f"{len(command.entries)} entries are too many; the limit is {MOST_ENTRIES}")
    if isinstance(command, DeadLetterEntries) and command.target == command.stream:
        raise Refused("a dead-letter stream cannot be the stream itself")
    tally = Tally()
    size = ENTRY_ACTIONS[type(command)].per_round
    for start in range(0, len(command.entries), size):
        part = command.entries[start : start + size]
        await _change_part(sender, command, part, tally)
        if tally.stopped is not None:
            tally.stop(tally.stopped, command.entries[start + size :], "not reached")
            break
    return outcome(sender, command, tally, ENTRY_ACTIONS[type(command)].summary(command))


async def _change_part(
    sender: Sender, command: EntriesCommand, part: tuple[SeenEntry, ...], tally: Tally
) -> None:
    """Change some entries; a failure after a change is recorded in *tally*."""
    action = ENTRY_ACTIONS[type(command)]
    try:
        ready = await _as_seen(sender, command, part, tally.left)
        if ready:
            await action.carry_out(sender, replace(command, entries=ready), tally)
    except NoPermissionError:
        raise
    except MayHaveBeenCarriedOut as problem:
        tally.stop(problem, part, f"may have been {action.done}")
    except RedisError as problem:
        if not tally.touched:
            raise
        tally.stop(problem, part, f"not {action.done}")


async def _acknowledge(sender: Sender, command: AcknowledgeEntries, tally: Tally) -> None:
    checks = _owner_checks(command, command.entries)
    replies = await sender.change(checks, command.steps())
    tally.touched = bool(checked_reply(replies[-1], command.stream)) or tally.touched
    _note_changed_meanwhile(command.entries, replies[: len(checks)], tally.left)
    tally.done += [entry.id for entry in command.entries if entry.id not in tally.left]


async def _delete(sender: Sender, command: DeleteEntries, tally: Tally) -> None:
    checks = _owner_checks(command, command.entries)
    replies = await sender.change(checks, command.steps())
    answers = [int(checked_reply(reply, command.stream)) for reply in replies[len(checks) :]]
    tally.touched = any(answers) or tally.touched
    _note_changed_meanwhile(command.entries, replies[: len(checks)], tally.left)
    missing = len(command.entries) - answers[-1]
    if missing == len(command.entries):
        acknowledged = "; it is acknowledged now" if any(answers) else ""
        tally.left |= {e.id: f"was not in the stream{acknowledged}" for e in command.entries}
    elif missing:
        tally.missing += missing
    tally.done += [entry.id for entry in command.entries if entry.id not in tally.left]


async def _claim(sender: Sender, command: ClaimEntries, tally: Tally) -> None:
    """Claim entries with data: since Redis 7.0, XCLAIM drops others from the group's list."""
    bodies = await _read_bodies(sender, command, tally)
    whole = tuple(entry for entry in command.entries if entry.id in bodies)
    if not whole:
        return
    (reply,) = await sender.change((), replace(command, entries=whole).steps())
    claimed = {as_text(raw) for raw in checked_reply(reply, command.stream)}
    tally.touched = tally.touched or bool(claimed)
    tally.done += [entry.id for entry in whole if entry.id in claimed]
    others = [entry for entry in whole if entry.id not in claimed]
    if others:
        await _why_not_claimed(sender, command, others, tally)


async def _why_not_claimed(
    sender: Sender, command: ClaimEntries, entries: Sequence[SeenEntry], tally: Tally
) -> None:
    """Record why entries were not claimed: delivered again, or no longer pending."""
    try:
        replies = await sender.read(_owner_checks(command, entries))
    except RedisError:
        replies = [ResponseError()] * len(entries)
    for entry, reply in zip(entries, replies, strict=True):
        if isinstance(reply, ResponseError):
            tally.left[entry.id] = "not claimed: delivered again meanwhile, or no longer pending"
        elif reply:
            tally.left[entry.id] = "was delivered again meanwhile"
        else:
            tally.left[entry.id] = "was just acknowledged or deleted"


async def _copy_and_acknowledge(sender: Sender, command: DeadLetterEntries, tally: Tally) -> None:
    """Copy, then acknowledge what was copied: a failure in between leaves an extra copy, never none."""
    bodies = await _read_bodies(sender, command, tally)
    whole = tuple(entry for entry in command.entries if entry.id in bodies)
    if not whole:
        return
    target = as_text(command.target)
    copies = replace(command, entries=whole).steps(bodies)[:-1]
    try:
        answers = await sender.change((), copies)
    except MayHaveBeenCarriedOut as problem:
        tally.stop(problem, whole, f"may have been copied to {target}, and not acknowledged")
        return
    for entry, answer in zip(whole, answers, strict=True):
        if isinstance(answer, ResponseError):
            tally.left[entry.id] = f"could not be copied to {target}: {answer}"
        else:
            tally.touched = True
    copied = tuple(entry for entry in whole if entry.id not in tally.left)
    try:
        await _acknowledge_copied(sender, command, copied, tally)
    except MayHaveBeenCarriedOut as problem:
        tally.stop(problem, copied, f"was copied to {target}, and may have been acknowledged")
    except NoPermissionError:
        raise
    except RedisError as problem:
        tally.stop(problem, copied, f"was copied to {target}, but not acknowledged")


async def _acknowledge_copied(
    sender: Sender, command: DeadLetterEntries, copied: tuple[SeenEntry, ...], tally: Tally
) -> None:
    overtaken: dict[str, str] = {}
    ready = await _as_seen(sender, command, copied, overtaken)
    tally.left |= {entry_id: f"was copied, but {why}" for entry_id, why in overtaken.items()}
    if ready:
        await _acknowledge(sender, AcknowledgeEntries(command.stream, command.group, ready), tally)


async def _read_bodies(
    sender: Sender, command: DeadLetterEntries | ClaimEntries, tally: Tally
) -> dict[str, Fields]:
    """The fields of those entries that still have data, by id."""
    replies = await sender.read([("XRANGE", command.stream, e.id, e.id, "COUNT", 1) for e in command.entries])
    bodies: dict[str, Fields] = {}
    for entry, reply in zip(command.entries, replies, strict=True):
        if found := checked_reply(reply, command.stream):
            flat = found[0][1]
            bodies[entry.id] = tuple(zip(flat[::2], flat[1::2], strict=True))
        else:
            tally.left[entry.id] = "has no data: acknowledge it instead"
            tally.gone.append(entry)
    return bodies


# Owners


async def _as_seen(
    sender: Sender, command: EntriesCommand, entries: Sequence[SeenEntry], left: dict[str, str]
) -> tuple[SeenEntry, ...]:
    """Those of *entries* whose owner is as shown; the reason for the others goes to *left*."""
    checks = _owner_checks(command, entries)
    if not checks:
        return tuple(entries)
    kept = []
    for entry, reply in zip(entries, await sender.read(checks), strict=True):
        why = _why_changed(entry, checked_reply(reply, command.stream))
        if why is None:
            kept.append(entry)
        else:
            left[entry.id] = why
    return tuple(kept)


def _owner_checks(command: EntriesCommand, entries: Sequence[SeenEntry]) -> list[Step]:
    if command.group is None:
        return []
    return [("XPENDING", command.stream, command.group, entry.id, entry.id, 1) for entry in entries]


def _why_changed(entry: SeenEntry, lines: Any) -> str | None:
    if not lines:
        return "is no longer pending: it was acknowledged"
    owner = lines[0][1]
    if entry.consumer is not None and owner != entry.consumer:
        return f"belongs to {as_text(owner)} now, not to {as_text(entry.consumer)}"
    return None


def _note_changed_meanwhile(
    entries: Sequence[SeenEntry], replies: Sequence[Any], left: dict[str, str]
) -> None:
    """Record owners that changed by the second read, in the same MULTI: too late to be left out."""
    for entry, reply in zip(entries, replies, strict=False):
        why = _why_changed(entry, reply) if not isinstance(reply, ResponseError) else None
        if why is not None:
            left[entry.id] = f"was changed, but meanwhile {why}"


@dataclass(frozen=True, slots=True)
class EntryAction:
    """How one kind of change of entries is carried out and reported.

    Attributes:
        carry_out: Changes entries whose owner is as shown.
        done: What it did to an entry, e.g. ``acknowledged``.
        summary: What it did to all, before their ids.
        per_round: Entries that are changed at once.
    """

    carry_out: Callable[[Sender, Any, Tally], Awaitable[None]]
    done: str
    summary: Callable[[Any], str]
    per_round: int = PER_TRANSACTION


ENTRY_ACTIONS: dict[type, EntryAction] = {
    AcknowledgeEntries: EntryAction(
        _acknowledge, "acknowledged", lambda command: f"acknowledged for {as_text(command.group)}:"
    ),
    ClaimEntries: EntryAction(
        _claim, "claimed", lambda command: f"claimed for {as_text(command.consumer)}:", PER_COPY
    ),
    DeleteEntries: EntryAction(_delete, "deleted", lambda _: "deleted"),
    DeadLetterEntries: EntryAction(
        _copy_and_acknowledge,
        "copied",
        lambda command: f"copied to {as_text(command.target)} and acknowledged",
        PER_COPY,
    ),
}
"""By the type of the command."""
