"""Reads details of one stream on demand: pending entries, messages; all bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.queries import MessageAt, MessagesAt, NewestMessages, PendingList, PendingOf
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.lag import position
from agentdash.core.streams.model import Message, OldestPending, PendingEntry, id_age_ms
from collectors.streams.read import PER_WRITE, Command, Reads
from collectors.streams.replies.full import BadReplyError, entry, pairs, pending_line

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_PENDING = 1000
MOST_MESSAGES = 500


async def pending(client: Redis, query: PendingOf, now: int) -> PendingList:
    """The pending entries of a group, in id order, without bodies; `gone` is set where the data is deleted.

    Args:
        client: Of the server.
        query: Which group; at most `MOST_PENDING` entries are read.
        now: Unix ms, for ages.

    Raises:
        SourceError: when the stream or group is gone, or may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    reads = Reads(client)
    count = max(1, min(query.count, MOST_PENDING))
    ranged: Command = ("XPENDING", query.stream, query.group, "-", "+", count)
    if query.consumer is not None:
        ranged = (*ranged, query.consumer)
    summary, lines, info, first = await reads.ask(
        [
            ("XPENDING", query.stream, query.group),
            ranged,
            ("XINFO", "STREAM", query.stream),
            ("XRANGE", query.stream, "-", "+", "COUNT", 1),
        ]
    )
    subject = f"pending entries of {as_text(query.group)} in {as_text(query.stream)}"
    found = [pending_line(line) for line in checked_reply(lines, subject)]
    gone = await _gone(reads, query.stream, found, info, first)
    entries = tuple(
        PendingEntry(
            id=one.id,
            consumer=one.consumer,
            idle_ms=one.idle_ms,
            deliveries=one.deliveries,
            age_ms=id_age_ms(one.id, now),
            body=() if one.id in gone else None,
            gone=one.id in gone,
        )
        for one in found
    )
    return PendingList(entries, _total(checked_reply(summary, subject), query.consumer))


async def message(client: Redis, query: MessageAt, now: int) -> Message | None:
    """One entry with all its fields; None where it no longer exists.

    Raises:
        SourceError: when the stream may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    (reply,) = await Reads(client).ask([("XRANGE", query.stream, query.id, query.id, "COUNT", 1)])
    found = messages_in(checked_reply(reply, f"entry {query.id} of {as_text(query.stream)}"), now)
    return found[0] if found else None


async def messages(client: Redis, query: MessagesAt, now: int) -> tuple[Message, ...]:
    """Entries by their ids, in one write; deleted ones are left out.

    Raises:
        SourceError: when the stream may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    ids = query.ids[:PER_WRITE]
    replies = await Reads(client).ask([("XRANGE", query.stream, one, one, "COUNT", 1) for one in ids])
    subject = f"entries of {as_text(query.stream)}"
    return tuple(found for reply in replies for found in messages_in(checked_reply(reply, subject), now))


async def newest(client: Redis, query: NewestMessages, now: int) -> tuple[Message, ...]:
    """The newest entries, newest first, at most `MOST_MESSAGES`.

    Raises:
        SourceError: when the stream may not be read.
        redis.exceptions.RedisError: when the connection fails.
    """
    count = max(1, min(query.count, MOST_MESSAGES))
    (reply,) = await Reads(client).ask([("XREVRANGE", query.stream, "+", "-", "COUNT", count)])
    return messages_in(checked_reply(reply, f"entries of {as_text(query.stream)}"), now)


async def _gone(
    reads: Reads, stream: bytes, found: Sequence[OldestPending], info: object, first: object
) -> set[str]:
    """Ids of entries that are pending but deleted.

    Those before the first entry are certainly deleted, those after the greatest deleted id certainly are not;
    the others are read, at most one write of commands.
    """
    if not found or isinstance(info, ResponseError) or isinstance(first, ResponseError):
        return set()
    head = position(messages_in(first, 0)[0].id) if first else None
    if head is None:
        return {one.id for one in found}
    deleted = pairs(info).get(b"max-deleted-entry-id")
    ceiling = position(deleted.decode()) if isinstance(deleted, bytes) else None
    gone: set[str] = set()
    unsure: list[str] = []
    for one in found:
        at = position(one.id)
        if at is not None and at < head:
            gone.add(one.id)
        elif at is not None and (ceiling is None or at <= ceiling):
            unsure.append(one.id)
    unsure = unsure[:PER_WRITE]
    replies = await reads.ask([("XRANGE", stream, entry_id, entry_id, "COUNT", 1) for entry_id in unsure])
    return gone | {entry_id for entry_id, reply in zip(unsure, replies, strict=True) if reply == []}


def checked_reply(reply: object, subject: str) -> Sequence[object]:
    """*reply*, which is a list, unless it is an error.

    Raises:
        SourceError: with the reason; *subject* is what was to be read.
    """
    if isinstance(reply, NoPermissionError):
        raise SourceError(f"the ACL denies reading {subject}: {reply}", "ask for read access")
    if isinstance(reply, ResponseError):
        text = str(reply)
        if text.startswith(("NOGROUP", "WRONGTYPE")) or "no such key" in text:
            raise SourceError(f"{subject}: the stream or group no longer exists", "go back and check")
        raise SourceError(f"{subject}: the server refused: {text}")
    return reply if isinstance(reply, (list, tuple)) else ()


def messages_in(reply: object, now: int) -> tuple[Message, ...]:
    """The entries of a reply of XRANGE or XREVRANGE."""
    messages = []
    for raw in reply if isinstance(reply, (list, tuple)) else ():
        entry_id, fields = entry(raw)
        messages.append(Message(entry_id, fields, id_age_ms(entry_id, now)))
    return tuple(messages)


def _total(summary: Sequence[object], consumer: bytes | None) -> int:
    """How many are pending, from the short form of XPENDING: count, least id, greatest id, per consumer."""
    if not summary or not isinstance(summary[0], int):
        raise BadReplyError("XPENDING did not say how many are pending")
    if consumer is None:
        return summary[0]
    each = summary[3] if len(summary) > 3 and isinstance(summary[3], (list, tuple)) else ()
    return next((int(count) for name, count in each if name == consumer), 0)
