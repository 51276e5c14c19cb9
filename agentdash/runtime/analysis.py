"""From snapshots to findings: a list of watches, and what external agents report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, InboxSnapshot, Symptom
from agentdash.core.findings.mutes import Mute
from agentdash.core.findings.order import merge
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.links.owners import Owners, paused_consumers
from agentdash.core.links.work_tree_rules import work_tree_symptoms
from agentdash.core.logs.rules.apply import LogRules
from agentdash.core.repos import rules as repo_rules
from agentdash.core.runs import rules as run_rules
from agentdash.core.runs.model import RunKeys, RunsSnapshot, RunStatus
from agentdash.core.services import rules as service_rules
from agentdash.core.services.model import ServicesSnapshot
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Snapshot, Topic
from agentdash.core.store import Store
from agentdash.core.streams.judge.judge import StreamJudge
from agentdash.core.streams.mentions import Mention
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.core.streams.rules.apply import stream_symptoms, watched_since
from agentdash.runtime.watch import RuleWatch

LOGS_OPEN_AFTER_S = 1.0
"""What a log says is a fact at once; it need not last as a number does."""


class Analysis:
    """The watches, with the history that they need.

    Attributes:
        watches: One per topic that has rules.
        service_rules: Receives what a person does to services.
        mutes: By fingerprint.
    """

    def __init__(self, settings: Settings, host: str) -> None:
        self._settings = settings
        self._host = host
        self._judge = StreamJudge(settings.streams)
        self._log_rules = LogRules(settings.logs)
        self._run_keys = RunKeys(settings.runs.prefix)
        self._inbox: InboxSnapshot | None = None
        self.service_rules = service_rules.ServiceRules()
        self.mutes: dict[str, Mute] = {}
        self._streams = FindingTracker(settings.streams.open_after)
        self.watches = [
            RuleWatch(
                Topic.STREAMS,
                self._streams,
                lambda store, _: store.streams.symptoms if store.streams else (),
                watched_since=lambda store: watched_since(store.streams, settings.streams),
            ),
            RuleWatch(Topic.RUNS, FindingTracker(run_rules.OPEN_AFTER_S), self._run_symptoms),
            RuleWatch(
                Topic.LOGS,
                FindingTracker(LOGS_OPEN_AFTER_S),
                self._log_symptoms,
                receive=self._log_rules.add,
                passes=frozenset({Topic.LOGS}),
                every_ms=500,
            ),
            RuleWatch(
                Topic.REPOS,
                FindingTracker(repo_rules.OPEN_AFTER_S),
                _repo_symptoms,
                passes=frozenset({Topic.REPOS, Topic.RUNS}),
                every_ms=1000,
                calm_ms=10_000,
            ),
            RuleWatch(
                Topic.SERVICES,
                FindingTracker(service_rules.OPEN_AFTER_S),
                lambda _, now: self.service_rules.symptoms(now),
                receive=self.service_rules.add,
            ),
        ]

    def judge(
        self,
        snapshot: StreamsSnapshot,
        runs: RunsSnapshot | None,
        services: ServicesSnapshot | None,
        mentions: Mapping[bytes, Mention] | None = None,
    ) -> StreamsSnapshot:
        """The snapshot with its judgements and symptoms.

        It changes nothing that the other methods read, so it may run in a thread; one call at a time. Runs
        and services identify the owners of consumers; *mentions* are of the streams without a group.
        """
        now = snapshot.taken_at
        owners = Owners.at(now, runs, services).status
        judged = self._judge.judge(snapshot, owners)
        symptoms = stream_symptoms(
            judged,
            self._settings.streams,
            now,
            paused=paused_consumers(runs),
            owners=owners,
            mentions=mentions,
        )
        return replace(judged, symptoms=tuple(symptoms))

    def receive(self, topic: Topic, snapshot: Snapshot, store: Store) -> bool:
        """Run what is due with a snapshot that *store* holds; whether a finding has changed its status."""
        if isinstance(snapshot, InboxSnapshot):
            self._inbox = snapshot
            return True
        changed = False
        for watch in self.watches:
            if watch.topic is topic:
                watch.receive(snapshot)
                watch.is_waiting = True
                if not watch.passes:
                    changed |= watch.run(store, snapshot.taken_at)
        return changed

    def poll_ended(self, topic: Topic, store: Store, now: int) -> bool:
        """Run what is due after a poll of *topic*; whether a finding has changed its status."""
        changed = False
        for watch in self.watches:
            if getattr(store, watch.topic.value) is not None and watch.is_due(topic, now):
                changed |= watch.run(store, now)
        return changed

    @property
    def is_pending(self) -> bool:
        """Whether a symptom may yet become a finding, or a snapshot was not analysed yet."""
        return any(finding.status is FindingStatus.WATCHING for finding in self._tracked()) or any(
            watch.is_waiting for watch in self.watches
        )

    def acknowledge(self, fingerprint: str, now: int) -> bool:
        """Acknowledge a finding; False where none with that fingerprint is open."""
        trackers = (watch.tracker for watch in self.watches if watch.tracker.knows(fingerprint))
        return next(trackers, self._streams).acknowledge(fingerprint, now)

    def findings(self, now: int) -> FindingsSnapshot:
        """All that is known at *now*, worst first."""
        acknowledged = self._streams.outside_acknowledged
        return merge(
            self._tracked(), self._inbox, now, self._host, acknowledged=acknowledged, mutes=self.mutes
        )

    def _tracked(self) -> tuple[Finding, ...]:
        return tuple(finding for watch in self.watches for finding in watch.tracker.findings)

    def _run_symptoms(self, store: Store, now: int) -> list[Symptom]:
        runs = store.runs
        return run_rules.run_symptoms(runs, store.run_history, self._run_keys, now) if runs else []

    def _log_symptoms(self, store: Store, now: int) -> list[Symptom]:
        self._log_rules.excused = self.service_rules.stopped | idle_runs(store.runs)
        return self._log_rules.symptoms(now)


def idle_runs(runs: RunsSnapshot | None) -> frozenset[str]:
    """Titles that no running run has: their logs are expected to be silent."""
    if runs is None:
        return frozenset()
    running = {run.title for run in runs.runs if run.status is RunStatus.RUNNING and not run.orphaned}
    return frozenset(run.title for run in runs.runs) - running


def _repo_symptoms(store: Store, now: int) -> list[Symptom]:
    if store.repos is None:
        return []
    return [
        *repo_rules.repo_symptoms(store.repos, now),
        *work_tree_symptoms(store.repos, store.runs, now),
    ]
