"""Connections to one server: how they are opened, named and retried, for every kind of URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from agentdash.core.settings.model import RedisSettings
from agentdash.server.reply_guard import NOT_AS_REDIS, UnexpectedReply, guarded_parser

CLIENT_NAME = "agentdash"
_CONNECTIONS = 8
_OURS = frozenset(
    {"decode_responses", "encoding", "encoding_errors", "protocol", "legacy_responses", "client_name"}
)


class Client(Redis):
    """redis-py's client.

    Attributes:
        named: Its URL without user, password and options.
    """

    named: str = ""

    @classmethod
    def of(cls, pool: BlockingConnectionPool, named: str) -> Client:
        """A client that owns *pool*."""
        client = cast("Client", cls.from_pool(pool))
        callbacks = client.response_callbacks
        callbacks.update({name: _checked(name, read) for name, read in list(callbacks.items())})
        client.named = named
        return client


def pool_of(
    url: str,
    settings: RedisSettings,
    kind: type[BlockingConnectionPool] = BlockingConnectionPool,
    **more: Any,
) -> BlockingConnectionPool:
    """A pool for a ``redis://``, ``rediss://`` or ``unix://`` URL; no connection is opened yet.

    Args:
        url: Options that would change the shape of replies are ignored.
        settings: The time-outs.
        kind: The class of the pool.
        more: Further arguments of that class.

    Raises:
        ValueError: when the URL cannot be used; TypeError, when it has an unknown option.
    """
    options: dict[str, Any] = {
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.connect_timeout,
        "max_connections": _CONNECTIONS,
        "timeout": settings.timeout,
    }
    if (parser := guarded_parser()) is not None:
        options["parser_class"] = parser
    options.update({name: value for name, value in parse_url(url).items() if name not in _OURS})
    pool = kind(
        protocol=2,
        decode_responses=False,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        redis_connect_func=_greet,
        **{**options, **more},
    )
    pool.connection_class(**pool.connection_kwargs)  # raises for unknown options; opens nothing
    return pool


async def _greet(connection: AbstractConnection) -> None:
    """Log in as redis-py does, then set the name of the client, if the ACL allows it."""
    await connection.on_connect()
    await connection.send_command("CLIENT", "SETNAME", CLIENT_NAME, check_health=False)
    try:
        first = await connection.read_response()
    except ResponseError as refused:
        first = refused
    if await connection.can_read():
        raise UnexpectedReply(f"more replies than commands, the first: {_shown(first)}")


def _shown(reply: object) -> str:
    return reply.decode("utf-8", "backslashreplace") if isinstance(reply, bytes) else str(reply)


def _checked(command: object, read: Callable[..., Any]) -> Callable[..., Any]:
    """redis-py's callback for one reply, with a clear error where it fails."""

    def checked(reply: Any, **options: Any) -> Any:
        try:
            return read(reply, **options)
        except NOT_AS_REDIS as problem:
            raise UnexpectedReply(
                f"its reply to {str(command).upper()} is not one of Redis ({problem})"
            ) from problem

    return checked
