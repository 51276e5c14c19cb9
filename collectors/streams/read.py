"""Reads many streams in few round trips.

One ``XINFO STREAM key FULL COUNT 1`` per stream, at most 50 commands per write, so that other clients are not
blocked. ``COUNT 0`` would mean *every entry*: it is never sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, NoPermissionError, RedisError, ResponseError

from agentdash.core.streams.model import Stream
from agentdash.server.cluster import ClusterClient
from collectors.streams.nodes import Command, NodeDown, Nodes
from collectors.streams.replies import wire as streams_wire
from collectors.streams.replies.full import BadReplyError, group_names, parse_full, parse_pair

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = [
    "PER_WRITE",
    "Command",
    "Read",
    "Reads",
    "Withheld",
    "lacks_full",
    "read_full",
    "read_pairs",
    "refusal",
]

PER_WRITE = 50

Read = Stream | str | None
"""A stream; or why it could not be read; or None, where there is no stream of that name (any more)."""


class Withheld(str):
    """Why a stream could not be read, where the ACL denies the command, not the key."""

    __slots__ = ()


class Reads:
    """Sends commands, fifty per write, and counts them.

    Only reads: if the server has closed the connection, a write is repeated once. In a cluster each command
    goes to the node of its key, in parallel.

    Args:
        client: Of the server.
        partial: Whether a failing node of a cluster gives `NodeDown` in place of its replies.

    Attributes:
        round_trips: Writes since `begin`.
        commands: Commands sent, since `begin`.
        skews: Milliseconds by which the clocks of nodes are ahead of the server's time.
    """

    def __init__(self, client: Redis, *, partial: bool = False) -> None:
        self.client = client
        self.round_trips = 0
        self.commands = 0
        self.skews: dict[str, int] = {}
        self._wire = streams_wire.usable(client)
        self._nodes = Nodes(client, self._send, partial) if isinstance(client, ClusterClient) else None

    def begin(self) -> None:
        """Reset the counters."""
        self.round_trips = 0
        self.commands = 0

    async def ask(
        self,
        commands: Sequence[Command],
        *,
        near: bytes | None = None,
        convert: streams_wire.Convert = streams_wire.unchanged,
    ) -> list[Any]:
        """Send *commands*, at most `PER_WRITE` a write.

        Args:
            commands: In a cluster those without a key go to the node of *near*.
            near: A key.
            convert: Converts a reply, by the number of its command: if possible as it comes, while the
                server works on the next ones. It returns an error unchanged, and may be called again for
                the same reply.

        Returns:
            The converted replies, in order; a `ResponseError` where the server refused a command.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        if not commands:
            return []
        if self._nodes is not None:
            spread = await self._nodes.spread(commands, near)
            return await _converted(convert, spread)
        return await self._send(self.client, commands, convert)

    async def nodes(self) -> tuple[str, ...]:
        """The names of the nodes of a cluster; else one empty name.

        Raises:
            redis.exceptions.RedisError: when no node of a cluster knows them.
        """
        return ("",) if self._nodes is None else tuple(await self._nodes.names())

    async def ask_all(self, *commands: Command) -> dict[str, list[Any]]:
        """Send the same commands to all nodes; see `ask_nodes`."""
        return await self.ask_nodes(dict.fromkeys(await self.nodes(), commands))

    async def ask_nodes(self, commands: Mapping[str, Sequence[Command]]) -> dict[str, list[Any]]:
        """Send commands without a key to nodes by name, in parallel; replies as of `ask`.

        Raises:
            redis.exceptions.RedisError: when the connection fails; with *partial*, when all fail.
        """
        if self._nodes is not None:
            return await self._nodes.each(commands)
        return {name: await self._send(self.client, words) for name, words in commands.items()}

    async def skew_of(self, key: bytes) -> int:
        """Milliseconds by which the clock of the node of *key* is ahead; see `skews`."""
        if self._nodes is None:
            return 0
        return self.skews.get(await self._nodes.holder(key) or "", 0)

    async def _send(
        self,
        client: Redis,
        commands: Sequence[Command],
        convert: streams_wire.Convert = streams_wire.unchanged,
    ) -> list[Any]:
        writes = [commands[start : start + PER_WRITE] for start in range(0, len(commands), PER_WRITE)]
        replies = await self._send_packed(client, writes, convert) if self._wire else None
        if replies is None:
            came = [reply for part in writes for reply in await self._pipeline(client, part)]
            replies = await _converted(convert, came)
        self.round_trips += len(writes)
        self.commands += len(commands)
        return replies

    async def _send_packed(
        self, client: Redis, writes: Sequence[Sequence[Command]], convert: streams_wire.Convert
    ) -> list[Any] | None:
        """Send over the bytes of a connection; None where this redis-py does not allow it."""
        pack = [[streams_wire.pack(command) for command in part] for part in writes]
        timeout = client.connection_pool.connection_kwargs.get("socket_timeout")
        try:
            try:
                return await streams_wire.ask(client, pack, timeout, convert)
            except RedisConnectionError as problem:
                if type(problem) is not RedisConnectionError:  # those below it are answers of the server
                    raise
                return await streams_wire.ask(client, pack, timeout, convert)
        except AttributeError:
            self._wire = False
            return None

    async def _pipeline(self, client: Redis, part: Sequence[Command]) -> list[Any]:
        """Send through redis-py's public pipeline.

        The command's name is sent as bytes: redis-py then does not convert the reply (its conversion of
        XRANGE loses repeated fields).
        """
        pipeline = client.pipeline(transaction=False)
        for command in part:
            pipeline.execute_command(command[0].encode(), *command[1:])
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies


async def _converted(convert: streams_wire.Convert, replies: list[Any]) -> list[Any]:
    """The converted *replies*; yields to the event loop now and then."""
    if convert is streams_wire.unchanged:
        return replies
    made = []
    for number, reply in enumerate(replies):
        made.append(convert(number, reply))
        if number % PER_WRITE == 0:
            await asyncio.sleep(0)
    return made


async def read_full(reads: Reads, names: Sequence[bytes], server_ms: int) -> list[Read]:
    """Read *names* with one command each, yielding to the event loop now and then. Redis 6.0 or later.

    Args:
        reads: To send commands through.
        names: Keys.
        server_ms: The server's time, Unix ms.

    Raises:
        redis.exceptions.RedisError: when the connection fails, or the server refuses FULL itself.
    """
    commands: list[Command] = [("XINFO", "STREAM", name, "FULL", "COUNT", 1) for name in names]
    if not reads.skews:

        def convert(number: int, reply: Any) -> Any:
            return _parsed(names[number], reply, server_ms)

        return [_answer(parsed) for parsed in await reads.ask(commands, convert=convert)]
    replies = await reads.ask(commands)
    found: list[Read] = []
    for start in range(0, len(names), PER_WRITE):
        part = slice(start, start + PER_WRITE)
        found += [
            _answer(_parsed(name, reply, server_ms + await reads.skew_of(name)))
            for name, reply in zip(names[part], replies[part], strict=True)
        ]
        await asyncio.sleep(0)
    return found


async def read_pairs(reads: Reads, names: Sequence[bytes], unlisted: Collection[bytes] = ()) -> list[Read]:
    """Read *names* without FULL, for Redis 5: two commands per stream, then two per group.

    The per-consumer form of XPENDING is not used: on those servers it would reset the consumer's idle time.

    Args:
        reads: To send commands through.
        names: Keys.
        unlisted: Those whose consumers are not read; their groups have none.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    asked: list[Command] = []
    for name in names:
        asked += [("XINFO", "STREAM", name), ("XINFO", "GROUPS", name)]
    heads = await reads.ask(asked)
    groups: list[tuple[bytes, bytes]] = []
    for name, reply in zip(names, heads[1::2], strict=True):
        if not isinstance(reply, ResponseError):
            groups += [(name, group) for group in group_names(reply)]
    listed = [(name, group) for name, group in groups if name not in unlisted]
    replies = iter(await reads.ask([("XINFO", "CONSUMERS", name, group) for name, group in listed]))
    consumers = [() if name in unlisted else next(replies) for name, _ in groups]
    oldest = await reads.ask([("XPENDING", name, group, "-", "+", 1) for name, group in groups])
    answers: list[Read] = []
    at = 0
    for number, name in enumerate(names):
        until = at + sum(1 for of, _ in groups[at:] if of == name)
        answers.append(
            _pair(name, heads[2 * number], heads[2 * number + 1], consumers[at:until], oldest[at:until])
        )
        at = until
    return answers


def refusal(problem: ResponseError) -> str | None:
    """Why a stream could not be read; None where it is no stream (any more).

    Raises:
        MasterDownError: *problem*, which concerns all streams.
    """
    text = str(problem)
    if isinstance(problem, NodeDown):
        return text
    if "no such key" in text or text.startswith("WRONGTYPE"):
        return None
    if isinstance(problem, MasterDownError):
        raise problem
    if isinstance(problem, NoPermissionError):
        why = f"the ACL denies reading it ({text})"
        return Withheld(why) if "permissions to run" in text else why
    return f"the server refused XINFO ({text})"


def lacks_full(problem: ResponseError) -> bool:
    """Whether the server is too old for ``XINFO STREAM … FULL`` (before Redis 6.0)."""
    text = str(problem).lower()
    return "unknown subcommand" in text or "wrong number of arguments" in text or "syntax error" in text


def _parsed(name: bytes, reply: Any, server_ms: int) -> Read | RedisError:
    """The stream in a reply; an error of the server unchanged."""
    if isinstance(reply, RedisError):
        return reply
    try:
        return parse_full(name, reply, server_ms)
    except BadReplyError as problem:
        return f"bad reply ({problem})"


def _answer(parsed: Read | RedisError) -> Read:
    if isinstance(parsed, ResponseError):
        if lacks_full(parsed):
            raise parsed
        return refusal(parsed)
    if isinstance(parsed, RedisError):
        raise parsed
    return parsed


def _pair(
    name: bytes, info: object, groups: object, consumers: Sequence[object], oldest: Sequence[object]
) -> Read:
    for reply in (info, groups):
        if isinstance(reply, ResponseError):
            return refusal(reply)
    # A group that was destroyed between the two rounds has no consumers and no pending entries.
    readers = [None if isinstance(reply, NoPermissionError) else _or_empty(reply) for reply in consumers]
    waiting = [_or_empty(reply) for reply in oldest]
    try:
        return parse_pair(name, info, groups, readers, waiting)
    except BadReplyError as problem:
        return f"bad reply ({problem})"


def _or_empty(reply: object) -> object:
    """*reply*; () for an error: the group was destroyed meanwhile."""
    return () if isinstance(reply, ResponseError) else reply
