"""Reads and changes of one action: a change is never sent twice.

A client of redis-py repeats a command when its connection breaks, even if the server had carried it out and
only the reply was lost. For a change that is wrong: it is sent once, and a lost reply is reported. A
redirection of a cluster is a reply, too: nothing was carried out, so it may be followed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from agentdash.server.client import url_of
from agentdash.server.cluster import ClusterClient
from agentdash.server.link import Command, MayHaveBeenCarriedOut, NodeLink
from agentdash.server.slots import key_of

if TYPE_CHECKING:
    from types import TracebackType

    from redis.asyncio import Redis

    from agentdash.server.address import Host

__all__ = ["Command", "Exchange", "MayHaveBeenCarriedOut"]


class Exchange:
    """Reads and changes for one action, to be closed after it.

    Args:
        client: Of the server; in a cluster the node is found by the key of the first command.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._links: dict[Host | None, NodeLink] = {}

    @property
    def url(self) -> str:
        """The URL of the server, without user and password."""
        return url_of(self._client)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        links, self._links = list(self._links.values()), {}
        for link in links:
            await link.close()

    async def read(self, commands: Sequence[Command]) -> list[Any]:
        """Send idempotent commands about one key; again if the connection was closed.

        Returns:
            Their replies; an error of the server in place of its reply.

        Raises:
            redis.exceptions.RedisError: when the server cannot be reached.
        """
        return await self._routed(commands[0], lambda link, asking: link.read(commands, asking))

    async def write(self, commands: Sequence[Command]) -> list[Any]:
        """Send changes of one key, once. Several go in one MULTI.

        EXEC is sent after the server has accepted all commands before it: if the connection breaks earlier,
        nothing was changed.

        Returns:
            Their replies; an error of the server in place of its reply.

        Raises:
            MayHaveBeenCarriedOut: when the connection fails after the change was sent.
            redis.exceptions.RedisError: when it was not carried out.
        """
        if len(commands) == 1:
            return await self._routed(commands[0], lambda link, asking: link.write(commands[0], asking))
        return await self._routed(commands[0], lambda link, asking: link.together(commands, asking))

    async def _routed(
        self, command: Command, work: Callable[[NodeLink, bool], Awaitable[list[Any]]]
    ) -> list[Any]:
        """Do *work* at the node of the key of *command*."""
        client, key = self._client, key_of(command)
        if not isinstance(client, ClusterClient) or key is None:
            return await work(self._link(None, client), False)
        router = client.router
        # Where the connection breaks, nothing was sent: else the link raises MayHaveBeenCarriedOut.
        return await router.route(key, lambda host, asking: work(self._link(host, router.node(host)), asking))

    def _link(self, host: Host | None, node: Redis) -> NodeLink:
        if host not in self._links:
            self._links[host] = NodeLink(node)
        return self._links[host]
