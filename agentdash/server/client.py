"""The one way in which agentdash talks to Redis: explicit time-outs, few connections, one retry."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from agentdash.core.settings import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.server.words import in_words, place

__all__ = ["CLIENT_NAME", "in_words", "open_client", "place"]

CLIENT_NAME = "agentdash"
_CONNECTIONS = 8
_OURS = frozenset(
    {"decode_responses", "encoding", "encoding_errors", "protocol", "legacy_responses", "client_name"}
)
_EXAMPLE = "Use redis://[user:password@]host:6379/0, rediss://… for TLS, or unix:///path/to/redis.sock?db=0."


def open_client(url: str, settings: RedisSettings) -> Redis:
    """A client for *url* that has not connected yet; its replies are bytes.

    RESP2 is spoken: every server since 5.0 knows it, whereas HELLO, which RESP3 begins with, came with 6.0;
    and replies of XINFO then have one shape (flat lists of names and values) from all of them. Options in the
    URL's query that would change the shape of replies are ignored.

    A command is repeated once, when the connection turns out to be closed (a server that was restarted); a
    time-out is not, so that a silent server is known after ``settings.timeout`` seconds. A command that
    blocks on the server must ask for less than that.

    Raises:
        SourceError: when *url* is not one that can be used.
    """
    options: dict[str, Any] = {
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.connect_timeout,
        "max_connections": _CONNECTIONS,
        "timeout": settings.timeout,
    }
    try:
        _check(url)
        options.update({name: value for name, value in parse_url(url).items() if name not in _OURS})
        pool = BlockingConnectionPool(
            protocol=2,
            decode_responses=False,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            redis_connect_func=_greet,
            **options,
        )
        pool.connection_class(**pool.connection_kwargs)  # finds options that nothing knows; opens nothing
    except (ValueError, TypeError) as error:
        raise _bad(error) from error
    return Redis.from_pool(pool)


async def _greet(connection: AbstractConnection) -> None:
    """Log in as redis-py does, then say our name; a user who may not do that is let in all the same."""
    await connection.on_connect()
    await connection.send_command("CLIENT", "SETNAME", CLIENT_NAME, check_health=False)
    try:
        await connection.read_response()
    except ResponseError:
        return


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("it names no socket")
    elif parts.scheme in {"redis", "rediss"}:
        _ = parts.port  # raises ValueError where it is no number
        database = parts.path.strip("/")
        if database and not database.isdecimal():
            raise ValueError(f"{printable(database)!r} is not the number of a database")
    else:
        raise ValueError("it begins with none of redis://, rediss://, unix://")


def _bad(error: Exception) -> SourceError:
    """What is wrong, without the URL: in one that is malformed nobody knows where the password is."""
    text = str(error)
    if "unexpected keyword argument" in text:
        text = f"it has an option that is not known: {text.rpartition(' ')[2]}"
    elif "Port" in text or "port" in text:
        text = "its port is not a number from 0 to 65535"
    return SourceError(f"The URL of Redis cannot be used: {printable(text)}", _EXAMPLE)
