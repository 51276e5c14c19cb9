"""Reads streams in full or checks them for changes, and keeps them from pass to pass."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from redis.exceptions import ResponseError

from agentdash.core.streams.model import Stream
from collectors.streams.crowded import CrowdedStreams
from collectors.streams.read import Read, Reads, lacks_full, read_full, read_pairs
from collectors.streams.replies import partial as streams_partial
from collectors.streams.schedule import ReadSchedule

AT_ONCE = 1000
"""Streams whose replies are in memory at one time."""


class Topology:
    """The streams as last read.

    Attributes:
        streams: As last read, in the order of their names.
        gone: Names that are no streams (any more), by the last pass.
        gaps: What may not be read, with the missing permission.
    """

    def __init__(self, poll: float) -> None:
        self._schedule = ReadSchedule(poll)
        self._crowded = CrowdedStreams()
        self._full = True
        self._known: dict[bytes, Stream] = {}
        self.gone: list[bytes] = []
        self.gaps: tuple[str, ...] = ()
        self._refused: set[str] = set()

    @property
    def streams(self) -> Sequence[Stream]:
        """In the order of their names."""
        return list(self._known.values())

    def restart(self) -> None:
        """The server may have another version; streams stay until they are read again."""
        self._full = True
        self._schedule.restart()
        self._crowded.restart()

    async def read(
        self, reads: Reads, names: Sequence[bytes], server_ms: int, on_screen: Collection[bytes]
    ) -> set[bytes]:
        """Update *names*.

        Args:
            reads: To send commands through.
            names: All streams, sorted.
            server_ms: The server's time, Unix ms.
            on_screen: Those on the screen.

        Returns:
            The names of those that changed.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        due = self._schedule.due(names, self._known, on_screen)
        rest = [name for name in names if name not in due]
        if rest:
            due |= await self._schedule.changed(reads, rest)
        asked = [name for name in names if name in due]
        if asked:
            self._refused.clear()
        answers = await self._ask(reads, asked, server_ms)
        found = dict(zip(asked, answers, strict=True))
        self.gone = [name for name, answer in found.items() if answer is None]
        known: dict[bytes, Stream] = {}
        fresh = set()
        for name in names:
            before = self._known.get(name)
            if name not in found:
                if before is not None:
                    known[name] = before
                continue
            answer = found[name]
            if answer is None:
                continue
            stream = known[name] = _kept(name, before, answer)
            if stream is not before:
                fresh.add(name)
            self._schedule.record(before, stream)
        if len(known) != len(self._known):
            self._schedule.keep(known)
            self._crowded.keep(known)
        self._known = known
        self.gaps = self._gaps()
        return fresh

    async def _ask(self, reads: Reads, names: Sequence[bytes], server_ms: int) -> list[Read]:
        answers: list[Read] = []
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            found, refused = await streams_partial.complete(
                reads, part, await self._described(reads, part, server_ms)
            )
            answers += found
            self._refused |= refused
        return answers

    async def _described(self, reads: Reads, names: Sequence[bytes], server_ms: int) -> list[Read]:
        crowded = await self._crowded.among(reads, names, self._known)
        if not crowded:
            return await self._in_full(reads, names, server_ms)
        some, others = [n for n in names if n in crowded], [n for n in names if n not in crowded]
        answers = dict(zip(some, await self._crowded.read(reads, some, self._known, server_ms), strict=True))
        answers |= zip(others, await self._in_full(reads, others, server_ms), strict=True)
        return [answers[name] for name in names]

    async def _in_full(self, reads: Reads, names: Sequence[bytes], server_ms: int) -> list[Read]:
        if self._full:
            try:
                return await read_full(reads, names, server_ms)
            except ResponseError as problem:
                if not lacks_full(problem):
                    raise
                self._full = False
        return await read_pairs(reads, names)

    def _gaps(self) -> tuple[str, ...]:
        hidden = set(self._refused)
        if any(not group.consumers_known for stream in self._known.values() for group in stream.groups):
            hidden.add("XINFO CONSUMERS")
        denied = [text for command, text in streams_partial.GAPS.items() if command in hidden]
        return (*denied, *([self._crowded.gap] if self._crowded.gap else []))


def _kept(name: bytes, before: Stream | None, answer: Stream | str) -> Stream:
    """The stream as read; the same object as *before* where equal; with the reason where it was denied."""
    if isinstance(answer, str):
        return replace(before or Stream(name, 0), error=answer)
    return before if before is not None and before == answer else answer
