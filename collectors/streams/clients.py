"""Which clients are blocked in XREADGROUP, by CLIENT LIST: read seldom, never with many clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.streams.model import Clients, Stream
from collectors.streams.nodes import NodeDown
from collectors.streams.read import Reads

EVERY = 5.0
"""Seconds."""

MOST_CLIENTS = 400
"""CLIENT LIST blocks the server for about 2 µs a client; above this it is not sent."""

Client = dict[bytes, bytes]
"""One line of CLIENT LIST, by the names of its parts."""


class ClientPoll:
    """Reads CLIENT LIST now and then, while it can make a difference.

    It can for a group with nothing unread and something pending: there a reader that waits for new entries
    has a growing idle time, as a dead one has. And for a stream on the screen, whose consumers are shown.

    Attributes:
        gap: Why it cannot be read; None where it can, or was not read yet.
    """

    def __init__(self, database: int) -> None:
        self._database = str(database).encode()
        self.restart()

    def restart(self) -> None:
        """The server may be another one, with other rights."""
        self._clients: Clients | None = None
        self._read_at: float | None = None
        self._denied = False
        self.gap: str | None = None

    async def poll(
        self, reads: Reads, streams: Sequence[Stream], now: float, *, on_screen: bool
    ) -> Clients | None:
        """The clients as last read; None where that makes no difference.

        Args:
            reads: To send commands through.
            streams: As just read.
            now: A monotonic clock's seconds.
            on_screen: Whether the consumers of a stream are shown.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        if not on_screen and (self._denied or not any(map(_depends_on_clients, streams))):
            self._clients = None
        elif not self._denied and (self._read_at is None or now - self._read_at >= EVERY):
            self._read_at = now
            self._clients = await self._read(reads, streams)
        elif self._denied:
            self._clients = Clients(why_unknown=_DENIED)
        return self._clients

    async def _read(self, reads: Reads, streams: Sequence[Stream]) -> Clients:
        infos = await reads.ask_all(("INFO", "clients"))
        number = max((connected(info) or 0 for (info,) in infos.values()), default=0)
        if number > MOST_CLIENTS:
            self.gap = f"{number} clients are connected, too many to list: blocked readers are unknown"
            return Clients(why_unknown=f"{number} clients: too many to list")
        found: list[Client] = []
        for (reply,) in (await reads.ask_all(("CLIENT", "LIST"))).values():
            if isinstance(reply, NoPermissionError):
                self._denied = True
                self.gap = f"{_DENIED}: whether a consumer is blocked in a read is unknown"
                return Clients(why_unknown=_DENIED)
            if isinstance(reply, NodeDown):  # its streams are not read either
                continue
            if not isinstance(reply, bytes):
                return Clients(why_unknown="CLIENT LIST gives no answer here")
            found += clients_in(reply)
        self.gap = None
        return summarize(found, self._database, streams)


_DENIED = "CLIENT LIST is not allowed (+client|list)"


def clients_in(reply: bytes) -> list[Client]:
    """The lines of a reply of CLIENT LIST: ``name=value`` parts with a space between, none within a value."""
    return [dict(_parts(line)) for line in reply.splitlines()]


def summarize(clients: Sequence[Client], database: bytes, streams: Sequence[Stream]) -> Clients:
    """Which consumers of *streams* have a client, and a blocked one (flag ``b``) in *database*."""
    consumers = {one.name for stream in streams for group in stream.groups for one in group.consumers}
    names = [client.get(b"name", b"") for client in clients if _is_blocked_reader(client, database)]
    return Clients(
        blocked=frozenset(consumers.intersection(names)),
        unnamed=sum(name not in consumers for name in names),
        connected=frozenset(consumers.intersection(client.get(b"name", b"") for client in clients)),
    )


def _is_blocked_reader(client: Client, database: bytes) -> bool:
    return (
        b"b" in client.get(b"flags", b"")
        and client.get(b"cmd", b"").lower() == b"xreadgroup"
        and client.get(b"db", database) == database
    )


def _parts(line: bytes) -> Iterator[tuple[bytes, bytes]]:
    for part in line.split(b" "):
        name, equals, value = part.partition(b"=")
        if equals:
            yield name, value


def connected(info: object) -> int | None:
    """``connected_clients`` of the reply of ``INFO clients``; None where it is missing."""
    if isinstance(info, ResponseError) or not isinstance(info, bytes):
        return None
    for line in info.splitlines():
        name, _, value = line.partition(b":")
        if name == b"connected_clients" and value.strip().isdigit():
            return int(value)
    return None


def _depends_on_clients(stream: Stream) -> bool:
    return any(group.pending > 0 and group.lag.value == 0 for group in stream.groups)
