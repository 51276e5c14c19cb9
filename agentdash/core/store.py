"""The store: the newest snapshot of each topic, and bounded histories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from agentdash.core.fleet_history import FleetHistory
from agentdash.core.logs.model import LogBatch, LogRing, LogSource
from agentdash.core.runs.history import RunHistory
from agentdash.core.services.history import ServiceHistory
from agentdash.core.snapshot import SourceHealth, Topic
from agentdash.core.streams.history import StreamHistory

if TYPE_CHECKING:
    from agentdash.core.findings.model import Finding, FindingsSnapshot
    from agentdash.core.repos.model import Repo, ReposSnapshot
    from agentdash.core.runs.model import Run, RunsSnapshot
    from agentdash.core.services.model import Service, ServicesSnapshot
    from agentdash.core.streams.model import Group, Stream, StreamJudgement, StreamsSnapshot

Listener = Callable[[Topic], None]
_KEYS: dict[Topic, Callable[[Any], object]] = {
    Topic.RUNS: attrgetter("id"),
    Topic.STREAMS: attrgetter("name"),
    Topic.FINDINGS: attrgetter("symptom.fingerprint"),
    Topic.REPOS: attrgetter("path"),
    Topic.SERVICES: attrgetter("name"),
}
"""What identifies a record of a topic."""


@dataclass(slots=True)
class Store:
    """The newest snapshot of each topic. Only the runtime writes; no method awaits.

    Attributes:
        runs: None until the first pass has ended, like the others.
        health: By topic.
        logs: The newest lines of all sources, in the order in which they were read.
        stream_history: The last ten minutes of each stream and group.
        service_history: The last ten minutes of each service.
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
    stream_history: StreamHistory = field(default_factory=StreamHistory)
    service_history: ServiceHistory = field(default_factory=ServiceHistory)
    run_history: RunHistory = field(default_factory=RunHistory)
    server_label: str = ""
    _listeners: list[Listener] = field(default_factory=list)
    _indexes: dict[Topic, tuple[object, dict[object, Any]]] = field(default_factory=dict)

    def run(self, run_id: str) -> Run | None:
        """The run with this id."""
        return cast("Run | None", self.record(Topic.RUNS, run_id))

    def runs_named(self, name: str) -> list[Run]:
        """The runs with this id or title."""
        return [run for run in (self.runs.runs if self.runs else ()) if name in {run.id, run.title}]

    def stream(self, name: bytes) -> Stream | None:
        """The stream with this key."""
        return cast("Stream | None", self.record(Topic.STREAMS, name))

    def group(self, stream: bytes, name: bytes | None) -> Group | None:
        """The consumer group *name* of *stream*."""
        known = self.stream(stream)
        return next((group for group in known.groups if group.name == name), None) if known else None

    def judgement(self, stream: bytes) -> StreamJudgement:
        """The judgement of *stream*; an empty one where it was not judged."""
        from agentdash.core.streams.model import UNJUDGED

        known = self.stream(stream)
        judged = self.streams.judged if known is not None and self.streams is not None else ()
        return next((judgement for one, judgement in judged if one is known), UNJUDGED)

    def repo(self, path: str) -> Repo | None:
        """The repository with this work tree."""
        return cast("Repo | None", self.record(Topic.REPOS, path))

    def repos_named(self, name: str) -> list[Repo]:
        """The repositories with this path or name."""
        return [repo for repo in (self.repos.repos if self.repos else ()) if name in {repo.path, repo.name}]

    def service(self, name: str) -> Service | None:
        """The service with this name."""
        return cast("Service | None", self.record(Topic.SERVICES, name))

    def finding(self, fingerprint: str) -> Finding | None:
        """The finding with this fingerprint."""
        return cast("Finding | None", self.record(Topic.FINDINGS, fingerprint))

    def record(self, topic: Topic, key: object) -> object | None:
        """The record of *topic* with this key; None where there is none. Logs have no keys."""
        snapshot = getattr(self, topic.value)
        if snapshot is None or topic not in _KEYS:
            return None
        indexed, index = self._indexes.get(topic, (None, {}))
        if indexed is not snapshot:
            key_of = _KEYS[topic]
            index = {key_of(record): record for record in reversed(getattr(snapshot, topic.value))}
            self._indexes[topic] = snapshot, index
        return index.get(key)

    def put(self, topic: Topic, snapshot: object) -> None:
        """Store a snapshot of *topic* and notify the listeners."""
        setattr(self, topic.value, snapshot)
        self._notify(topic)

    def put_lines(self, batch: LogBatch) -> None:
        """Add the lines of *batch*; one without sources keeps the known ones."""
        self.logs.extend(batch.lines, batch.skipped)
        if batch.sources:
            self.log_sources = batch.sources
            self.log_behind_ms = batch.behind_ms
        self._notify(Topic.LOGS)

    def put_health(self, topic: Topic, health: SourceHealth) -> None:
        """Store the health of *topic* and notify the listeners, where it changed."""
        if self.health.get(topic) != health:
            self.health[topic] = health
            self._notify(topic)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call *listener* after each change, in the writer's thread; returns a function that removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _notify(self, topic: Topic) -> None:
        for listener in tuple(self._listeners):
            listener(topic)
