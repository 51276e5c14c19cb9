"""What is too dear for every poll, looked up a few at a time: memory, and the newest entry's fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.streams import Stream
from agentdash.core.text import decode
from collectors.streams_read import Command, Reads
from collectors.streams_reply import BadReplyError, entry

PER_POLL = 8
MOST_FIELDS = 64
MOST_BYTES_AN_ENTRY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """What was last looked up of one stream; `last_id` is how the stream stood then."""

    memory_bytes: int | None = None
    fields: tuple[str, ...] | None = None
    last_id: str | None = None


class Sampler:
    """Goes round the streams, a few a poll, those never looked up first."""

    def __init__(self) -> None:
        self._samples: dict[bytes, Sample] = {}
        self._turn: list[bytes] = []
        self._denied: set[str] = set()

    def apply(self, stream: Stream) -> Stream:
        """*stream* with what is known of it."""
        sample = self._samples.get(stream.name)
        if sample is None:
            return stream
        return replace(stream, memory_bytes=sample.memory_bytes, fields=sample.fields)

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        for name in [name for name in self._samples if name not in wanted]:
            del self._samples[name]

    async def look(self, reads: Reads, streams: Sequence[Stream]) -> None:
        """Look up the next few: ``MEMORY USAGE`` (sampled by the server), the newest entry; one round trip.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        chosen = self._next({stream.name: stream for stream in streams if stream.error is None})
        commands: list[tuple[Stream, str, Command]] = []
        for stream in chosen:
            if "memory" not in self._denied:
                commands.append((stream, "memory", ("MEMORY", "USAGE", stream.name)))
            if "fields" not in self._denied and self._affordable(stream):
                commands.append((stream, "fields", ("XREVRANGE", stream.name, "+", "-", "COUNT", 1)))
        if not commands:
            return
        replies = await reads.ask([command for _, _, command in commands])
        for (stream, what, _), reply in zip(commands, replies, strict=True):
            self._note(stream, what, reply)

    def _next(self, streams: dict[bytes, Stream]) -> list[Stream]:
        never = [name for name in streams if name not in self._samples][:PER_POLL]
        if not never and not self._turn:
            self._turn = list(streams)
        chosen = [streams[name] for name in never]
        while len(chosen) < PER_POLL and self._turn:
            name = self._turn.pop()
            if name in streams and name not in never:
                chosen.append(streams[name])
        return chosen

    def _affordable(self, stream: Stream) -> bool:
        """Whether its newest entry may be fetched: memory is looked up first, very large entries are left."""
        sample = self._samples.get(stream.name)
        if sample is None:
            return stream.length > 0 and "memory" in self._denied
        if (sample.memory_bytes or 0) > MOST_BYTES_AN_ENTRY * max(1, stream.length):
            return False
        return stream.length > 0 and (sample.fields is None or sample.last_id != stream.last_id)

    def _note(self, stream: Stream, what: str, reply: object) -> None:
        sample = self._samples.get(stream.name, Sample())
        if isinstance(reply, ResponseError):
            if isinstance(reply, NoPermissionError) and "permissions to run" in str(reply):
                self._denied.add(what)
        elif what == "memory":
            sample = replace(sample, memory_bytes=reply if isinstance(reply, int) else None)
        elif isinstance(reply, list) and reply:
            sample = replace(sample, fields=field_names(reply[0]), last_id=stream.last_id)
        self._samples[stream.name] = sample


def field_names(reply: object) -> tuple[str, ...] | None:
    """The names of an entry's fields, printable, in order, bounded, each once; None if not understood."""
    try:
        _, fields = entry(reply)
    except BadReplyError:
        return None
    return tuple(dict.fromkeys(decode(name) for name, _ in fields[:MOST_FIELDS]))
