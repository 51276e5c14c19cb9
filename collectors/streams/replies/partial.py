"""Reads a stream part by part where the ACL denies ``XINFO STREAM``.

That needs a permission of its own (``+xinfo|stream``; before Redis 7.0 all of ``+xinfo``). Without it the
length, the groups, the first and newest entry and pending entries may still be read, each by another command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from collectors.streams.read import (
    Command,
    Read,
    Reads,
    Withheld,
    lacks_full,
    read_full,
    read_pairs,
    refusal,
)
from collectors.streams.replies.full import BadReplyError, group_names, parse_pair

_DENIED = {
    "XINFO STREAM": (
        "+xinfo|stream, before Redis 7 +xinfo",
        "streams are read part by part; entries ever added or deleted are unknown",
    ),
    "XINFO GROUPS": ("+xinfo|groups, before Redis 7 +xinfo", "groups and their lag are unknown"),
    "XINFO CONSUMERS": ("+xinfo|consumers, before Redis 7 +xinfo", "consumers are unknown"),
    "XPENDING": ("+xpending", "the oldest pending entries are unknown"),
    "XRANGE": ("+xrange", "the first id of streams is unknown"),
    "XREVRANGE": ("+xrevrange", "the newest id of streams is unknown"),
}
GAPS = {
    command: f"{command} is not allowed ({permission}): {hidden}"
    for command, (permission, hidden) in _DENIED.items()
}
"""By command: what cannot be read if it is denied, with the missing permission."""

_A_STREAM = 4
"""Commands per stream, in the first of two rounds; see `_of_stream`."""


async def complete(
    reads: Reads, names: Sequence[bytes], answers: Sequence[Read]
) -> tuple[list[Read], frozenset[str]]:
    """*answers*, with withheld streams read part by part; and the commands that were denied.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    found = list(answers)
    places = [number for number, answer in enumerate(found) if isinstance(answer, Withheld)]
    if not places:
        return found, frozenset()
    parts = StreamParts([names[number] for number in places])
    for number, answer in zip(places, await parts.read(reads), strict=True):
        found[number] = answer
    return found, frozenset(parts.refused)


async def read_stream(reads: Reads, name: bytes, server_ms: int) -> Read:
    """Read one stream, with any version of the server and any rights.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    try:
        answers = await read_full(reads, [name], server_ms)
    except ResponseError as problem:
        if not lacks_full(problem):
            raise
        answers = await read_pairs(reads, [name])
    (found,), _ = await complete(reads, [name], answers)
    return found


class StreamParts:
    """Reads streams part by part, in two rounds of writes.

    Attributes:
        refused: The commands that the ACL denies.
    """

    def __init__(self, names: Sequence[bytes]) -> None:
        self._names = names
        self.refused = {"XINFO STREAM"}

    async def read(self, reads: Reads) -> list[Read]:
        """One answer for each name.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        asked = [command for name in self._names for command in _of_stream(name)]
        replies = await reads.ask(asked)
        heads = [replies[start : start + _A_STREAM] for start in range(0, len(replies), _A_STREAM)]
        groups = [
            (name, group) for name, head in zip(self._names, heads, strict=True) for group in _named(head[1])
        ]
        consumers = iter(await reads.ask([("XINFO", "CONSUMERS", *of) for of in groups]))
        waiting = iter(await reads.ask([("XPENDING", *of, "-", "+", 1) for of in groups]))
        return [
            self._stream(name, head, consumers, waiting)
            for name, head in zip(self._names, heads, strict=True)
        ]

    def _stream(
        self, name: bytes, head: Sequence[Any], consumers: Iterator[Any], waiting: Iterator[Any]
    ) -> Read:
        length, groups, first, newest = head
        count = len(_named(groups))
        listed = [self._or(next(consumers), "XINFO CONSUMERS", None) for _ in range(count)]
        oldest = [self._or(next(waiting), "XPENDING", ()) for _ in range(count)]
        if isinstance(length, ResponseError):
            why = refusal(length)
            return None if why is None else f"{why}; +xinfo|stream or +xlen would show it"
        known = self._or(groups, "XINFO GROUPS", None)
        if length == 0 and not known:  # deleted, or nothing of it can be read
            return None
        entries = self._or(first, "XRANGE", ())
        last = self._or(newest, "XREVRANGE", ())
        info = {
            b"length": length,
            b"first-entry": entries[0] if entries else None,
            b"last-generated-id": last[0][0] if last else None,
        }
        try:
            stream = parse_pair(name, info, known or (), listed, oldest)
        except BadReplyError as problem:
            return f"bad reply ({problem})"
        return stream if known is not None else replace(stream, groups_known=False)

    def _or(self, reply: Any, command: str, otherwise: Any) -> Any:
        """*reply*; *otherwise* where the ACL denies it, which is recorded; () for another error."""
        if isinstance(reply, NoPermissionError):
            self.refused.add(command)
            return otherwise
        return () if isinstance(reply, ResponseError) else reply


def _of_stream(name: bytes) -> tuple[Command, Command, Command, Command]:
    return (
        ("XLEN", name),
        ("XINFO", "GROUPS", name),
        ("XRANGE", name, "-", "+", "COUNT", 1),
        ("XREVRANGE", name, "+", "-", "COUNT", 1),
    )


def _named(groups: object) -> tuple[bytes, ...]:
    if isinstance(groups, ResponseError):
        return ()
    try:
        return group_names(groups)
    except BadReplyError:
        return ()
