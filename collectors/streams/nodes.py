"""Sends commands to the nodes of a cluster in parallel: if one is down, only its keys are missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from agentdash.core.text import printable
from agentdash.server.address import Host, spelled
from agentdash.server.client import source_error, url_of
from agentdash.server.cluster import ClusterClient, is_unreached
from agentdash.server.slots import key_of

RETRY_AFTER = 2.0
"""Seconds until a node that did not answer is tried again: each try may take as long as a time-out."""

Command = tuple[Any, ...]
"""The words of a command, the first as text: ``("XINFO", "STREAM", b"key")``."""

AskOne = Callable[[Redis, Sequence[Command]], Awaitable[list[Any]]]
"""Sends commands to one server; returns the replies in order, errors of the server among them."""


class NodeDown(ResponseError):  # noqa: N818 - it takes the place of a reply
    """In place of a reply: the node of the key gives none. The text says which node, and why."""


class Nodes:
    """The nodes of one cluster.

    Args:
        client: Its router knows the nodes.
        ask: Sends commands to one node.
        partial: Whether a failing node gives `NodeDown` in place of its replies, instead of an error.
    """

    def __init__(self, client: ClusterClient, ask: AskOne, partial: bool) -> None:
        self._router = client.router
        self._ask = ask
        self._partial = partial
        self._down: dict[Host, tuple[float, Exception]] = {}

    async def names(self) -> dict[str, Host]:
        """The nodes that hold slots, by name.

        Raises:
            redis.exceptions.RedisError: when no node knows them.
        """
        return {spelled(host): host for host in await self._router.primaries()}

    async def holder(self, key: bytes) -> str | None:
        """The name of the node that holds *key*; None where none does.

        Raises:
            redis.exceptions.RedisError: when no node knows the slots.
        """
        try:
            return spelled(await self._router.holder(key))
        except ClusterDownError:
            return None

    async def each(self, commands: Mapping[str, Sequence[Command]]) -> dict[str, list[Any]]:
        """Send commands to nodes, by name.

        Raises:
            redis.exceptions.RedisError: when one fails; with *partial*, when all fail.
        """
        known = await self.names()
        wanted = [(name, known[name]) for name in commands if name in known]
        found = await asyncio.gather(*(self._one(host, commands[name]) for name, host in wanted))
        failed = [part for part in found if isinstance(part, Exception)]
        if failed and (len(failed) == len(found) or not self._partial):
            raise failed[0]
        return {
            name: [_down(host, part)] * len(commands[name]) if isinstance(part, Exception) else part
            for (name, host), part in zip(wanted, found, strict=True)
        }

    async def spread(self, commands: Sequence[Command], near: bytes | None) -> list[Any]:
        """Send each command to the node of its key; those without a key to the node of *near*.

        Raises:
            SourceError: when a node fails, unless *partial*; it names the node.
            redis.exceptions.RedisError: when no node knows the slots.
        """
        replies: list[Any] = [None] * len(commands)
        parts: dict[Host, list[int]] = {}
        for number, command in enumerate(commands):
            try:
                parts.setdefault(await self._router.holder(key_of(command) or near or b""), []).append(number)
            except ClusterDownError as problem:
                replies[number] = problem
        await self._gather(commands, parts, replies, asking=False)
        asked = {number: host for host, part in parts.items() for number in part}
        for kind in (MovedError, AskError):
            again: dict[Host, list[int]] = {}
            for number, (name, _) in asked.items():
                if type(reply := replies[number]) is kind:
                    # A node that does not know its own address omits it: then it is the one that was asked.
                    again.setdefault((reply.host or name, reply.port), []).append(number)
            if again:
                self._router.outdate()
                await self._gather(commands, again, replies, asking=kind is AskError)
                asked |= {number: host for host, part in again.items() for number in part}
        return [self._reply(reply) for reply in replies]

    async def _gather(
        self,
        commands: Sequence[Command],
        parts: Mapping[Host, list[int]],
        replies: list[Any],
        *,
        asking: bool,
    ) -> None:
        """Send in parallel, and put the replies into their places."""
        step = 2 if asking else 1
        asked = [
            [word for number in part for word in ((("ASKING",),) if asking else ()) + (commands[number],)]
            for part in parts.values()
        ]
        found = await asyncio.gather(*map(self._one, parts, asked))
        for (host, part), answers in zip(parts.items(), found, strict=True):
            if isinstance(answers, Exception) and not self._partial:
                raise source_error(answers, url_of(self._router.node(host))) from answers
            for place, number in enumerate(part):
                replies[number] = (
                    _down(host, answers)
                    if isinstance(answers, Exception)
                    else answers[(place + 1) * step - 1]
                )

    async def _one(self, host: Host, commands: Sequence[Command]) -> list[Any] | Exception:
        """The replies of one node, or its failure."""
        until, problem = self._down.get(host, (0.0, None))
        if problem is not None and self._partial and time.monotonic() < until:
            return problem
        try:
            replies = await self._ask(self._router.node(host), commands)
        except (RedisError, OSError) as failure:
            self._router.outdate(host)
            self._down[host] = (time.monotonic() + RETRY_AFTER, failure)
            return failure
        self._down.pop(host, None)
        return replies

    def _reply(self, reply: Any) -> Any:
        if isinstance(reply, ClusterDownError):
            self._router.outdate()
            return NodeDown(f"the cluster does not serve it now ({printable(str(reply))})")
        if isinstance(reply, AskError):
            return NodeDown("the cluster is resharding: its slot is being moved")
        return reply


def _down(host: Host, problem: Exception) -> NodeDown:
    if isinstance(problem, RedisTimeoutError):
        what = "does not answer in time"
    elif is_unreached(problem):
        what = "cannot be reached"
    else:
        what = f"gives no valid replies ({printable(str(problem))})"
    return NodeDown(f"its node {printable(spelled(host))} of the cluster {what}")
