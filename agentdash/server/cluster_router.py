"""The router of a cluster: which node holds which slot, and where a redirected command goes next.

The only place that follows MOVED and ASK: reads, pipelines and changes that are sent once all come here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis import exceptions as faults
from redis.crc import key_slot

from agentdash.server.address import Host, spelled
from agentdash.server.connections import Client
from agentdash.server.link import MayHaveBeenCarriedOut
from agentdash.server.slots import SlotMap, slot_map

HOPS = 5
"""Nodes that one command is sent to in turn, at most."""
_REFRESH_SOON = 0.5
"""Seconds between two reads of an outdated map, at least."""
_REFRESH_LATE = 60.0
"""Seconds after which the map is read again without a reason: nothing else reports a new replica."""
_TRY_AGAIN = 0.05

_Problem = TypeVar("_Problem", bound=Exception)
_Reply = TypeVar("_Reply")


class ClusterRouter:
    """The nodes of one cluster, and the map of its slots; learns from redirections and failures.

    Args:
        seeds: Addresses of some nodes.
        open_node: Makes a client for one node; it is not connected yet.
    """

    def __init__(self, seeds: tuple[Host, ...], open_node: Callable[[Host], Client]) -> None:
        self._seeds = seeds
        self._open = open_node
        self._nodes: dict[Host, Client] = {}
        self._map: SlotMap | None = None
        self._read_at = 0.0
        self._outdated = False
        self._failed: set[Host] = set()
        self._lock = asyncio.Lock()

    async def primaries(self) -> dict[Host, Client]:
        """The nodes that hold slots, by address.

        Raises:
            redis.exceptions.RedisError: when no node knows which they are.
        """
        return {host: self.node(host) for host in (await self._slots()).hosts}

    async def holder(self, key: bytes) -> Host:
        """The address of the node that holds *key*.

        Raises:
            redis.exceptions.RedisError: when no node knows, or none holds the key's slot.
        """
        slot = key_slot(key)
        host = (await self._slots()).owners[slot]
        if host is None:
            self.outdate()
            raise faults.ClusterDownError(f"CLUSTERDOWN Hash slot {slot} is not served by any node")
        return host

    async def route(
        self, key: bytes, send: Callable[[Host, bool], Awaitable[_Reply]], *, resend: bool = True
    ) -> _Reply:
        """Send a command to the node that holds *key*, and on where the cluster redirects it.

        Args:
            key: What the command is about.
            send: Sends it to a node; True: after ASKING. Raises the node's redirection or failure.
            resend: Whether to send it to another node that has taken over when the connection breaks.

        Raises:
            redis.exceptions.RedisError: when it is refused, or its node cannot be reached.
        """
        host, asking = await self.holder(key), False
        for _ in range(HOPS):
            try:
                return await send(host, asking)
            except faults.AskError as redirected:  # a MovedError is one, too
                asking = not isinstance(redirected, faults.MovedError)
                host = (redirected.host or host[0], redirected.port)
                if not asking:
                    self.outdate()
            except faults.TryAgainError:
                await asyncio.sleep(_TRY_AGAIN)
            except faults.ClusterDownError:
                self.outdate()
                raise
            except MayHaveBeenCarriedOut as unsure:
                if isinstance(unsure.__cause__, Exception):
                    self.failure(host, unsure.__cause__)
                raise
            except faults.TimeoutError as problem:
                raise self.failure(host, problem) from problem.__cause__
            except faults.ConnectionError as problem:
                self.failure(host, problem)
                if not resend or (other := await self.holder(key)) == host:
                    raise
                host, asking = other, False
        raise faults.ClusterError(f"{HOPS} nodes in turn did not hold the key: the cluster is being rebuilt")

    def outdate(self, failed: Host | None = None) -> None:
        """Read the map again before it is used the next time: a node has failed, or redirected.

        Args:
            failed: The node that did not answer: others are asked before it, for each wait is a time-out.
        """
        self._outdated = True
        if failed is not None:
            self._failed.add(failed)

    def failure(self, host: Host, problem: _Problem) -> _Problem:
        """Record that a node failed, in *problem* as well: `source_error` names the node."""
        self.outdate(host)
        problem.node = f"node {spelled(host)}"  # type: ignore[attr-defined]
        return problem

    def node(self, host: Host) -> Client:
        """The client for one node."""
        if host not in self._nodes:
            self._nodes[host] = self._open(host)
        return self._nodes[host]

    async def aclose(self) -> None:
        """Close the connections to all nodes."""
        nodes, self._nodes = list(self._nodes.values()), {}
        await asyncio.gather(*(node.aclose() for node in nodes), return_exceptions=True)

    async def _slots(self) -> SlotMap:
        if self._map is not None and not self._is_due():
            return self._map
        async with self._lock:
            if self._map is None or self._is_due():
                await self._refresh()
        assert self._map is not None
        return self._map

    def _is_due(self) -> bool:
        return time.monotonic() - self._read_at >= (_REFRESH_SOON if self._outdated else _REFRESH_LATE)

    async def _refresh(self) -> None:
        """Read the map from one node, those that failed asked last; an old map is better than none."""
        problem: faults.RedisError | OSError | None = None
        known = (*self._map.hosts, *self._map.replicas) if self._map else ()
        hosts = dict.fromkeys((*known, *self._seeds))
        self._failed.intersection_update(hosts)
        for host in sorted(hosts, key=self._failed.__contains__):
            try:
                # Name and word apart: redis-py then leaves the reply as it is.
                reply = await self.node(host).execute_command("CLUSTER", "SLOTS")  # type: ignore[no-untyped-call]
                found = slot_map(reply, host)
            except (faults.RedisError, OSError) as error:
                self.failure(host, error)
                problem = problem or error
                continue
            self._failed.discard(host)
            if found.hosts:
                self._map, self._outdated, self._read_at = found, False, time.monotonic()
                for gone in [one for one in self._nodes if one not in found.hosts and one not in self._seeds]:
                    await self._nodes.pop(gone).aclose()
                return
            problem = problem or faults.ClusterDownError("CLUSTERDOWN no node holds any slot")
        self._read_at = time.monotonic()
        if self._map is None and problem is not None:
            raise problem
