"""Reads and changes of one action: what changes something is never sent twice, wherever it belongs.

A client of redis-py repeats a command when its connection breaks, also where the server had carried it out
and only the answer was lost. For a change that is wrong: it is sent once, and a lost answer is said to be
lost. A redirection of a cluster is an answer, too: nothing was carried out, so it may be followed.
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
        client: To whom; of a cluster the node is found by the key of the first command.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._links: dict[Host | None, NodeLink] = {}

    @property
    def url(self) -> str:
        """Of the server, without user and password."""
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
        """Send commands about one key that change nothing, or nothing more when repeated.

        They are repeated once where the connection was closed.

        Returns:
            Their answers; a refused one as its error.

        Raises:
            redis.exceptions.RedisError: when the server cannot be asked.
        """
        return await self._routed(commands[0], lambda link, asking: link.read(commands, asking))

    async def write(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands about one key that change something: once. Several go in one MULTI.

        EXEC is sent when the server has accepted all that comes before it: a connection that breaks earlier
        leaves nothing behind.

        Returns:
            Their answers; a refused one as its error.

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
        """Do *work* where the key of *command* is."""
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
