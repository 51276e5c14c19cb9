"""The supervised collectors of an engine, and which topics were read at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agentdash.core.clock import Clock
from agentdash.core.snapshot import Collector, Snapshot, SourceHealth, SourceState, Topic
from agentdash.runtime.intake import Intake
from agentdash.runtime.notes import Note
from agentdash.runtime.supervisor import Supervisor
from agentdash.runtime.tasks import Tasks

REDIS_TOPICS = (Topic.RUNS, Topic.STREAMS)


class Sources:
    """Supervises collectors; *receive* gets their snapshots, *intake* their health."""

    def __init__(
        self,
        intake: Intake,
        receive: Callable[[Topic, Snapshot], None],
        clock: Clock,
        note: Note,
        tasks: Tasks,
    ) -> None:
        self._intake = intake
        self._receive = receive
        self._clock = clock
        self._note = note
        self._tasks = tasks
        self._supervisors: dict[str, Supervisor] = {}
        self._read: dict[Topic, asyncio.Event] = {topic: asyncio.Event() for topic in Topic}

    @property
    def health(self) -> list[SourceHealth]:
        """Of each collector, in the order in which they were added."""
        return [supervisor.health for supervisor in self._supervisors.values()]

    def add(self, collector: Collector, recover: Callable[[], Awaitable[None]] | None = None) -> None:
        """Poll *collector* from now on; *recover* is awaited after repeated failures."""
        topic = collector.topic

        def on_snapshot(snapshot: Snapshot) -> None:
            self._receive(topic, snapshot)

        def on_health(health: SourceHealth) -> None:
            if topic in REDIS_TOPICS and health.state is SourceState.LIVE:
                self._wake_others(topic)
            self._intake.health_changed(topic, health)
            if health.polls and (health.last_success is not None or health.error is not None):
                self.mark_read(topic)

        supervisor = Supervisor(
            collector,
            self._clock,
            on_snapshot=on_snapshot,
            on_health=on_health,
            note=self._note,
            recover=recover,
        )
        self._supervisors[collector.name] = supervisor
        self._tasks.spawn(supervisor.run(), collector.name)

    def wake(self, topic: Topic | None = None) -> None:
        """Poll *topic*, or all, now."""
        for supervisor in self._supervisors.values():
            if topic is None or supervisor.collector.topic is topic:
                supervisor.wake()

    def mark_read(self, topic: Topic) -> None:
        """Record that *topic* was polled, whether that succeeded or failed."""
        self._read[topic].set()

    async def first_pass(self, topics: frozenset[Topic], timeout: float) -> set[Topic]:  # noqa: ASYNC109 - a bound
        """Wait until each of *topics* was polled once (for findings: all), whether that succeeded or failed.

        Returns:
            Those that were not read within *timeout* seconds.
        """
        needs = {topic: {topic} for topic in topics}
        if Topic.FINDINGS in needs:
            needs[Topic.FINDINGS] |= set(Topic)
        waits = [self._read[topic].wait() for topic in set().union(*needs.values())]
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(*waits)
        except TimeoutError:
            read = {topic for topic, event in self._read.items() if event.is_set()}
            return {topic for topic, needed in needs.items() if not needed <= read}
        return set()

    def _wake_others(self, topic: Topic) -> None:
        """Poll what failed at the same server at once, after *topic* has recovered."""
        before = self._intake.store.health.get(topic)
        if before is None or before.state is not SourceState.ERROR:
            return
        for supervisor in self._supervisors.values():
            other = supervisor.collector.topic
            if other in REDIS_TOPICS and other is not topic and supervisor.health.state is SourceState.ERROR:
                supervisor.wake()
