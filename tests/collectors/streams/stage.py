"""Polls of a real server with simulated time between them, and the findings that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from agentdash.core.clock import ManualClock
from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, Severity
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.judge.judge import StreamJudge
from agentdash.core.streams.model import GroupJudgement, Stream, StreamJudgement, StreamsSnapshot
from agentdash.core.streams.rules.apply import merge, stream_symptoms, watched_since
from collectors.streams.collector import StreamsCollector


class Stage:
    """One collector, judge and tracker on *client*; `poll` lets *seconds* of its own time pass first."""

    def __init__(self, client: Redis, full: bool = True, **settings: Any) -> None:
        self.client = client
        self.settings = StreamsSettings(**settings)
        self.clock = ManualClock()
        self.collector = StreamsCollector(client, self.settings, RunKeys("own"), "here", self.clock)
        if not full:
            answer_as_of_5(self.collector)
        self.judge = StreamJudge(self.settings)
        self.tracker = FindingTracker(self.settings.open_after)
        self.snapshot = StreamsSnapshot(0, "here", ())
        self.findings = FindingsSnapshot(0, "here", ())

    async def poll(self, times: int = 1, seconds: float = 1.0) -> StreamsSnapshot:
        for _ in range(times):
            self.clock.advance(seconds)
            self.snapshot = self.judge.judge(await self.collector.collect())
            now = self.snapshot.taken_at
            symptoms = stream_symptoms(self.snapshot, self.settings, now)
            self.tracker.update(symptoms, now, watched_since(self.snapshot, self.settings))
            self.findings = merge(self.tracker.findings, None, now, "here")
        return self.snapshot

    def stream(self, name: bytes) -> Stream:
        return next(stream for stream in self.snapshot.streams if stream.name == name)

    def judged(self, name: bytes) -> StreamJudgement:
        at = [stream.name for stream in self.snapshot.streams].index(name)
        return self.snapshot.judgements[at]

    def group(self, stream: bytes, group: bytes) -> GroupJudgement:
        found = self.judged(stream).group(group)
        assert found is not None
        return found

    def statuses(self) -> dict[str, FindingStatus]:
        """Of all findings, by category."""
        return {f.symptom.category: f.status for f in self.findings.findings}

    def open(self) -> dict[str, Finding]:
        """Open findings by category; those that only inform are left out."""
        return {
            f.symptom.category: f
            for f in self.findings.findings
            if f.status is FindingStatus.OPEN and f.symptom.severity is not Severity.INFO
        }


SINCE_5 = {b"entries-added", b"max-deleted-entry-id", b"entries-read", b"lag", b"inactive"}


def answer_as_of_5(collector: StreamsCollector) -> None:
    """What the server answers comes to *collector* as Redis 5 would say it: no FULL, fewer fields."""
    ask = collector._reads.ask

    async def older(commands: Sequence[tuple[Any, ...]], **more: Any) -> list[Any]:
        replies = await ask(commands, **more)
        return [as_of_5(command, reply) for command, reply in zip(commands, replies, strict=True)]

    collector._reads.ask = older  # type: ignore[method-assign]


def as_of_5(command: tuple[Any, ...], reply: Any) -> Any:
    if "FULL" in command:
        return ResponseError("Unknown subcommand or wrong number of arguments for 'stream'. Try XINFO HELP.")
    if command[0] == "SCAN" and "TYPE" in command:
        return ResponseError("syntax error")
    if command[0] != "XINFO" or isinstance(reply, ResponseError):
        return reply
    if command[1] == "STREAM":
        return _without(reply)
    return [_without(one) for one in reply]


def _without(flat: list[Any]) -> list[Any]:
    named = zip(flat[::2], flat[1::2], strict=True)
    return [part for name, value in named if name not in SINCE_5 for part in (name, value)]


async def add(
    client: Redis, stream: str | bytes, count: int, maxlen: int | None = None, **fields: str
) -> list[bytes]:
    """Add *count* entries in one go; their ids."""
    pipeline = client.pipeline(transaction=False)
    for number in range(count):
        pipeline.xadd(stream, {"n": str(number), **fields}, maxlen=maxlen, approximate=False)
    ids: list[bytes] = await pipeline.execute()
    return ids


async def work(
    client: Redis, stream: str | bytes, group: str, consumer: str, count: int, ack: bool = True
) -> int:
    """Read at most *count* new entries and acknowledge them; how many there were."""
    reply = await client.execute_command(
        b"XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", stream, ">"
    )
    entries = reply[0][1] if reply else []
    if ack and entries:
        await client.execute_command("XACK", stream, group, *(entry[0] for entry in entries))
    return len(entries)
