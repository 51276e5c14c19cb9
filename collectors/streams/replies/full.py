"""Parses replies about a stream: ``XINFO STREAM key FULL``, and the pair of commands for Redis 5.

Pure. Accepts maps (RESP3) and flat lists of names and values (RESP2). What a server does not report is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agentdash.core.streams.lag import Extent
from agentdash.core.streams.model import Consumer, Group, OldestPending, Stream
from collectors.streams.replies import layout as streams_layout


class BadReplyError(ValueError):
    """A reply does not have the documented shape."""


def pairs(reply: object) -> dict[bytes, object]:
    """A map reply as a dict, whichever protocol it came by.

    Raises:
        BadReplyError: when it is neither a map nor a flat list of pairs.
    """
    if isinstance(reply, dict):
        return reply
    if isinstance(reply, list) and len(reply) % 2 == 0:
        try:
            return dict(zip(reply[::2], reply[1::2], strict=True))
        except TypeError as problem:  # a name that is itself a list
            raise BadReplyError("expected names and values") from problem
    raise BadReplyError(f"expected a map, got {type(reply).__name__}")


def parse_full(name: bytes, reply: object, server_ms: int) -> Stream:
    """The reply of ``XINFO STREAM name FULL COUNT 1``.

    Args:
        name: The key.
        reply: As received.
        server_ms: The server's time (``TIME``), Unix ms: times in the reply are by its clock.

    Raises:
        BadReplyError: when the reply cannot be understood.
    """
    found = streams_layout.read_full(name, reply, server_ms)
    return _named_full(name, reply, server_ms) if found is None else found


def _named_full(name: bytes, reply: object, server_ms: int) -> Stream:
    top = pairs(reply)
    entries = _list(top.get(b"entries"))
    stream = _head(name, top, _entry_id(entries[0]) if entries else None)
    extent = _extent(stream)
    groups = tuple(_full_group(extent, raw, server_ms) for raw in _list(top.get(b"groups")))
    return replace(stream, groups=groups)


def parse_pair(
    name: bytes, info: object, groups: object, consumers: Sequence[object], oldest: Sequence[object]
) -> Stream:
    """The replies of ``XINFO STREAM`` and ``XINFO GROUPS``, for servers that lack FULL (before Redis 6.0).

    Args:
        name: The key.
        info: Reply of ``XINFO STREAM name``.
        groups: Reply of ``XINFO GROUPS name``.
        consumers: Replies of ``XINFO CONSUMERS name group``, one per group, in order; None for one that the
            ACL denies.
        oldest: Replies of ``XPENDING name group - + 1``, likewise.

    Raises:
        BadReplyError: when a reply cannot be understood.
    """
    top = pairs(info)
    first = top.get(b"first-entry")
    stream = _head(name, top, _entry_id(first) if first else None)
    extent, found = _extent(stream), []
    for number, raw in enumerate(_list(groups)):
        of = pairs(raw)
        found.append(
            _group(
                extent,
                of,
                pending=_count(of.get(b"pending")),
                oldest=_first_pending(oldest[number] if number < len(oldest) else None),
                consumers=_plain_consumers(consumers[number] if number < len(consumers) else ()),
                consumers_known=number >= len(consumers) or consumers[number] is not None,
            )
        )
    return replace(stream, groups=tuple(found))


def group_names(reply: object) -> tuple[bytes, ...]:
    """The names in a reply of ``XINFO GROUPS``.

    Raises:
        BadReplyError: when the reply cannot be understood.
    """
    return tuple(_bytes(pairs(raw).get(b"name")) for raw in _list(reply))


def _head(name: bytes, top: Mapping[bytes, object], first_id: str | None) -> Stream:
    return Stream(
        name=name,
        length=_count(top.get(b"length")),
        first_id=first_id,
        last_id=_text(top.get(b"last-generated-id")),
        entries_added=_maybe_int(top.get(b"entries-added")),
        max_deleted_id=_text(top.get(b"max-deleted-entry-id")),
    )


def _extent(of: Stream) -> Extent:
    return Extent(of.length, of.first_id, of.last_id, of.max_deleted_id, of.entries_added)


def _full_group(extent: Extent, raw: object, server_ms: int) -> Group:
    of = pairs(raw)
    waiting = _list(of.get(b"pending", of.get(b"pel")))
    return _group(
        extent,
        of,
        pending=_count(of.get(b"pel-count", len(waiting))),
        oldest=_full_pending(waiting[0], server_ms) if waiting else None,
        consumers=tuple([_full_consumer(one, server_ms) for one in _list(of.get(b"consumers"))]),
    )


def _full_pending(line: object, server_ms: int) -> OldestPending:
    """A pending entry of a group: id, consumer, time of delivery (server's ms), deliveries."""
    entry = _list(line)
    if len(entry) < 4:
        raise BadReplyError("a pending entry of a group has less than four parts")
    return OldestPending(
        _need_text(entry[0]), _bytes(entry[1]), max(0, server_ms - _count(entry[2])), _count(entry[3])
    )


def _group(
    extent: Extent,
    raw: Mapping[bytes, object],
    *,
    pending: int,
    oldest: OldestPending | None,
    consumers: tuple[Consumer, ...],
    consumers_known: bool = True,
) -> Group:
    delivered = _need_text(raw.get(b"last-delivered-id"))
    entries_read = _maybe_int(raw.get(b"entries-read"))
    return Group(
        name=_bytes(raw.get(b"name")),
        pending=pending,
        lag=extent.lag(delivered, entries_read, _maybe_int(raw.get(b"lag")), has_field=b"lag" in raw),
        last_delivered_id=delivered,
        entries_read=entries_read,
        oldest_pending=oldest,
        consumers=consumers,
        consumers_known=consumers_known,
    )


def _full_consumer(reply: object, server_ms: int) -> Consumer:
    raw = pairs(reply)
    seen, active = _maybe_int(raw.get(b"seen-time")), _maybe_int(raw.get(b"active-time"))
    return Consumer(
        name=_bytes(raw.get(b"name")),
        pending=_count(raw.get(b"pel-count", 0)),
        idle_ms=None if seen is None else max(0, server_ms - seen),
        inactive_ms=active if active is None or active < 0 else max(0, server_ms - active),
    )


def _plain_consumers(reply: object) -> tuple[Consumer, ...]:
    return tuple(
        Consumer(
            name=_bytes(raw.get(b"name")),
            pending=_count(raw.get(b"pending", 0)),
            idle_ms=_maybe_int(raw.get(b"idle")),
            inactive_ms=_maybe_int(raw.get(b"inactive")),
        )
        for raw in map(pairs, _list(reply))
    )


def _first_pending(reply: object) -> OldestPending | None:
    lines = _list(reply)
    return pending_line(lines[0]) if lines else None


def pending_line(line: object) -> OldestPending:
    """One line of ``XPENDING key group - + n``: id, consumer, idle ms, deliveries.

    Raises:
        BadReplyError: when the line cannot be understood.
    """
    parts = _list(line)
    if len(parts) < 4:
        raise BadReplyError("a line of XPENDING has less than four parts")
    return OldestPending(
        id=_need_text(parts[0]),
        consumer=_bytes(parts[1]),
        idle_ms=max(0, _count(parts[2])),
        deliveries=_count(parts[3]),
    )


def entry(reply: object) -> tuple[str, tuple[tuple[bytes, bytes], ...]]:
    """One entry of XRANGE: its id, and its fields in order (names may repeat).

    Raises:
        BadReplyError: when the entry cannot be understood.
    """
    parts = _list(reply)
    if len(parts) < 2:
        raise BadReplyError("an entry without fields")
    flat = [_bytes(part) for part in _list(parts[1])]
    return _need_text(parts[0]), tuple(zip(flat[::2], flat[1::2], strict=True))


def _entry_id(entry: object) -> str:
    parts = _list(entry)
    if not parts:
        raise BadReplyError("an entry without an id")
    return _need_text(parts[0])


def _list(value: object) -> Sequence[object]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return value
    raise BadReplyError(f"expected a list, got {type(value).__name__}")


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    raise BadReplyError(f"expected bytes, got {type(value).__name__}")


def _text(value: object) -> str | None:
    return None if value is None else _need_text(value)


def _need_text(value: object) -> str:
    try:
        return _bytes(value).decode("ascii")
    except UnicodeDecodeError as problem:
        raise BadReplyError("an id that is not ASCII") from problem


def _maybe_int(value: object) -> int | None:
    return None if value is None else _count(value)


def _count(value: object) -> int:
    if isinstance(value, int):
        return value
    raise BadReplyError(f"expected a number, got {type(value).__name__}")
