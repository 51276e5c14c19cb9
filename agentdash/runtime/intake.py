"""What happens to a snapshot: it is stored, analysed, turned into findings, and changes are noted."""

from __future__ import annotations

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
from agentdash.runtime.notes import Note


class Intake:
    """Receives snapshots and healths from collectors; only it and the engine write to the store."""

    def __init__(self, store: Store, analysis: Analysis, clock: Clock, note: Note) -> None:
        self.store = store
        self.clock = clock
        self.analysis = analysis
        self._note = note
        self._inbox_health: SourceHealth | None = None

    def receive(self, topic: Topic, snapshot: Snapshot) -> None:
        """Store and analyse a snapshot of *topic*."""
        self._remember(topic, snapshot)
        changed = self.analysis.receive(topic, snapshot, self.store)
        if changed or topic is Topic.STREAMS:
            self.put_findings()

    def _remember(self, topic: Topic, snapshot: Snapshot) -> None:
        """Add *snapshot* to the store and its histories."""
        store = self.store
        match snapshot:
            case LogBatch():
                faults = {Level.ERROR, Level.FATAL}
                errors = sum(line.level in faults and line.service != OWN for line in snapshot.lines)
                errors += sum(number for _, number in snapshot.errors_skipped)
                store.history.saw_errors(errors, snapshot.taken_at)
                store.put_lines(snapshot)
                return
            case InboxSnapshot():
                return
            case StreamsSnapshot():
                added = {s.name: s.entries_added for s in snapshot.streams if s.entries_added is not None}
                store.history.saw_added(added, snapshot.taken_at)
                store.stream_history.record(snapshot)
            case RunsSnapshot():
                self._report(news.run_news(store.runs, snapshot))
                used = {r.id: r.tokens.total for r in snapshot.runs if r.tokens.total is not None}
                store.history.saw_tokens(used, snapshot.taken_at)
                store.run_history.add(snapshot)
            case ReposSnapshot():
                self._report(news.repo_news(store.repos, snapshot))
            case ServicesSnapshot():
                self._report(news.service_news(store.services, snapshot))
                store.service_history.add(snapshot)
        store.put(topic, snapshot)

    def put_findings(self) -> None:
        """Store the findings as they are now, and note which are new."""
        after = self.analysis.findings(self.clock.now_ms())
        self._report(news.finding_news(self.store.findings, after))
        self.store.put(Topic.FINDINGS, after)

    def health_changed(self, topic: Topic, health: SourceHealth) -> None:
        """Store the health of a collector of *topic*; some rules run after each poll."""
        if topic is Topic.FINDINGS:
            self._inbox_health = health
        else:
            self.store.put_health(topic, health)
        if topic in {Topic.FINDINGS, Topic.STREAMS}:
            self.findings_health()
        if self.analysis.poll_ended(topic, self.store, self.clock.now_ms()):
            self.put_findings()

    def findings_health(self) -> None:
        """Findings are as fresh as the streams that they are derived from; the inbox has its own health."""
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

    def _report(self, lines: list[news.Line]) -> None:
        for actor, step, level in lines:
            self._note(actor, step, level is not Level.ERROR, None, False, level)
