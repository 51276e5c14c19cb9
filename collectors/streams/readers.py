"""Who waits in a blocking XREADGROUP, by CLIENT LIST: asked seldom, never of thousands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.streams.model import Readers, Stream
from agentdash.core.streams.queries import Clients
from collectors.streams.nodes import NodeDown
from collectors.streams.read import Reads

EVERY = 5.0
"""Seconds."""

MOST_CLIENTS = 400
"""CLIENT LIST holds up the server for about 2 µs a client; above this it is not asked."""


class ReaderWatch:
    """Asks now and then, while an answer can make a difference.

    It can only where a group has nothing unread and something pending: a reader that waits for new entries
    has a growing idle time there, as a dead one has.

    Attributes:
        gap: Why it cannot be told, in words; None where it can, or was not asked yet.
    """

    def __init__(self, database: int) -> None:
        self._database = str(database)
        self._readers: Readers | None = None
        self._asked_at: float | None = None
        self._denied = False
        self.gap: str | None = None

    def restart(self) -> None:
        """The server may be another one, with other rights."""
        self.__init__(int(self._database))  # type: ignore[misc]

    async def look(self, reads: Reads, streams: Sequence[Stream], now: float) -> Readers | None:
        """Who waits; None where that is not known or does not matter.

        Args:
            reads: To ask through.
            streams: As just read.
            now: A monotonic clock's seconds.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        if self._denied or not any(_unsure(stream) for stream in streams):
            self._readers = None
            return None
        if self._asked_at is None or now - self._asked_at >= EVERY:
            self._asked_at = now
            self._readers = await self._ask(reads, streams)
        return self._readers

    async def _ask(self, reads: Reads, streams: Sequence[Stream]) -> Readers | None:
        infos = await reads.ask_all(("INFO", "clients"))
        number = max((connected(info) or 0 for (info,) in infos.values()), default=0)
        if number > MOST_CLIENTS:
            self.gap = f"{number} clients are connected, too many to look for readers that wait (CLIENT LIST)"
            return None
        lists = await reads.ask_all(("CLIENT", "LIST"))
        blocked: list[bytes] = []
        for (reply,) in lists.values():
            if isinstance(reply, NoPermissionError):
                self._denied = True
                self.gap = (
                    "CLIENT LIST is not allowed (+client|list): a consumer is judged by one sign less, "
                    "whether it waits in a blocking read is not seen"
                )
                return None
            if isinstance(reply, NodeDown):  # its streams are not read either
                continue
            if not isinstance(reply, bytes):
                return None
            blocked += blocked_readers(reply, self._database)
        self.gap = None
        return told_apart(blocked, streams)


async def clients_now(reads: Reads, database: str) -> Clients:
    """Who waits and who is connected, asked once for a person who looks at consumers.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    (info,) = await reads.ask([("INFO", "clients")])
    number = connected(info)
    if number is not None and number > MOST_CLIENTS:
        return Clients(why=f"{number} clients: too many to list")
    (reply,) = await reads.ask([("CLIENT", "LIST")])
    if isinstance(reply, NoPermissionError):
        return Clients(why="CLIENT LIST is not allowed (+client|list)")
    if not isinstance(reply, bytes):
        return Clients(why="CLIENT LIST gives no answer here")
    names = (dict(_parts(line)).get(b"name", b"") for line in reply.splitlines())
    return Clients(tuple(blocked_readers(reply, database)), frozenset(name for name in names if name))


def blocked_readers(reply: bytes, database: str) -> list[bytes]:
    """Names (empty where there is none) of the clients that are blocked in XREADGROUP in that database.

    Of the reply of CLIENT LIST: a line a client, ``name=value`` parts with a space between, flag ``b`` for
    blocked; the server lets no space into a value. What is missing or not understood is passed over.
    """
    found = []
    for line in reply.splitlines():
        client = dict(_parts(line))
        if b"b" not in client.get(b"flags", b"") or client.get(b"cmd", b"").lower() != b"xreadgroup":
            continue
        if client.get(b"db", database.encode()) == database.encode():
            found.append(client.get(b"name", b""))
    return found


def told_apart(names: Sequence[bytes], streams: Sequence[Stream]) -> Readers:
    """Those that are named after a consumer, and how many others, which may be any consumer."""
    known = {consumer.name for stream in streams for group in stream.groups for consumer in group.consumers}
    return Readers(frozenset(known.intersection(names)), sum(name not in known for name in names))


def _parts(line: bytes) -> Iterator[tuple[bytes, bytes]]:
    for part in line.split(b" "):
        name, equals, value = part.partition(b"=")
        if equals:
            yield name, value


def connected(info: object) -> int | None:
    """``connected_clients`` of the reply of ``INFO clients``; None where it is not told."""
    if isinstance(info, ResponseError) or not isinstance(info, bytes):
        return None
    for line in info.splitlines():
        name, _, value = line.partition(b":")
        if name == b"connected_clients" and value.strip().isdigit():
            return int(value)
    return None


def _unsure(stream: Stream) -> bool:
    return any(group.pending > 0 and group.lag.value == 0 for group in stream.groups)
