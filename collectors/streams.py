"""Reads the whole topology of Redis streams: what there is, how long, who reads it and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from redis.exceptions import RedisError, ResponseError

from agentdash.core.clock import Clock
from agentdash.core.runs import RunKeys
from agentdash.core.settings import StreamsSettings
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.streams import Stream, StreamsSnapshot
from agentdash.server.client import in_words
from collectors.streams_discovery import SLICE_EVERY, Discovery
from collectors.streams_read import PER_WRITE, Read, Reads, lacks_full, read_full, read_pairs
from collectors.streams_sample import Sampler

if TYPE_CHECKING:
    from redis.asyncio import Redis

LABEL_EVERY = 30.0


class StreamsCollector:
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
        self._reads = Reads(client)
        self._discovery = Discovery(settings, run_keys)
        self._sampler = Sampler()
        self._host = host
        self._clock = clock
        self._streams: dict[bytes, Stream] = {}
        self._full = True
        self._server = ""
        self._label_at = 0.0
        self._last_pass: float | None = None

    async def collect(self) -> StreamsSnapshot:
        """Read once.

        Raises:
            SourceError: when the server cannot be asked, in words.
        """
        self._reads.begin()
        try:
            return await self._pass()
        except SourceError:
            self._lost()
            raise
        except (RedisError, OSError, TimeoutError) as problem:
            self._lost()
            raise in_words(problem, where(self._reads.client)) from problem

    async def close(self) -> None:
        """Nothing is held: the client belongs to who made it."""

    async def _pass(self) -> StreamsSnapshot:
        begun = self._clock.monotonic()
        server_ms, ping_ms = await self._server_time()
        await self._discovery.look(self._reads, self._slices(begun))
        self._last_pass = begun
        names = self._discovery.names
        taken_at = self._clock.now_ms()
        answers = await self._read(names, server_ms)
        kept = [self._keep(name, answer) for name, answer in zip(names, answers, strict=True)]
        streams = [stream for stream in kept if stream is not None]
        await self._sampler.look(self._reads, streams)
        streams = [self._shared(self._sampler.apply(stream)) for stream in streams]
        self._streams = {stream.name: stream for stream in streams}
        self._sampler.keep(self._streams)
        return StreamsSnapshot(
            taken_at=taken_at,
            host=self._host,
            streams=tuple(streams),
            server=self._server,
            known=self._discovery.known,
            scan_complete=self._discovery.complete,
            round_trips=self._reads.round_trips,
            commands=self._reads.commands,
            ping_ms=ping_ms,
        )

    async def _server_time(self) -> tuple[int, float]:
        """The server's clock in Unix ms, and how long it took to answer; now and then its name as well."""
        begun = self._clock.monotonic()
        _, now = await self._reads.ask([("PING",), ("TIME",)])
        ping_ms = (self._clock.monotonic() - begun) * 1000
        if not self._server or begun - self._label_at > LABEL_EVERY:
            (info,) = await self._reads.ask([("INFO", "server")])
            self._server = server_label(info) or self._server
            self._label_at = begun
        if isinstance(now, ResponseError):
            return self._clock.now_ms(), ping_ms
        return int(now[0]) * 1000 + int(now[1]) // 1000, ping_ms

    def _slices(self, now: float) -> int:
        """How many slices of the key space may be looked at: as many as time has passed for."""
        if self._last_pass is None:
            return 10
        return int((now - self._last_pass) / SLICE_EVERY)

    async def _read(self, names: Sequence[bytes], server_ms: int) -> list[Read]:
        answers: list[Read] = []
        for start in range(0, len(names), PER_WRITE):
            part = names[start : start + PER_WRITE]
            if self._full:
                try:
                    answers += await read_full(self._reads, part, server_ms)
                    continue
                except ResponseError as problem:
                    if not lacks_full(problem):
                        raise
                    self._full = False
            answers += await read_pairs(self._reads, part)
        return answers

    def _keep(self, name: bytes, answer: Read) -> Stream | None:
        """The stream as read; where it was refused, its last good read with the reason."""
        if isinstance(answer, Stream):
            return answer
        if answer is None:
            self._discovery.forget(name)
            return None
        return replace(self._streams.get(name, Stream(name, 0)), error=answer)

    def _shared(self, stream: Stream) -> Stream:
        """The object of the last pass where nothing changed, so that comparing is cheap."""
        before = self._streams.get(stream.name)
        if before is None:
            return stream
        if before == stream:
            return before
        return replace(stream, groups=before.groups) if before.groups == stream.groups else stream

    def _lost(self) -> None:
        self._discovery.restart()
        self._server = ""


def server_label(info: object) -> str | None:
    """``valkey 9.1.2`` or ``redis 7.2.4``, from the reply of ``INFO server``; None where it is not told."""
    if not isinstance(info, (bytes, str)):
        return None
    text = info.decode("utf-8", "replace") if isinstance(info, bytes) else info
    facts = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    for name in ("valkey", "redis"):
        if version := facts.get(f"{name}_version"):
            return f"{name} {version}"
    return None


def where(client: Redis) -> str:
    """The URL of what *client* talks to, for messages; without user and password."""
    kwargs = client.connection_pool.connection_kwargs
    if path := kwargs.get("path"):
        return f"unix://{path}"
    return f"redis://{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}/{kwargs.get('db') or 0}"
