"""Reads the whole topology of Redis streams: what there is, how long, who reads it and how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.snapshot import Collector, SourceError, Topic
from agentdash.core.streams.model import Stream, StreamsSnapshot
from agentdash.server.client import UNREADABLE, in_words, url_of
from collectors.streams.clients import ClientPoll
from collectors.streams.count import LagCount
from collectors.streams.discovery import SLICE_EVERY, Discovery
from collectors.streams.pending import PendingWalk
from collectors.streams.pulse import Pulse
from collectors.streams.read import Reads
from collectors.streams.sample import Sampler
from collectors.streams.topology import Topology

if TYPE_CHECKING:
    from redis.asyncio import Redis

SEEN_FOR = 10.0
"""Seconds."""


class StreamsCollector(Collector):
    """One command a stream, fifty a write; discovery and dearer samples a little a pass.

    Args:
        client: With ``decode_responses=False``: keys need not be text.
        settings: What is watched.
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
        self._pulse = Pulse(clock)
        self._topology = Topology(settings.poll)
        self._sampler = Sampler()
        self._walk = PendingWalk()
        self._count = LagCount(settings.lag_limit)
        self._clients = ClientPoll(database(client))
        self._host = host
        self._clock = clock
        self._shown: dict[bytes, Stream] = {}
        self._seen: dict[bytes, float] = {}
        self._last_pass: float | None = None

    def read_in_full(self, stream: bytes) -> None:
        """Read *stream*, which is on the screen, in full for the next `SEEN_FOR`, however many there are."""
        self._seen[stream] = self._clock.monotonic() + SEEN_FOR

    async def collect(self) -> StreamsSnapshot:
        """Read once.

        Raises:
            SourceError: when the server cannot be asked, in words.
        """
        self._reads.begin()
        try:
            return await self._pass()
        except (SourceError, asyncio.CancelledError):
            self._lost()
            raise
        except UNREADABLE as problem:
            self._lost()
            raise in_words(problem, url_of(self._reads.client)) from problem

    async def close(self) -> None:
        """Nothing is held: the client belongs to who made it."""

    async def _pass(self) -> StreamsSnapshot:
        begun = self._clock.monotonic()
        await self._pulse.feel(self._reads)
        if self._pulse.other_server:
            self._restart()
        await self._discovery.look(self._reads, self._slices(begun))
        self._last_pass = begun
        taken_at = self._clock.now_ms()
        names = self._discovery.names
        on_screen = self._on_screen(begun)
        fresh = await self._topology.read(self._reads, names, self._pulse.server_ms, on_screen)
        for gone in self._topology.gone:
            self._discovery.forget(gone)
        streams = self._topology.streams
        touched = fresh | await self._sampler.look(self._reads, streams)
        touched |= await self._walk.look(self._reads, streams)
        touched |= await self._count.look(self._reads, streams, begun)
        clients = await self._clients.poll(self._reads, streams, begun, on_screen=bool(on_screen))
        self._show(streams, touched)
        return StreamsSnapshot(
            taken_at=taken_at,
            host=self._host,
            streams=tuple(self._shown.values()),
            server=self._pulse.server,
            known=self._discovery.known,
            scan_complete=self._discovery.complete,
            round_trips=self._reads.round_trips,
            commands=self._reads.commands,
            ping_ms=self._pulse.ping_ms,
            gaps=self._gaps(),
            epoch=self._pulse.epoch,
            clients=clients,
        )

    def _slices(self, now: float) -> int:
        """How many slices of the key space may be looked at: as many as time has passed for."""
        if self._last_pass is None:
            return 10
        return int((now - self._last_pass) / SLICE_EVERY)

    def _on_screen(self, now: float) -> frozenset[bytes]:
        self._seen = {name: until for name, until in self._seen.items() if until > now}
        return frozenset(self._seen)

    def _show(self, streams: Sequence[Stream], touched: Collection[bytes]) -> None:
        """What was read with what was looked up; the object of the last pass where nothing changed."""
        shown = {}
        for stream in streams:
            before = self._shown.get(stream.name)
            if before is None or stream.name in touched:
                whole = self._sampler.apply(self._walk.apply(self._count.apply(stream)))
                before = before if before == whole else whole
            shown[stream.name] = before
        if len(shown) != len(self._shown):
            self._sampler.keep(shown)
        self._shown = shown

    def _gaps(self) -> tuple[str, ...]:
        found = (
            *self._pulse.gaps,
            self._discovery.gap,
            *self._sampler.gaps,
            self._walk.gap,
            self._count.gap,
            self._clients.gap,
            *self._topology.gaps,
        )
        return tuple(gap for gap in found if gap is not None)

    def _restart(self) -> None:
        """Whatever was learned of the server may be true no more."""
        for part in (self._discovery, self._topology, self._sampler, self._walk, self._count, self._clients):
            part.restart()

    def _lost(self) -> None:
        """It may be the same server that answers again: what was read stays; rights are asked anew."""
        self._pulse.lost()
        for part in (self._topology, self._sampler, self._clients):
            part.restart()
        self._walk.gap = self._count.gap = None


def database(client: Redis) -> int:
    """The number of the database that *client* reads."""
    kwargs = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    return int(kwargs.get("db") or 0)
