"""Streams with so many consumers that one command about all of them would block the server.

FULL takes the server about 1 µs for each consumer with its first pending entry (Valkey 9.1). Where each start
of a program creates a consumer with a new name, they pile up, and with a thousand of them all other clients
wait for a millisecond. So the consumers of such streams are read seldom; all else by commands whose time does
not depend on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from agentdash.core.streams.model import Stream
from collectors.streams.read import Read, Reads, read_pairs
from collectors.streams.replies.full import BadReplyError, pairs

MOST = 500
"""Groups and consumers of a stream that is read with one command."""

EVERY_MS = 30_000
"""Between two reads of the consumers of a crowded stream whose groups stay the same."""


class CrowdedStreams:
    """Finds and reads crowded streams."""

    def __init__(self) -> None:
        self._listed: dict[bytes, int] = {}

    @property
    def gap(self) -> str | None:
        """What is less fresh than the rest; None where nothing is."""
        if not self._listed:
            return None
        return (
            f"groups with hundreds of consumers: their consumers are read every {EVERY_MS // 1000} s, "
            "so that no command blocks the server"
        )

    def restart(self) -> None:
        """The server may be another one."""
        self._listed.clear()

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        self._listed = {name: at for name, at in self._listed.items() if name in wanted}

    async def among(self, reads: Reads, names: Sequence[bytes], known: Mapping[bytes, Stream]) -> set[bytes]:
        """The crowded ones of *names*, as last read; those never read are counted first.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        unknown = [name for name in names if name not in known]
        replies = await reads.ask([("XINFO", "GROUPS", name) for name in unknown])
        found = {name for name, reply in zip(unknown, replies, strict=True) if _member_count(reply) > MOST}
        found |= {name for name in names if name in known and _size(known[name]) > MOST}
        for name in names:
            if name not in found:
                self._listed.pop(name, None)
        return found

    async def read(
        self, reads: Reads, names: Sequence[bytes], known: Mapping[bytes, Stream], server_ms: int
    ) -> list[Read]:
        """Read *names*, which are crowded; consumers that are not read again stay as last read.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        unlisted = {
            name: known[name]
            for name in names
            if name in known and server_ms - self._listed.get(name, -EVERY_MS) < EVERY_MS
        }
        answers = await read_pairs(reads, names, frozenset(unlisted))
        found: list[Read] = []
        for name, answer in zip(names, answers, strict=True):
            before = unlisted.get(name)
            if before is None or not isinstance(answer, Stream):
                self._listed[name] = server_ms
                found.append(answer)
                continue
            if {group.name for group in answer.groups} != {group.name for group in before.groups}:
                del self._listed[name]  # those of a new group are read next time
            found.append(_with_consumers_of(before, answer))
        return found


def _with_consumers_of(before: Stream, stream: Stream) -> Stream:
    was = {group.name: group for group in before.groups}
    groups = tuple(
        replace(group, consumers=was[group.name].consumers, consumers_known=was[group.name].consumers_known)
        if group.name in was
        else group
        for group in stream.groups
    )
    return replace(stream, groups=groups)


def _size(stream: Stream) -> int:
    return len(stream.groups) + sum(len(group.consumers) for group in stream.groups)


def _member_count(reply: object) -> int:
    """Groups and consumers in a reply of ``XINFO GROUPS``; 0 where it is something else."""
    if not isinstance(reply, list):
        return 0
    try:
        counts = [pairs(raw).get(b"consumers") for raw in reply]
    except BadReplyError:
        return 0
    return len(counts) + sum(count for count in counts if isinstance(count, int))
