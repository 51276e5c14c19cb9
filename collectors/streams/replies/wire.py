"""Reads many replies from one of redis-py's connections, without its work for each reply.

redis-py opens the connection, logs in, does TLS, and gets the connection back; in between the bytes of its
stream are fed to a parser of our own. That takes a third of the time of its pipeline. It depends on two
private names of redis-py (``_reader``, a `asyncio.StreamReader`, and ``_parser``); where they differ or
hiredis is missing, the public pipeline is used instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeoutError

from agentdash.server.reply_guard import ReplyGuard

hiredis: Any
try:
    import hiredis
except ImportError:  # a platform without it: slower, and all the same right
    hiredis = None

if TYPE_CHECKING:
    from redis.asyncio import Redis

CHUNK = 256 * 1024
SLOWEST = 4
"""One reply must be complete within this many times the time-out, however its bytes arrive."""
_UNFINISHED = object()


def usable(client: Redis) -> bool:
    """Whether this works for *client*: one server, hiredis, replies as bytes."""
    pool = getattr(client, "connection_pool", None)
    kwargs = getattr(pool, "connection_kwargs", None)
    return hiredis is not None and isinstance(kwargs, dict) and not kwargs.get("decode_responses")


def pack(words: Sequence[Any]) -> bytes:
    """A command in the protocol's form: an array of bulk strings. Needs `usable`."""
    raw: bytes = hiredis.pack_command(tuple(words))
    return raw


Convert = Callable[[int, Any], Any]
"""Converts a reply, by its number."""


def unchanged(_: int, reply: Any) -> Any:
    """Return a reply as it is."""
    return reply


async def ask(
    client: Redis, writes: Sequence[Sequence[bytes]], silence: float | None, convert: Convert = unchanged
) -> list[Any]:
    """Write commands, each packed by `pack`, and read as many replies.

    While the replies to one write are read, the server works on the next one; no more are in flight.

    Args:
        client: For which `usable` is true.
        writes: What goes into one write each; no command that blocks.
        silence: Seconds that the server may be silent; None: for ever.
        convert: Converts each reply as it comes: meanwhile the server works on the next ones, and the reply
            is still in the processor's cache. It returns errors of the server unchanged.

    Returns:
        The converted replies, in order; errors of the server as exceptions among them.

    Raises:
        redis.exceptions.RedisError: when the connection fails, is silent for too long, or does not speak
            the protocol. The connection is then closed, so that no reply is left for the next who uses it.
    """
    pool: Any = client.connection_pool
    connection: Any = await pool.get_connection()
    done = False
    try:
        replies = Replies(connection, silence, convert)
        for number, commands in enumerate(writes):
            await connection.send_packed_command(b"".join(commands), check_health=False)
            if number > 0:
                await replies.read(len(writes[number - 1]))
        await replies.read(len(writes[-1]) if writes else 0)
        replies.check_complete()
        done = True
        return replies.all
    except TimeoutError as problem:
        raise RedisTimeoutError("the server sent nothing for too long") from problem
    finally:
        if not done:
            await connection.disconnect(nowait=True)
        await pool.release(connection)


class Replies:
    """Replies of one connection, parsed as they arrive; `all` has those converted so far."""

    def __init__(self, connection: Any, timeout: float | None, convert: Convert) -> None:
        self.all: list[Any] = []
        self._convert = convert
        self._wanted = 0
        self._timeout = timeout
        self._guard = ReplyGuard()
        self._stream = connection._reader  # noqa: SLF001 - see the module's docstring
        parse_error = connection._parser.parse_error  # noqa: SLF001 - likewise
        self._reader = hiredis.Reader(
            protocolError=InvalidResponse, replyError=parse_error, notEnoughData=_UNFINISHED
        )

    async def read(self, more: int) -> None:
        """Read *more* replies.

        Raises:
            TimeoutError: when nothing comes for too long.
            redis.exceptions.RedisError: when the connection ends, or does not speak the protocol.
        """
        self._wanted += more
        self._guard.begin(fresh=not self._reader.has_data())
        parsed, now = self._reader.gets, asyncio.get_running_loop().time
        begun = now()
        while len(self.all) < self._wanted:
            if self._timeout is not None and now() - begun > SLOWEST * self._timeout:
                raise TimeoutError  # it sends a byte now and then, and never a complete reply
            async with asyncio.timeout(self._timeout):
                chunk = await self._stream.read(CHUNK)
            if not chunk:
                raise RedisConnectionError("Connection closed by server.")
            self._guard.check(chunk)
            self._reader.feed(chunk)
            while (reply := parsed()) is not _UNFINISHED:
                self._guard.begin(fresh=False)
                begun = now()
                self.all.append(self._convert(len(self.all), reply))

    def check_complete(self) -> None:
        """Check that there is nothing else.

        Raises:
            redis.exceptions.RedisError: when there are too many replies; or an error that concerns no single
                command, such as a missing password or a server that is loading its data.
        """
        if len(self.all) > self._wanted:
            raise InvalidResponse("more replies than commands")
        for reply in self.all:
            if isinstance(reply, RedisConnectionError):
                raise reply
