"""A client for a whole cluster: each command goes to the node that holds its key.

redis-py has a cluster client of its own. This one is made of its ordinary clients, one a node, because what
is read fast here reads the bytes of an ordinary connection; because one node that is down must fail what lies
on that node and nothing else; and because every failure must be a `RedisError`, which is what callers expect.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from redis import exceptions as faults
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.crc import key_slot

from agentdash.server.address import Address, Host, spelled
from agentdash.server.cluster_map import SlotMap, key_of, slot_map
from agentdash.server.connections import Client

_HOPS = 5
"""Redirections that one command follows."""
_LOOK_EVERY = 0.5
"""Seconds between two looks at the map, at least."""
_LOOK_ANYWAY = 60.0

_Problem = TypeVar("_Problem", bound=Exception)

Staged = tuple[tuple[Any, ...], dict[str, Any]]
"""The words of a command, and what redis-py wants to know of its reply."""


class ClusterClient(Client):
    """Knows which node holds which slot, learns from redirections, and looks anew when a node fails.

    A command is repeated where the cluster sends it, and where another node has taken over from one that does
    not answer; at most `_HOPS` times. A pipeline goes to its nodes side by side; in a transaction all keys
    must be in one slot. Commands without a key go to any node: `primaries` gives each one, to ask them all.
    """

    _seeds: tuple[Host, ...]
    _open: Callable[[Host], Client]
    _nodes: dict[Host, Client]
    _map: SlotMap | None
    _looked_at: float
    _outdated: bool
    _failed: set[Host]
    _lock: asyncio.Lock

    @classmethod
    def to(cls, known: Address, open_node: Callable[[Host], Client]) -> ClusterClient:
        """A client for the cluster that *known* names some nodes of; not connected yet.

        Raises:
            ValueError: when the URL cannot be used; TypeError, when it has an option that nothing knows.
        """
        first = open_node(known.hosts[0])
        client = cls(connection_pool=first.connection_pool)
        client.named = known.bare
        client._seeds = known.hosts
        client._open = open_node
        client._nodes = {known.hosts[0]: first}
        client._map = None
        client._looked_at = 0.0
        client._outdated = False
        client._failed = set()
        client._lock = asyncio.Lock()
        return client

    # Nodes

    async def primaries(self) -> dict[Host, Client]:
        """The nodes that hold slots, by address.

        Raises:
            redis.exceptions.RedisError: when no node tells which they are.
        """
        return {host: self.node(host) for host in (await self._known()).hosts}

    async def holder(self, key: bytes) -> Host:
        """The address of the node that holds *key*.

        Raises:
            redis.exceptions.RedisError: when no node tells, or none holds the key's slot.
        """
        slot = key_slot(key)
        host = (await self._known()).owners[slot]
        if host is None:
            self.outdate()
            raise faults.ClusterDownError(f"CLUSTERDOWN Hash slot {slot} is not served by any node")
        return host

    def outdate(self, failed: Host | None = None) -> None:
        """A node has failed, or redirected: the map is looked at again before it is used the next time.

        Args:
            failed: The node that did not answer: others are asked before it, for each wait is a time-out.
        """
        self._outdated = True
        if failed is not None:
            self._failed.add(failed)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the connections to all nodes."""
        nodes, self._nodes = list(self._nodes.values()), {}
        await asyncio.gather(*(node.aclose() for node in nodes), return_exceptions=True)
        await super().aclose(close_connection_pool)

    def failure(self, host: Host, problem: _Problem) -> _Problem:
        """Note that a node failed, in *problem* as well: `in_words` says which."""
        self.outdate(host)
        problem.node = f"node {spelled(host)}"  # type: ignore[attr-defined]
        return problem

    def node(self, host: Host) -> Client:
        """The client for one node."""
        if host not in self._nodes:
            self._nodes[host] = self._open(host)
        return self._nodes[host]

    async def _known(self) -> SlotMap:
        if self._map is not None and not self._due():
            return self._map
        async with self._lock:
            if self._map is None or self._due():
                await self._look()
        assert self._map is not None
        return self._map

    def _due(self) -> bool:
        """Also now and then without a reason: of a new replica nothing else tells."""
        return time.monotonic() - self._looked_at >= (_LOOK_EVERY if self._outdated else _LOOK_ANYWAY)

    async def _look(self) -> None:
        """Ask nodes in turn for the map, those that failed at last; an old map is better than none."""
        problem: faults.RedisError | OSError | None = None
        known = (*self._map.hosts, *self._map.replicas) if self._map else ()
        hosts = dict.fromkeys((*known, *self._seeds))
        self._failed.intersection_update(hosts)
        for host in sorted(hosts, key=self._failed.__contains__):
            try:
                # Name and word apart: redis-py then leaves the reply as it is.
                found = slot_map(await _call(self.node(host), ("CLUSTER", "SLOTS"), {}), host)
            except (faults.RedisError, OSError) as error:
                self.failure(host, error)
                problem = problem or error
                continue
            self._failed.discard(host)
            if found.hosts:
                await self._take(found)
                return
            problem = problem or faults.ClusterDownError("CLUSTERDOWN no node holds any slot")
        self._looked_at = time.monotonic()
        if self._map is None and problem is not None:
            raise problem

    async def _take(self, found: SlotMap) -> None:
        self._map, self._outdated, self._looked_at = found, False, time.monotonic()
        gone = [host for host in self._nodes if host not in found.hosts and host not in self._seeds]
        for host in gone:
            await self._nodes.pop(host).aclose()

    # Commands

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command where it belongs; follow redirections.

        Raises:
            redis.exceptions.RedisError: when it is refused, or its node cannot be reached.
        """
        key = key_of(args)
        if key is None:
            return await self._anywhere(args, options)
        host = await self.holder(key)
        for _ in range(_HOPS):
            try:
                return await _call(self.node(host), args, options)
            except faults.AskError as told:  # a MovedError is one, too
                to = (told.host or host[0], told.port)
                if not isinstance(told, faults.MovedError):
                    return await self._asking(to, args, options)
                self.outdate()
                host = to
            except faults.TryAgainError:
                await asyncio.sleep(0.05)
            except faults.ClusterDownError:
                self.outdate()
                raise
            except faults.TimeoutError as problem:
                raise self.failure(host, problem) from problem.__cause__
            except faults.ConnectionError as problem:
                self.failure(host, problem)
                if (other := await self.holder(key)) == host:
                    raise
                host = other
        raise faults.ClusterError(f"{_HOPS} nodes in turn did not hold the key: the cluster is being rebuilt")

    async def _anywhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        problem: faults.ConnectionError | None = None
        for host, node in (await self.primaries()).items():
            try:
                return await _call(node, args, options)
            except faults.TimeoutError as error:
                raise self.failure(host, error) from error.__cause__
            except faults.ConnectionError as error:
                self.failure(host, error)
                problem = problem or error
        raise problem or faults.ClusterDownError("CLUSTERDOWN no node holds any slot")

    async def _asking(self, host: Host, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Ask the node that a slot is on its way to."""
        pipe = self.node(host).pipeline(transaction=False)
        pipe.execute_command("ASKING")
        pipe.execute_command(*args, **options)
        _, reply = await pipe.execute(raise_on_error=False)
        if isinstance(reply, Exception):
            raise reply
        return reply

    # Pipelines

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: ARG002
        """Commands that are sent together: to all their nodes side by side, or to one in a transaction."""
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
        host = await self._host_of(stack[0][0])
        for _ in range(_HOPS):
            pipe = self.node(host).pipeline(transaction=True)
            for args, options in stack:
                pipe.execute_command(*args, **options)
            try:
                replies: list[Any] = await pipe.execute(raise_on_error)
            except faults.MovedError as told:  # nothing of it was carried out
                self.outdate()
                host = (told.host or host[0], told.port)
            except (faults.AskError, faults.TryAgainError):  # on its way; nor was anything of this
                await asyncio.sleep(0.05)
            except faults.ClusterDownError:
                self.outdate()
                raise
            except (faults.ConnectionError, faults.TimeoutError) as problem:
                raise self.failure(host, problem) from problem.__cause__
            else:
                return replies
        raise faults.ClusterError(f"{_HOPS} nodes in turn did not hold the key: the cluster is being rebuilt")

    async def _host_of(self, args: Sequence[Any]) -> Host:
        key = key_of(args)
        if key is not None:
            return await self.holder(key)
        return next(iter((await self._known()).hosts))

    async def _send(self, host: Host, part: Sequence[Staged]) -> list[Any]:
        pipe = self.node(host).pipeline(transaction=False)
        for args, options in part:
            pipe.execute_command(*args, **options)
        try:
            replies: list[Any] = await pipe.execute(raise_on_error=False)
        except (faults.RedisError, OSError) as problem:
            return [self.failure(host, problem)] * len(part)
        if any(isinstance(reply, faults.AskError | faults.ClusterDownError) for reply in replies):
            self.outdate()
        return replies


class ClusterPipeline(Pipeline):
    """redis-py's pipeline, which its commands put themselves into; sent by the cluster's client."""

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
    """Whether it is no answer of the node, but the failure to get one."""
    return isinstance(reply, OSError | faults.TimeoutError | faults.ConnectionError)


async def _call(node: Client, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return await node.execute_command(*args, **options)  # type: ignore[no-untyped-call]


async def primaries(client: Redis) -> dict[str, Redis]:
    """The servers that hold the data, by name: all of a cluster; else the one there is, without a name.

    Raises:
        redis.exceptions.RedisError: when no node of a cluster tells which they are.
    """
    if not isinstance(client, ClusterClient):
        return {"": client}
    return {f"{host}:{port}": node for (host, port), node in (await client.primaries()).items()}
