"""Reads for a few streams per poll what is too expensive for all: memory, fields of the newest entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.round_robin import OldestFirst
from agentdash.core.streams.model import Stream
from collectors.streams.read import Command, Reads
from collectors.streams.schema import MOST_PRODUCERS, Schema, schema_of

PER_POLL = 8
ENTRIES = 5
MOST_BYTES_AN_ENTRY = 256 * 1024
FEW_BYTES_AN_ENTRY = 16 * 1024
"""If entries are larger than this, only one is read."""

_GAPS = {
    "memory": "MEMORY USAGE is not allowed (+memory|usage): the memory of streams is unknown",
    "fields": "XREVRANGE is not allowed (+xrevrange): fields, producers and schemas are unknown",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What was last read of one stream.

    Attributes:
        last_id: Of the stream, then.
        whole: Whether its entries were read too: memory comes first, which says how large they are.
    """

    memory_bytes: int | None = None
    schema: Schema | None = None
    producers: tuple[str, ...] = ()
    last_id: str | None = None
    whole: bool = False


class StreamSampler:
    """Samples a few streams per poll, in turn."""

    def __init__(self) -> None:
        self._samples: dict[bytes, Sample] = {}
        self._order = OldestFirst[bytes]()
        self._denied: set[str] = set()

    @property
    def gaps(self) -> tuple[str, ...]:
        """What may not be read, each with the missing permission."""
        return tuple(_GAPS[what] for what in sorted(self._denied))

    def restart(self) -> None:
        """The server may be another one, with other rights."""
        self._denied.clear()

    def apply(self, stream: Stream) -> Stream:
        """*stream* with its sample."""
        sample = self._samples.get(stream.name)
        if sample is None:
            return stream
        schema = sample.schema
        # `replace` takes five times as long, and this is done for each stream that changed.
        return Stream(
            name=stream.name,
            length=stream.length,
            first_id=stream.first_id,
            last_id=stream.last_id,
            entries_added=stream.entries_added,
            max_deleted_id=stream.max_deleted_id,
            memory_bytes=sample.memory_bytes,
            fields=schema.fields if schema else stream.fields,
            producers=sample.producers,
            groups=stream.groups,
            error=stream.error,
            field_sets=schema.field_sets if schema else stream.field_sets,
            payload=schema.payload if schema else stream.payload,
            groups_known=stream.groups_known,
            sampled=sample.whole,
        )

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        self._samples = {name: sample for name, sample in self._samples.items() if name in wanted}
        self._order.keep(wanted)

    async def update(self, reads: Reads, streams: Sequence[Stream]) -> set[bytes]:
        """Sample the next few: ``MEMORY USAGE`` (sampled by the server), the newest entries; one round trip.

        Returns:
            The names of those that were sampled.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        readable = {stream.name: stream for stream in streams if stream.error is None}
        chosen = [readable[name] for name in self._order.pick(readable, PER_POLL)]
        commands: list[tuple[Stream, str, Command]] = []
        for stream in chosen:
            if "memory" not in self._denied:
                commands.append((stream, "memory", ("MEMORY", "USAGE", stream.name)))
            if "fields" not in self._denied and (count := self._affordable(stream)):
                commands.append((stream, "fields", ("XREVRANGE", stream.name, "+", "-", "COUNT", count)))
        replies = await reads.ask([command for _, _, command in commands])
        known = {stream.name for stream in chosen if stream.name in self._samples}
        for (stream, what, _), reply in zip(commands, replies, strict=True):
            self._note(stream, what, reply)
        for stream in chosen:
            sample = self._samples.get(stream.name, Sample())
            whole = sample.whole or stream.name in known or stream.length <= 0 or "memory" in self._denied
            self._samples[stream.name] = replace(sample, whole=whole)
        return {stream.name for stream in chosen}

    def _affordable(self, stream: Stream) -> int:
        """How many of its newest entries may be read; memory is read first."""
        if stream.length <= 0:
            return 0
        sample = self._samples.get(stream.name)
        if sample is None:
            return 1 if "memory" in self._denied else 0
        if sample.schema is not None and sample.last_id == stream.last_id:
            return 0
        each = (sample.memory_bytes or 0) / stream.length
        if each > MOST_BYTES_AN_ENTRY:
            return 0
        return ENTRIES if each <= FEW_BYTES_AN_ENTRY and sample.memory_bytes is not None else 1

    def _note(self, stream: Stream, what: str, reply: object) -> None:
        sample = self._samples.get(stream.name, Sample())
        if isinstance(reply, ResponseError):
            if isinstance(reply, NoPermissionError) and "permissions to run" in str(reply):
                self._denied.add(what)
        elif what == "memory":
            sample = replace(sample, memory_bytes=reply if isinstance(reply, int) else None)
        elif isinstance(reply, list) and (schema := schema_of(reply)) is not None:
            known = tuple(dict.fromkeys((*schema.producers, *sample.producers)))[:MOST_PRODUCERS]
            sample = replace(sample, schema=schema, producers=known, last_id=stream.last_id)
        self._samples[stream.name] = sample
