"""A client for a whole cluster: each command goes to the node that holds its key.

redis-py has a cluster client of its own. This one is made of its ordinary clients, one a node: the fast
reader of replies needs the bytes of an ordinary connection, a node that is down must fail what is on that
node and nothing else, and every failure must be a `RedisError`, which is what callers expect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from redis import exceptions as faults
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.crc import key_slot

from agentdash.server.address import Address, Host, spelled
from agentdash.server.cluster_router import ClusterRouter
from agentdash.server.connections import Client
from agentdash.server.slots import key_of

Staged = tuple[tuple[Any, ...], dict[str, Any]]
"""The words of a command, and redis-py's options for reading its reply."""


class ClusterClient(Client):
    """Sends commands by way of its `router`, to the node that holds their key.

    A pipeline goes to its nodes side by side; in a transaction all keys must be in one slot. A command
    without a key goes to any node.
    """

    router: ClusterRouter

    @classmethod
    def to(cls, known: Address, open_node: Callable[[Host], Client]) -> ClusterClient:
        """A client for the cluster that *known* names some nodes of; not connected yet.

        Raises:
            ValueError: when the URL cannot be used; TypeError, when it has an unknown option.
        """
        router = ClusterRouter(known.hosts, open_node)
        client = cls(connection_pool=router.node(known.hosts[0]).connection_pool)
        client.named = known.bare
        client.router = router
        return client

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the connections to all nodes."""
        await self.router.aclose()
        await super().aclose(close_connection_pool)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command where it belongs.

        Raises:
            redis.exceptions.RedisError: when it is refused, or its node cannot be reached.
        """
        key = key_of(args)
        if key is None:
            return await self._anywhere(args, options)

        async def send(host: Host, asking: bool) -> Any:
            node = self.router.node(host)
            if not asking:
                return await _call(node, args, options)
            pipe = node.pipeline(transaction=False)
            pipe.execute_command("ASKING")
            pipe.execute_command(*args, **options)
            _, reply = await pipe.execute(raise_on_error=False)
            if isinstance(reply, Exception):
                raise reply
            return reply

        return await self.router.route(key, send)

    async def _anywhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        problem: faults.ConnectionError | None = None
        for host, node in (await self.router.primaries()).items():
            try:
                return await _call(node, args, options)
            except faults.TimeoutError as error:
                raise self.router.failure(host, error) from error.__cause__
            except faults.ConnectionError as error:
                self.router.failure(host, error)
                problem = problem or error
        raise problem or faults.ClusterDownError("CLUSTERDOWN no node holds any slot")

    # Pipelines

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: ARG002
        """Commands that are sent together: to their nodes side by side, or to one node in a transaction."""
        return ClusterPipeline(self, transaction)

    async def spread(self, stack: Sequence[Staged]) -> list[Any]:
        """Send commands to the nodes that they belong to, side by side, in order at each.

        Returns:
            The replies in order; a command that was refused, or whose node cannot be reached, as its error.

        Raises:
            redis.exceptions.RedisError: when no node can be reached.
        """
        replies: list[Any] = [None] * len(stack)
        parts: dict[Host, list[int]] = {}
        for number, (args, _) in enumerate(stack):
            try:
                parts.setdefault(await self._host_of(args), []).append(number)
            except faults.ClusterDownError as problem:
                replies[number] = problem
        parted = await asyncio.gather(
            *(self._send(host, [stack[number] for number in part]) for host, part in parts.items())
        )
        for part, answers in zip(parts.values(), parted, strict=True):
            for number, answer in zip(part, answers, strict=True):
                replies[number] = answer
        for number, reply in enumerate(replies):
            if isinstance(reply, faults.AskError):
                args, options = stack[number]
                try:
                    replies[number] = await self.execute_command(*args, **options)
                except faults.RedisError as problem:
                    replies[number] = problem
        return replies

    async def together(self, stack: Sequence[Staged], raise_on_error: bool) -> list[Any]:
        """Send commands in one MULTI.

        Raises:
            redis.exceptions.RedisError: when their keys are not in one slot, or it fails.
        """
        keys = [key for args, _ in stack if (key := key_of(args)) is not None]
        if len({key_slot(key) for key in keys}) > 1:
            raise faults.ClusterCrossSlotError("Keys in one transaction don't hash to the same slot")

        async def send(host: Host, _asking: bool) -> list[Any]:
            pipe = self.router.node(host).pipeline(transaction=True)
            for args, options in stack:
                pipe.execute_command(*args, **options)
            try:
                replies: list[Any] = await pipe.execute(raise_on_error)
            except faults.MovedError:
                raise
            except faults.AskError as redirected:  # nothing was carried out: wait until the slot has moved
                raise faults.TryAgainError from redirected
            return replies

        return await self.router.route(next(iter(keys), b""), send, resend=False)

    async def _host_of(self, args: Sequence[Any]) -> Host:
        key = key_of(args)
        if key is not None:
            return await self.router.holder(key)
        return next(iter(await self.router.primaries()))

    async def _send(self, host: Host, part: Sequence[Staged]) -> list[Any]:
        pipe = self.router.node(host).pipeline(transaction=False)
        for args, options in part:
            pipe.execute_command(*args, **options)
        try:
            replies: list[Any] = await pipe.execute(raise_on_error=False)
        except (faults.RedisError, OSError) as problem:
            return [self.router.failure(host, problem)] * len(part)
        if any(isinstance(reply, faults.AskError | faults.ClusterDownError) for reply in replies):
            self.router.outdate()
        return replies


class ClusterPipeline(Pipeline):
    """redis-py's pipeline, sent by the cluster's client."""

    def __init__(self, cluster: ClusterClient, transaction: bool) -> None:
        super().__init__(cluster.connection_pool, cluster.response_callbacks, transaction, None)
        self._cluster = cluster

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send all; see `Pipeline.execute` of redis-py.

        Raises:
            redis.exceptions.RedisError: when no node can be reached; with *raise_on_error* the first error
                among the replies.
        """
        stack = [(tuple(args), dict(options)) for args, options in self.command_stack]
        await self.reset()  # type: ignore[no-untyped-call]
        if not stack:
            return []
        if self.is_transaction:
            return await self._cluster.together(stack, raise_on_error)
        replies = await self._cluster.spread(stack)
        failed = [reply for reply in replies if isinstance(reply, Exception)]
        if failed and (raise_on_error or all(map(is_unreached, replies))):
            raise failed[0]
        return replies


def is_unreached(reply: object) -> bool:
    """Whether *reply* is a failure to get one."""
    return isinstance(reply, OSError | faults.TimeoutError | faults.ConnectionError)


async def _call(node: Client, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return await node.execute_command(*args, **options)  # type: ignore[no-untyped-call]


async def primaries(client: Redis) -> dict[str, Redis]:
    """The servers that hold the data, by name: all of a cluster; else the only one, with an empty name.

    Raises:
        redis.exceptions.RedisError: when no node of a cluster knows which they are.
    """
    if not isinstance(client, ClusterClient):
        return {"": client}
    return {spelled(host): node for host, node in (await client.router.primaries()).items()}
