"""From snapshots to findings: judges streams, applies the rules, and adds what outside agents report."""

from __future__ import annotations

from agentdash.core.findings import FindingsSnapshot, FindingStatus, InboxSnapshot
from agentdash.core.judge import StreamJudge
from agentdash.core.rules import merge, stream_symptoms
from agentdash.core.runs import RunsSnapshot
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
        self._inbox: InboxSnapshot | None = None

    def judge(self, snapshot: StreamsSnapshot) -> StreamsSnapshot:
        """The snapshot with its judgements."""
        return self._judge.judge(snapshot)

    def streams_changed(self, snapshot: StreamsSnapshot, runs: RunsSnapshot | None, now: int) -> None:
        """Apply the stream rules to a judged snapshot."""
        self._tracker.update(stream_symptoms(snapshot, runs, self._settings.streams, now), now)

    def inbox_changed(self, inbox: InboxSnapshot) -> None:
        """Take what outside agents have written."""
        self._inbox = inbox

    @property
    def watching(self) -> bool:
        """Whether something was seen that may become a finding if it lasts."""
        return any(finding.status is FindingStatus.WATCHING for finding in self._tracker.findings)

    def acknowledge(self, fingerprint: str, now: int) -> bool:
        """Put a finding aside; False where there is none with that fingerprint."""
        return self._tracker.acknowledge(fingerprint, now)

    def findings(self, now: int) -> FindingsSnapshot:
        """All that is known now, worst first."""
        return merge(
            self._tracker.findings,
            self._inbox,
            now,
            self._host,
            acknowledged=self._tracker.outside_acknowledged,
        )
