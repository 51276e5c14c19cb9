"""Reads many replies from one of redis-py's own connections, without its bookkeeping for each reply.

redis-py opens the connection, logs in, speaks TLS, and gets the connection back; in between the bytes of its
stream are fed to a parser of our own. That takes a third of the time of its pipeline. It leans on two private
names of redis-py (``_reader``, a `asyncio.StreamReader`, and ``_parser``); where they are not what is
expected, or hiredis is not installed, `usable` says so and the public pipeline is used instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeoutError

hiredis: Any
try:
    import hiredis
except ImportError:  # a platform without it: slower, and all the same right
    hiredis = None

if TYPE_CHECKING:
    from redis.asyncio import Redis

CHUNK = 256 * 1024
_UNFINISHED = object()


def usable(client: Redis) -> bool:
    """Whether replies of *client* can be read this way: one server, hiredis, replies as bytes."""
    pool = getattr(client, "connection_pool", None)
    kwargs = getattr(pool, "connection_kwargs", None)
    return hiredis is not None and isinstance(kwargs, dict) and not kwargs.get("decode_responses")


def packed(words: Sequence[Any]) -> bytes:
    """A command as the protocol writes it: an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


async def ask(client: Redis, commands: Sequence[bytes], patience: float | None) -> list[Any]:
    """Write *commands*, each `packed`, at once, and read as many replies.

    Args:
        client: For which `usable` holds.
        commands: Such that no one of them blocks.
        patience: Seconds that the server may be silent; None: for ever.

    Returns:
        The replies in order, errors of the server as exceptions among them.

    Raises:
        redis.exceptions.RedisError: when the connection fails, is silent for too long, or does not speak
            the protocol. The connection is then closed, so that no reply is left for the next who uses it.
    """
    pool: Any = client.connection_pool
    connection: Any = await pool.get_connection()
    whole = False
    try:
        await connection.send_packed_command(b"".join(commands), check_health=False)
        replies = await _replies(connection, len(commands), patience)
        whole = True
        return replies
    except TimeoutError as problem:
        raise RedisTimeoutError("the server was silent for too long") from problem
    finally:
        if not whole:
            await connection.disconnect(nowait=True)
        await pool.release(connection)


async def _replies(connection: Any, count: int, patience: float | None) -> list[Any]:
    stream, parser = connection._reader, connection._parser  # noqa: SLF001 - see the module's docstring
    reader = hiredis.Reader(
        protocolError=InvalidResponse, replyError=parser.parse_error, notEnoughData=_UNFINISHED
    )
    replies: list[Any] = []
    while len(replies) < count:
        async with asyncio.timeout(patience):
            chunk = await stream.read(CHUNK)
        if not chunk:
            raise RedisConnectionError("Connection closed by server.")
        reader.feed(chunk)
        while (reply := reader.gets()) is not _UNFINISHED:
            replies.append(reply)
    if len(replies) > count:
        raise InvalidResponse("more replies than commands")
    for reply in replies:
        if isinstance(reply, RedisConnectionError):  # NOAUTH, LOADING: of no one command
            raise reply
    return replies
