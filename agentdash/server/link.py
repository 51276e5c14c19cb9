"""One connection to one server on which a change is sent once, and each answer is known to be its own.

Before a change, and after it, ``PING <random word>`` is sent. Its answer proves that the answers around it
belong to the commands around it: a proxy that repeats an answer would else shift all later ones by one. The
connection is in no pool and is closed after the action, so that what arrives late is read by nobody.
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
"""Repeated answers that are passed over, at most."""
_REFUSALS = (faults.BusyLoadingError, faults.AuthenticationError)
"""Error replies that redis-py counts among the failures of a connection."""
_REDIRECTIONS = (faults.AskError, faults.TryAgainError, faults.ClusterDownError)
_UNFIT = "answers came that do not belong to the commands"


class MayHaveBeenCarriedOut(faults.RedisError):
    """A change was sent, and its answer did not come. ``__cause__`` is why.

    Every other error of a write means that it was not carried out.
    """


class OutOfStep(faults.ConnectionError):
    """An answer that belongs to another command."""


class NodeLink:
    """A connection to one server, opened when it is needed.

    Args:
        node: A client of that server; its connections are not used, but opened like these.
    """

    def __init__(self, node: Redis) -> None:
        self._pool = node.connection_pool
        self._connection: AbstractConnection | None = None
        self._known = b""
        self._may_ping = True

    async def close(self) -> None:
        """Close it; what is not read yet is never read."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def read(self, commands: Sequence[Command], asking: bool) -> list[Any]:
        """Answers to *commands*, which are sent once more where the connection was closed.

        Args:
            commands: Such as change nothing, or nothing more when repeated.
            asking: Whether the server is to answer for a slot that is on its way to it.

        Raises:
            redis.exceptions.RedisError: when it cannot be asked, or redirects.
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
        """The answer to one command that is sent once.

        Raises:
            MayHaveBeenCarriedOut: when it was sent, and no answer came.
            redis.exceptions.RedisError: when it was not carried out.
        """
        connection = await self._ready(asking)
        word = _random_word()
        reply = await self._change(connection, [command, *self._fence(word)])
        await self._check_fence(connection, word)
        return _unredirected([reply])

    async def together(self, commands: Sequence[Command], asking: bool) -> list[Any]:
        """The answers to several commands that are sent once, in one MULTI.

        Raises:
            MayHaveBeenCarriedOut: when EXEC was sent, and no answer came.
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
        """MULTI, and what EXEC is to carry out. Whatever fails here: nothing was carried out."""
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
        """Send what changes something, and read one answer; from the first byte on it may be carried out.

        Args:
            connection: In step.
            commands: The first of them is what the answer is wanted of.
            old: Answers that were given before, and may come again.
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
        """The next answer that is not the repetition of an earlier one."""
        for _ in range(_REPEATED):
            reply = await _reply(connection)
            if not isinstance(reply, bytes) or reply not in (self._known, *old):
                return reply
        raise OutOfStep(_UNFIT)

    async def _check_fence(self, connection: AbstractConnection, word: bytes) -> None:
        """An answer is believed where the connection breaks after it, not where another one follows."""
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
        """The connection, open and in step: nothing was changed yet where this fails."""
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
        """Answers to *commands*, which belong to them."""
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
        """Whether *proof* is the answer to PING with *word*."""
        if isinstance(proof, faults.ResponseError):
            if "ping" not in str(proof).lower():
                raise proof
            self._may_ping = False  # a user who may not, or a server that calls it otherwise
        elif proof != word:
            raise OutOfStep(_UNFIT)

    def _fence(self, word: bytes) -> list[Command]:
        return [(b"PING", word)] if self._may_ping else []


_ASKING: Command = (b"ASKING",)


async def _reply(connection: AbstractConnection) -> Any:
    """One answer; an error of the server as a value."""
    try:
        return await connection.read_response()
    except faults.ResponseError as refused:
        return refused
    except faults.ConnectionError as problem:
        # redis-py makes a failure of the connection of what a former primary of a Sentinel service answers.
        if isinstance(problem.__context__, faults.ReadOnlyError):
            return problem.__context__
        raise


def _named(commands: Sequence[Command]) -> list[Command]:
    """Names as bytes: redis-py splits those that are text at their blanks."""
    return [(name if isinstance(name, bytes) else str(name).encode(), *words) for name, *words in commands]


def _unredirected(replies: list[Any]) -> list[Any]:
    """*replies*, unless one of them says that another server is to be asked."""
    for reply in replies:
        if isinstance(reply, _REDIRECTIONS):
            raise reply
    return replies


def _random_word() -> bytes:
    return secrets.token_hex(8).encode()
