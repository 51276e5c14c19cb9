"""The one place where facts come together: one slice a topic, latest wins, history bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdash.core.fleet_history import FleetHistory
from agentdash.core.logs.model import LogBatch, LogRing, LogSource
from agentdash.core.runs.history import RunHistory
from agentdash.core.services.history import ServiceCourses
from agentdash.core.snapshot import SourceHealth, Topic
from agentdash.core.streams.history import StreamCourses

if TYPE_CHECKING:
    from agentdash.core.findings.model import FindingsSnapshot
    from agentdash.core.repos.model import ReposSnapshot
    from agentdash.core.runs.model import RunsSnapshot
    from agentdash.core.services.model import ServicesSnapshot
    from agentdash.core.streams.model import StreamsSnapshot

Listener = Callable[[Topic], None]


@dataclass(slots=True)
class Store:
    """The newest of everything. Only the runtime writes; nothing in here awaits.

    Attributes:
        runs: None until the first pass is done; so for the others.
        health: By topic.
        logs: The newest lines of all sources, in the order in which they were read.
        courses: The last ten minutes of each stream and group.
        service_courses: The last ten minutes of each service.
    """

    runs: RunsSnapshot | None = None
    streams: StreamsSnapshot | None = None
    findings: FindingsSnapshot | None = None
    repos: ReposSnapshot | None = None
    services: ServicesSnapshot | None = None
    logs: LogRing = field(default_factory=LogRing)
    log_sources: tuple[LogSource, ...] = ()
    log_behind_ms: int = 0
    health: dict[Topic, SourceHealth] = field(default_factory=dict)
    history: FleetHistory = field(default_factory=FleetHistory)
    courses: StreamCourses = field(default_factory=StreamCourses)
    service_courses: ServiceCourses = field(default_factory=ServiceCourses)
    run_history: RunHistory = field(default_factory=RunHistory)
    server_label: str = ""
    _listeners: list[Listener] = field(default_factory=list)

    def put(self, topic: Topic, snapshot: object) -> None:
        """Take the newest snapshot of *topic* and tell who listens."""
        setattr(self, topic.value, snapshot)
        self._tell(topic)

    def put_lines(self, batch: LogBatch) -> None:
        """Add the lines of *batch*; a batch that names no sources leaves what is known of them."""
        self.logs.extend(batch.lines, batch.skipped)
        if batch.sources:
            self.log_sources = batch.sources
            self.log_behind_ms = batch.behind_ms
        self._tell(Topic.LOGS)

    def put_health(self, topic: Topic, health: SourceHealth) -> None:
        """Take the newest health of *topic* and tell who listens."""
        if self.health.get(topic) != health:
            self.health[topic] = health
            self._tell(topic)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call *listener* after each change, in the writer's thread; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, topic: Topic) -> None:
        for listener in tuple(self._listeners):
            listener(topic)
