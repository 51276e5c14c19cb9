"""What the stream screen asks now and then beside its entries: rights, and clients for signs of life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.links.owners import Owners
from agentdash.core.streams.consumer_signs import Signs, signs
from agentdash.core.streams.model import Group, StreamsSnapshot
from agentdash.core.streams.queries import Clients, ClientsNow, Rights, RightsOn

if TYPE_CHECKING:
    from tui.dash import Dash

RIGHTS_EVERY = 30_000
"""Milliseconds after which rights are asked again: they may have been granted meanwhile."""
CLIENTS_EVERY = 5_000
"""Likewise for clients: CLIENT LIST holds up the server for about 2 µs a client."""


class Aside:
    """Asks for one stream, while its screen is looked at.

    Attributes:
        rights: What the server's ACL lets this user do.
        clients: Who waits in a blocking read; None until asked.
        asked: Whether rights were asked at all.
    """

    def __init__(self, dash: Dash, stream: bytes) -> None:
        self.rights = Rights()
        self.clients: Clients | None = None
        self.asked = False
        self._dash = dash
        self._stream = stream
        self._known: tuple[StreamsSnapshot | None, frozenset[bytes]] | None = None
        self._rights_at = self._clients_at = -RIGHTS_EVERY

    async def read(self) -> None:
        """Ask what is out of date.

        Raises:
            SourceError: when the server cannot be asked, in words.
        """
        now, ask = self._dash.now(), self._dash.engine.ask
        if now - self._clients_at >= CLIENTS_EVERY:
            self._clients_at = now
            clients = await ask(ClientsNow())
            self.clients = clients if isinstance(clients, Clients) else None
        if not self._dash.engine.read_only and now - self._rights_at >= RIGHTS_EVERY:
            self._rights_at = now
            rights = await ask(RightsOn(self._stream))
            self.rights = rights if isinstance(rights, Rights) else Rights()
            self.asked = True

    def signs_of(self, group: Group | None) -> dict[bytes, Signs]:
        """The signs of life of each consumer of *group*, by its name."""
        if group is None:
            return {}
        store, now = self._dash.store, self._dash.now()
        owners = Owners(store.runs, store.services)
        known = self._consumers(store.streams)
        return {
            consumer.name: signs(consumer, group, self.clients, known, owners.of(consumer.name), now)
            for consumer in group.consumers
        }

    def _consumers(self, streams: StreamsSnapshot | None) -> frozenset[bytes]:
        """The names of all consumers, put together once for each snapshot: there may be thousands."""
        if self._known is None or self._known[0] is not streams:
            names = frozenset(
                consumer.name
                for stream in (streams.streams if streams else ())
                for group in stream.groups
                for consumer in group.consumers
            )
            self._known = (streams, names)
        return self._known[1]
