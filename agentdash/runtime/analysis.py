"""From snapshots to findings: judges streams, applies the rules, and adds what outside agents report."""

from __future__ import annotations

from agentdash.core.findings import FindingsSnapshot, FindingStatus, InboxSnapshot, Symptom
from agentdash.core.judge import StreamJudge
from agentdash.core.rules import merge, stream_symptoms
from agentdash.core.run_history import RunHistory
from agentdash.core.run_rules import OPEN_AFTER_S, run_symptoms
from agentdash.core.runs import RunKeys, RunsSnapshot
from agentdash.core.settings import Settings
from agentdash.core.streams import StreamsSnapshot
from agentdash.core.tracker import FindingTracker


class Analysis:
    """Holds what judgement needs of the past: the windows of samples and the life of each finding."""

    def __init__(self, settings: Settings, host: str) -> None:
        self._settings = settings
        self._host = host
        self._judge = StreamJudge(settings.streams)
        self._tracker = FindingTracker(settings.streams.open_after)
        self._run_tracker = FindingTracker(OPEN_AFTER_S)
        self._run_keys = RunKeys(settings.runs.prefix)
        self._symptoms: list[Symptom] = []
        self._inbox: InboxSnapshot | None = None

    def look(self, snapshot: StreamsSnapshot, runs: RunsSnapshot | None) -> StreamsSnapshot:
        """The snapshot with its judgements; the symptoms that it shows are kept for `streams_changed`.

        It touches nothing that the other methods read, so it may run in a thread; one call at a time.
        """
        judged = self._judge.judge(snapshot)
        self._symptoms = stream_symptoms(judged, runs, self._settings.streams, snapshot.taken_at)
        return judged

    def streams_changed(self, now: int) -> None:
        """Give the symptoms of the last look their life."""
        self._tracker.update(self._symptoms, now)

    def runs_changed(self, snapshot: RunsSnapshot, history: RunHistory) -> bool:
        """Apply the rules about runs; whether a finding of theirs has opened, or is resolved."""
        now = snapshot.taken_at
        before = [(finding.finding_id, finding.status) for finding in self._run_tracker.findings]
        after = self._run_tracker.update(run_symptoms(snapshot, history, self._run_keys, now), now)
        return before != [(finding.finding_id, finding.status) for finding in after]

    def inbox_changed(self, inbox: InboxSnapshot) -> None:
        """Take what outside agents have written."""
        self._inbox = inbox

    @property
    def watching(self) -> bool:
        """Whether something was seen that may become a finding if it lasts."""
        ours = (*self._tracker.findings, *self._run_tracker.findings)
        return any(finding.status is FindingStatus.WATCHING for finding in ours)

    def acknowledge(self, fingerprint: str, now: int) -> bool:
        """Put a finding aside; False where there is none with that fingerprint."""
        ours = self._run_tracker if self._run_tracker.knows(fingerprint) else self._tracker
        return ours.acknowledge(fingerprint, now)

    def findings(self, now: int) -> FindingsSnapshot:
        """All that is known now, worst first."""
        return merge(
            (*self._tracker.findings, *self._run_tracker.findings),
            self._inbox,
            now,
            self._host,
            acknowledged=self._tracker.outside_acknowledged,
        )
