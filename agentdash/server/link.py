"""A connection on which a change is sent once, and each reply certainly belongs to its command.

``PING <random word>`` is sent before and after a change. Its reply proves that the replies around it belong
to the commands around it: a proxy that repeats a reply would shift all later ones by one. The connection is
in no pool and is closed after the action, so that a late reply is never read.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redis import exceptions as faults

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

Command = Sequence[Any]
"""The words of one command."""

_REPEATED = 16
"""Repeated replies that are skipped, at most."""
_REFUSALS = (faults.BusyLoadingError, faults.AuthenticationError)
"""Error replies that redis-py treats as failures of the connection."""
_REDIRECTIONS = (faults.AskError, faults.TryAgainError, faults.ClusterDownError)
_UNFIT = "replies do not belong to the commands"


class MayHaveBeenCarriedOut(faults.RedisError):
    """A change was sent, and no reply came. ``__cause__`` is why.

    Every other error of a write means that it was not carried out.
    """


class OutOfStep(faults.ConnectionError):
    """A reply that belongs to another command."""


class NodeLink:
    """A connection to one server, opened on demand.

    Args:
        node: A client of that server; its settings are used, not its connections.
    """

    def __init__(self, node: Redis) -> None:
        self._pool = node.connection_pool
        self._connection: AbstractConnection | None = None
        self._known = b""
        self._may_ping = True

    async def close(self) -> None:
        """Close it; unread replies are dropped."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def read(self, commands: Sequence[Command], asking: bool) -> list[Any]:
        """Replies to *commands*, which are sent again if the connection was closed.

        Args:
            commands: Idempotent ones.
            asking: Whether to send ASKING first: the slot is being moved to this server.

        Raises:
            redis.exceptions.RedisError: when it cannot be reached, or redirects.
        """
        words = [word for command in commands for word in (_ASKING, command)] if asking else commands
        for last in (False, True):
            try:
                await self._ready()
                replies = await self._ask(words)
            except faults.ConnectionError:
                if last:
                    raise
            else:
                return _unredirected(replies[1::2] if asking else replies)
        raise AssertionError

    async def write(self, command: Command, asking: bool) -> list[Any]:
        """The reply to one command that is sent once.

        Raises:
            MayHaveBeenCarriedOut: when it was sent, and no reply came.
            redis.exceptions.RedisError: when it was not carried out.
        """
        connection = await self._ready(asking)
        word = _random_word()
        reply = await self._change(connection, [command, *self._fence(word)])
        await self._check_fence(connection, word)
        return _unredirected([reply])

    async def together(self, commands: Sequence[Command], asking: bool) -> list[Any]:
        """The replies to several commands that are sent once, in one MULTI.

        Raises:
            MayHaveBeenCarriedOut: when EXEC was sent, and no reply came.
            redis.exceptions.RedisError: when none of them was carried out.
        """
        connection = await self._ready(asking)
        word = _random_word()
        queue = [*commands, *self._fence(word)]
        await self._queue(connection, queue)
        answer = await self._change(connection, [(b"EXEC",)], b"QUEUED")
        if isinstance(answer, faults.ResponseError):
            raise answer
        fits = isinstance(answer, list) and len(answer) == len(queue)
        if not fits or (self._may_ping and answer[-1] != word):
            await self.close()
            raise MayHaveBeenCarriedOut("no answer came") from OutOfStep(_UNFIT)
        return list(answer[: len(commands)])

    async def _queue(self, connection: AbstractConnection, queue: list[Command]) -> None:
        """Send MULTI and the commands. If this fails, nothing was carried out."""
        try:
            await connection.send_packed_command(connection.pack_commands([(b"MULTI",), *_named(queue)]))
            replies = [await self._reply(connection)]
            replies += [await _reply(connection) for _ in queue]
        except BaseException:
            await self.close()
            raise
        refused = [reply for reply in replies if isinstance(reply, faults.ResponseError)]
        if refused or replies != [b"OK", *[b"QUEUED"] * len(queue)]:
            await self.close()
            raise refused[0] if refused else OutOfStep(_UNFIT)

    async def _change(self, connection: AbstractConnection, commands: list[Command], *old: bytes) -> Any:
        """Send a change, and read one reply; from the first byte on it may be carried out.

        Args:
            connection: In step.
            commands: The reply is to the first of them.
            old: Earlier replies, which may be repeated.
        """
        sent = connection.pack_commands(_named(commands))
        try:
            await connection.send_packed_command(sent)
            return await self._reply(connection, *old)
        except _REFUSALS:
            await self.close()
            raise
        except Exception as problem:
            await self.close()
            raise MayHaveBeenCarriedOut("no answer came") from problem
        except BaseException:
            await self.close()
            raise

    async def _reply(self, connection: AbstractConnection, *old: bytes) -> Any:
        """The next reply that does not repeat an earlier one."""
        for _ in range(_REPEATED):
            reply = await _reply(connection)
            if not isinstance(reply, bytes) or reply not in (self._known, *old):
                return reply
        raise OutOfStep(_UNFIT)

    async def _check_fence(self, connection: AbstractConnection, word: bytes) -> None:
        """Accept a reply if the connection breaks after it, not if another one follows."""
        if not self._may_ping:
            return
        try:
            reply = await _reply(connection)
        except (faults.RedisError, OSError):
            await self.close()
            return
        if reply != word:
            await self.close()
            raise MayHaveBeenCarriedOut("no answer came") from OutOfStep(_UNFIT)
        self._known = word

    async def _ready(self, asking: bool = False) -> AbstractConnection:
        """The connection, open and in step; nothing was changed yet if this fails."""
        for last in (False, True):
            if self._connection is None:
                try:
                    self._connection = self._pool.connection_class(**self._pool.connection_kwargs)
                    await self._connection.connect()  # type: ignore[no-untyped-call]
                    await self._ask([])
                except OutOfStep:
                    if last:
                        raise
                except BaseException:
                    await self.close()
                    raise
        connection = self._connection
        if connection is None:
            raise OutOfStep(_UNFIT)
        if asking:
            await connection.send_command(*_ASKING)
            await self._reply(connection)
        return connection

    async def _ask(self, commands: Sequence[Command]) -> list[Any]:
        """Replies that belong to *commands*."""
        connection, word = self._connection, _random_word()
        assert connection is not None
        fence = self._fence(word)
        try:
            await connection.send_packed_command(connection.pack_commands(_named([*commands, *fence])))
            replies = [await _reply(connection) for _ in (*commands, *fence)]
            if fence:
                self._prove(replies.pop(), word)
        except BaseException:
            await self.close()
            raise
        self._known = word
        return replies

    def _prove(self, proof: Any, word: bytes) -> None:
        """Check that *proof* is the reply to PING with *word*."""
        if isinstance(proof, faults.ResponseError):
            if "ping" not in str(proof).lower():
                raise proof
            self._may_ping = False  # denied by the ACL, or renamed by the server
        elif proof != word:
            raise OutOfStep(_UNFIT)

    def _fence(self, word: bytes) -> list[Command]:
        return [(b"PING", word)] if self._may_ping else []


_ASKING: Command = (b"ASKING",)


async def _reply(connection: AbstractConnection) -> Any:
    """One reply; an error of the server as a value."""
    try:
        return await connection.read_response()
    except faults.ResponseError as refused:
        return refused
    except faults.ConnectionError as problem:
        # redis-py turns the reply of a former primary of a Sentinel service into a failure of the connection.
        if isinstance(problem.__context__, faults.ReadOnlyError):
            return problem.__context__
        raise


def _named(commands: Sequence[Command]) -> list[Command]:
    """*commands* with names as bytes: redis-py splits text at its blanks."""
    return [(name if isinstance(name, bytes) else str(name).encode(), *words) for name, *words in commands]


def _unredirected(replies: list[Any]) -> list[Any]:
    """*replies*, unless one of them is a redirection."""
    for reply in replies:
        if isinstance(reply, _REDIRECTIONS):
            raise reply
    return replies


def _random_word() -> bytes:
    return secrets.token_hex(8).encode()
