"""Reads the topology of Redis streams: streams, groups, consumers and their progress."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.snapshot import Collector, SourceError, Topic
from agentdash.core.streams.model import Stream, StreamsSnapshot
from agentdash.server.client import UNREADABLE, source_error, url_of
from collectors.streams.clients import ClientPoll
from collectors.streams.count import LagCounter
from collectors.streams.discovery import SLICE_EVERY, Discovery
from collectors.streams.pending import DeliveryWalk
from collectors.streams.read import Reads
from collectors.streams.sample import StreamSampler
from collectors.streams.server_poll import ServerPoll
from collectors.streams.topology import Topology

if TYPE_CHECKING:
    from redis.asyncio import Redis

ON_SCREEN_FOR = 10.0
"""Seconds."""


class StreamsCollector(Collector):
    """One command per stream, fifty per write; discovery and expensive samples in small steps.

    Args:
        client: With ``decode_responses=False``: keys need not be text.
        settings: Which streams, how often.
        run_keys: Streams of agentdash itself are left out.
        host: Stamped on the snapshots.
        clock: Where the time comes from.
    """

    name = "streams"
    topic = Topic.STREAMS

    def __init__(
        self, client: Redis, settings: StreamsSettings, run_keys: RunKeys, host: str, clock: Clock
    ) -> None:
        self.cadence = settings.poll
        self.timeout = 10.0
        self._reads = Reads(client, partial=True)
        self._discovery = Discovery(settings, run_keys)
        self._server_poll = ServerPoll(clock)
        self._topology = Topology(settings.poll)
        self._sampler = StreamSampler()
        self._deliveries = DeliveryWalk()
        self._lag_counter = LagCounter(settings.lag_limit)
        self._clients = ClientPoll(database(client))
        self._host = host
        self._clock = clock
        self._last: dict[bytes, Stream] = {}
        self._on_screen_until: dict[bytes, float] = {}
        self._last_pass: float | None = None

    def read_in_full(self, stream: bytes) -> None:
        """Read *stream*, which is on the screen, in full for the next `ON_SCREEN_FOR` seconds."""
        self._on_screen_until[stream] = self._clock.monotonic() + ON_SCREEN_FOR

    async def collect(self) -> StreamsSnapshot:
        """Read once.

        Raises:
            SourceError: when the server cannot be read.
        """
        self._reads.begin()
        try:
            return await self._pass()
        except (SourceError, asyncio.CancelledError):
            self._on_failure()
            raise
        except UNREADABLE as problem:
            self._on_failure()
            raise source_error(problem, url_of(self._reads.client)) from problem

    async def close(self) -> None:
        """Nothing to close: the client belongs to the caller."""

    async def _pass(self) -> StreamsSnapshot:
        begun = self._clock.monotonic()
        await self._server_poll.poll(self._reads)
        if self._server_poll.other_server:
            self._restart()
        await self._discovery.scan(self._reads, self._slices(begun))
        self._last_pass = begun
        taken_at = self._clock.now_ms()
        names = self._discovery.names
        on_screen = self._on_screen(begun)
        fresh = await self._topology.read(self._reads, names, self._server_poll.server_ms, on_screen)
        for gone in self._topology.gone:
            self._discovery.forget(gone)
        streams = self._topology.streams
        touched = fresh | await self._sampler.update(self._reads, streams)
        touched |= await self._deliveries.update(self._reads, streams)
        touched |= await self._lag_counter.update(self._reads, streams, begun)
        clients = await self._clients.poll(self._reads, streams, begun, on_screen=bool(on_screen))
        self._publish(streams, touched)
        return StreamsSnapshot(
            taken_at=taken_at,
            host=self._host,
            streams=tuple(self._last.values()),
            server=self._server_poll.server,
            known=self._discovery.known,
            scan_complete=self._discovery.complete,
            round_trips=self._reads.round_trips,
            commands=self._reads.commands,
            ping_ms=self._server_poll.ping_ms,
            gaps=self._gaps(),
            epoch=self._server_poll.epoch,
            clients=clients,
        )

    def _slices(self, now: float) -> int:
        """Slices of the key space to scan, by the time since the last pass."""
        if self._last_pass is None:
            return 10
        return int((now - self._last_pass) / SLICE_EVERY)

    def _on_screen(self, now: float) -> frozenset[bytes]:
        self._on_screen_until = {name: until for name, until in self._on_screen_until.items() if until > now}
        return frozenset(self._on_screen_until)

    def _publish(self, streams: Sequence[Stream], touched: Collection[bytes]) -> None:
        """Combine *streams* with samples; unchanged ones stay the same objects."""
        shown = {}
        for stream in streams:
            before = self._last.get(stream.name)
            if before is None or stream.name in touched:
                whole = self._sampler.apply(self._deliveries.apply(self._lag_counter.apply(stream)))
                before = before if before == whole else whole
            shown[stream.name] = before
        if len(shown) != len(self._last):
            self._sampler.keep(shown)
        self._last = shown

    def _gaps(self) -> tuple[str, ...]:
        found = (
            *self._server_poll.gaps,
            self._discovery.gap,
            *self._sampler.gaps,
            self._deliveries.gap,
            self._lag_counter.gap,
            self._clients.gap,
            *self._topology.gaps,
        )
        return tuple(gap for gap in found if gap is not None)

    def _restart(self) -> None:
        """Forget what depends on the server, which is another one now."""
        self._discovery.restart()
        self._deliveries.restart()
        self._lag_counter.restart()
        self._restart_rights()

    def _on_failure(self) -> None:
        """Keep what was read, for it may be the same server that answers again; read rights again."""
        self._server_poll.mark_lost()
        self._restart_rights()
        self._deliveries.gap = self._lag_counter.gap = None

    def _restart_rights(self) -> None:
        """Read again what the user's rights or the server's version may have changed."""
        for part in (self._topology, self._sampler, self._clients):
            part.restart()


def database(client: Redis) -> int:
    """The number of the database that *client* reads."""
    kwargs = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    return int(kwargs.get("db") or 0)
