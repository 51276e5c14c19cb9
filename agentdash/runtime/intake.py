"""What a snapshot leads to: it is stored, judged, told of in the log, and turned into findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agentdash.core.clock import Clock
from agentdash.core.findings.model import InboxSnapshot
from agentdash.core.logs.model import OWN, Level, LogBatch
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.runs.model import RunsSnapshot
from agentdash.core.services.model import ServicesSnapshot
from agentdash.core.snapshot import Snapshot, SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.runtime import news
from agentdash.runtime.analysis import Analysis

Tell = Callable[[str, str, Level], None]
"""(actor, step, how loud): one line for the activity log."""


class Intake:
    """Takes what collectors have read and how they are doing, and keeps the store by it.

    Args:
        store: Written here, and nowhere else but by the engine.
        analysis: Judges.
        clock: Where the time comes from.
        tell: Writes a line of news.
    """

    def __init__(self, store: Store, analysis: Analysis, clock: Clock, tell: Tell) -> None:
        self.store = store
        self.clock = clock
        self.analysis = analysis
        self._tell_line = tell
        self._inbox_health: SourceHealth | None = None

    def took(self, topic: Topic, snapshot: Snapshot) -> None:
        """Take a snapshot of *topic*."""
        store = self.store
        match snapshot:
            case LogBatch():
                faults = {Level.ERROR, Level.FATAL}
                errors = sum(line.level in faults and line.service != OWN for line in snapshot.lines)
                errors += sum(number for _, number in snapshot.errors_skipped)
                store.history.saw_errors(errors, snapshot.taken_at)
                store.put_lines(snapshot)
                self.analysis.lines_came(snapshot)
            case InboxSnapshot():
                self.analysis.inbox_changed(snapshot)
                self.put_findings()
            case StreamsSnapshot():
                added = {s.name: s.entries_added for s in snapshot.streams if s.entries_added is not None}
                store.history.saw_added(added, snapshot.taken_at)
                store.courses.saw(snapshot)
                store.put(topic, snapshot)
                self.analysis.streams_changed(snapshot.taken_at)
                self.put_findings()
            case RunsSnapshot():
                self._tell(news.run_news(store.runs, snapshot))
                used = {r.id: r.tokens.total for r in snapshot.runs if r.tokens.total is not None}
                store.history.saw_tokens(used, snapshot.taken_at)
                store.run_history.saw(snapshot)
                store.put(topic, snapshot)
                if self.analysis.runs_changed(snapshot, store.run_history):
                    self.put_findings()
            case ReposSnapshot():
                self._tell(news.repo_news(store.repos, snapshot))
                store.put(topic, snapshot)
            case ServicesSnapshot():
                self._tell(news.service_news(store.services, snapshot))
                store.service_courses.saw(snapshot)
                store.put(topic, snapshot)
                if self.analysis.services_changed(snapshot):
                    self.put_findings()
            case _:
                store.put(topic, snapshot)

    def put_findings(self) -> None:
        """Gather what is known now, and tell what is new of it."""
        after = self.analysis.findings(self.clock.now_ms())
        self._tell(news.finding_news(self.store.findings, after))
        self.store.put(Topic.FINDINGS, after)

    def health_changed(self, topic: Topic, health: SourceHealth) -> None:
        """Take the health of a collector of *topic*; some rules look at each pass."""
        if topic is Topic.FINDINGS:
            self._inbox_health = health
        else:
            self.store.put_health(topic, health)
        if topic in {Topic.FINDINGS, Topic.STREAMS}:
            self.findings_health()
        if topic is Topic.LOGS and self.analysis.logs_judged(self.clock.now_ms()):
            self.put_findings()
        repos = self.store.repos if topic in {Topic.REPOS, Topic.RUNS} else None
        if repos is not None and self.analysis.repos_judged(repos, self.store.runs, self.clock.now_ms()):
            self.put_findings()

    def findings_health(self) -> None:
        """Findings are as fresh as the streams that they are judged by; the inbox has a health of its own."""
        streams, inbox = self.store.health.get(Topic.STREAMS), self._inbox_health
        worst = streams or inbox
        if streams is not None and streams.state is SourceState.LIVE and inbox is not None:
            worst = inbox if inbox.state is SourceState.ERROR else streams
        if worst is None:
            return
        state = worst.state
        if worst.state is SourceState.ERROR and self.store.streams is not None:
            state = SourceState.STALE
        self.store.put_health(Topic.FINDINGS, replace(worst, source="findings", state=state))

    def _tell(self, lines: list[news.Line]) -> None:
        for actor, step, level in lines:
            self._tell_line(actor, step, level)
