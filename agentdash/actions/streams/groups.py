"""Changes streams, groups and consumers, if they are still as shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoPermissionError

from agentdash.actions.streams.entries import ENTRY_ACTIONS, change_entries
from agentdash.actions.streams.send import Sender, checked_reply
from agentdash.core.commands import Effect, Outcome, Refused
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import (
    CreateGroup,
    DeleteConsumer,
    DestroyGroup,
    SetGroupId,
    StreamCommand,
    TrimStream,
    command_name,
)
from agentdash.core.streams.model import id_parts
from agentdash.core.text import printable
from agentdash.core.units import plural
from agentdash.server.exchange import MayHaveBeenCarriedOut

if TYPE_CHECKING:
    from redis.asyncio import Redis

_COMMAND = re.compile(r"run the '([^']+)' command")


async def change(client: Redis, command: StreamCommand) -> Outcome:
    """Carry out *command* once, even if the connection fails.

    Returns:
        Its outcome; where the server's ACL denies it, `Outcome.denied` names the command.

    Raises:
        Refused: when the stream, group, consumer or entry is no longer as shown; nothing was changed.
        redis.exceptions.RedisError: when the server cannot be reached; nothing was changed.
    """
    async with Sender(client) as sender:
        try:
            return await _ACTIONS[type(command)](sender, command)
        except NoPermissionError as problem:
            return _denied(problem, command, sender)
        except MayHaveBeenCarriedOut as problem:
            steps = " and ".join(dict.fromkeys(command_name(step) for step in command.steps()))
            why = sender.error_message(problem)
            words = f"{as_text(command.stream)}: {steps} was sent, but no answer came: {why}"
            return Outcome(False, words, tuple(sender.sent), effect=Effect.UNSURE)


async def _create(sender: Sender, command: CreateGroup) -> Outcome:
    (reply,) = await sender.change((), command.steps())
    checked_reply(reply, command.stream)
    what = f"{as_text(command.stream)}: group {as_text(command.group)} created, after {command.after}"
    return Outcome(True, what, tuple(sender.sent))


async def _destroy(sender: Sender, command: DestroyGroup) -> Outcome:
    read = ("XPENDING", command.stream, command.group)
    (summary,) = await sender.read([read])
    pending = int(checked_reply(summary, command.stream)[0])
    name = as_text(command.group)
    if pending > command.pending:
        raise Refused(f"{name} has {pending} pending entries now, had {command.pending}: check again")
    last, reply = await sender.change([read], command.steps())
    if not checked_reply(reply, command.stream):
        raise Refused(f"the group {name} no longer exists")
    lost = int(checked_reply(last, command.stream)[0])
    with_them = (
        f", and with it its list of {plural(lost, 'pending entry', 'pending entries')}" if lost else ""
    )
    return Outcome(True, f"{as_text(command.stream)}: group {name} destroyed{with_them}", tuple(sender.sent))


async def _delete_consumer(sender: Sender, command: DeleteConsumer) -> Outcome:
    name = as_text(command.consumer)
    (reply,) = await sender.read([("XINFO", "CONSUMERS", command.stream, command.group)])
    found = next(
        (c for c in map(_pairs, checked_reply(reply, command.stream)) if c[b"name"] == command.consumer), None
    )
    if found is None:
        raise Refused(f"the consumer {name} no longer exists")
    if found[b"pending"]:
        count = plural(found[b"pending"], "pending entry", "pending entries")
        raise Refused(f"{name} holds {count}, which would be lost: claim or acknowledge them first")
    (lost,) = await sender.change((), command.steps())
    if checked_reply(lost, command.stream):
        words = f"{name} was deleted with {lost} entries that were delivered meanwhile"
        return Outcome(False, words, tuple(sender.sent), effect=Effect.DONE)
    return Outcome(True, f"{as_text(command.group)}: consumer {name} deleted", tuple(sender.sent))


async def _set_id(sender: Sender, command: SetGroupId) -> Outcome:
    checks = [("XINFO", "GROUPS", command.stream), ("XINFO", "STREAM", command.stream)]
    groups, info = await sender.read(checks)
    name = as_text(command.group)
    found = next(
        (g for g in map(_pairs, checked_reply(groups, command.stream)) if g[b"name"] == command.group), None
    )
    if found is None:
        raise Refused(f"the group {name} no longer exists")
    now = as_text(found[b"last-delivered-id"])
    newest = as_text(_pairs(checked_reply(info, command.stream))[b"last-generated-id"])
    target = newest if command.after == "$" else command.after
    if _direction(command.seen, target) != _direction(now, target):
        raise Refused(f"{name} has moved from {command.seen} to {now} meanwhile: check again")
    (reply,) = await sender.change((), command.steps())
    checked_reply(reply, command.stream)
    return Outcome(True, f"{name} is at {target} now, it was at {now}", tuple(sender.sent))


def _direction(position: str, target: str) -> int:
    at, to = id_parts(position), id_parts(target)
    return (to > at) - (to < at)


async def _trim(sender: Sender, command: TrimStream) -> Outcome:
    name = as_text(command.stream)
    (info,) = await sender.read([("XINFO", "STREAM", command.stream)])
    newest = as_text(_pairs(checked_reply(info, command.stream))[b"last-generated-id"])
    if command.seen is not None and id_parts(newest) < id_parts(command.seen):
        raise Refused(f"{name} is another stream now: its newest id went back to {newest}")
    (reply,) = await sender.change((), command.steps())
    dropped = int(checked_reply(reply, command.stream))
    return Outcome(True, f"{name}: {plural(dropped, 'entry', 'entries')} dropped", tuple(sender.sent))


def _pairs(flat: Sequence[Any]) -> dict[bytes, Any]:
    """A flat list of names and values."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _denied(problem: NoPermissionError, command: StreamCommand, sender: Sender) -> Outcome:
    named = _COMMAND.search(str(problem))
    needs = command.NEEDS
    name = printable(named[1]).upper().replace("|", " ") if named else needs[-1]
    # Before Redis 7.0 a refusal names XGROUP where it means XGROUP DESTROY.
    name = next((need for need in needs if need.startswith(f"{name} ")), name)
    words = f"the server's ACL does not allow {name}"
    if named is None:
        words += f" on {as_text(command.stream)}"
    done = f"; sent before: {len(sender.sent)} commands" if sender.sent else ""
    effect = Effect.PARTLY if sender.sent else Effect.NONE
    return Outcome(False, f"{words}{done}", tuple(sender.sent), name if named else None, effect)


_ACTIONS: dict[type, Callable[[Sender, Any], Awaitable[Outcome]]] = {
    **dict.fromkeys(ENTRY_ACTIONS, change_entries),
    CreateGroup: _create,
    DestroyGroup: _destroy,
    DeleteConsumer: _delete_consumer,
    SetGroupId: _set_id,
    TrimStream: _trim,
}
"""What carries out a command, by its type."""
