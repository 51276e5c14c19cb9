"""From snapshots to findings: judges streams, applies the rules, and adds what outside agents report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, InboxSnapshot, Symptom
from agentdash.core.findings.mutes import Mute
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.links.owners import Owners
from agentdash.core.logs.model import LogBatch
from agentdash.core.logs.rules.apply import LogRules
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.repos.rules import OPEN_AFTER_S as REPOS_OPEN_AFTER_S
from agentdash.core.repos.rules import repo_symptoms
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import RunKeys, RunsSnapshot, RunStatus
from agentdash.core.runs.rules import OPEN_AFTER_S, run_symptoms
from agentdash.core.services.model import ServicesSnapshot
from agentdash.core.services.rules import OPEN_AFTER_S as SERVICES_OPEN_AFTER_S
from agentdash.core.services.rules import ServiceRules
from agentdash.core.settings.model import Settings
from agentdash.core.streams.judge.judge import StreamJudge
from agentdash.core.streams.mentions import Mention
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.core.streams.rules.apply import merge, stream_symptoms, watched_since

LOGS_OPEN_AFTER_S = 1.0
"""What a log says is a fact at once; it need not last as a number does."""
LOGS_EVERY_MS = 500
REPOS_EVERY_MS = 1000
REPOS_CALM_MS = 10_000


class Analysis:
    """Holds what judgement needs of the past: the windows of samples and the life of each finding."""

    def __init__(self, settings: Settings, host: str) -> None:
        self._settings = settings
        self._host = host
        self._judge = StreamJudge(settings.streams)
        self._tracker = FindingTracker(settings.streams.open_after)
        self._run_tracker = FindingTracker(OPEN_AFTER_S)
        self._log_tracker = FindingTracker(LOGS_OPEN_AFTER_S)
        self._log_rules = LogRules(settings.logs)
        self._logs_judged_at = 0
        self._lines_wait = False
        self._resting: frozenset[str] = frozenset()
        self._service_tracker = FindingTracker(SERVICES_OPEN_AFTER_S)
        self.service_rules = ServiceRules()
        """Is told what a person does to services."""
        self._repo_tracker = FindingTracker(REPOS_OPEN_AFTER_S)
        self._repos_judged_at = 0
        self._repos_seen: ReposSnapshot | None = None
        self._run_keys = RunKeys(settings.runs.prefix)
        self._symptoms: list[Symptom] = []
        self._begun: Callable[[Symptom], int | None] = lambda _: None
        self._inbox: InboxSnapshot | None = None
        self.mutes: dict[str, Mute] = {}
        """What a person muted, by fingerprint."""

    def look(
        self,
        snapshot: StreamsSnapshot,
        runs: RunsSnapshot | None,
        services: ServicesSnapshot | None,
        mentions: Mapping[bytes, Mention] | None = None,
    ) -> StreamsSnapshot:
        """The snapshot with its judgements; the symptoms that it shows are kept for `streams_changed`.

        Runs and services tell whose consumers are and whether that lives, as far as they are fresh;
        *mentions*, which of the streams that no group reads are named in a file.

        It touches nothing that the other methods read, so it may run in a thread; one call at a time.
        """
        now = snapshot.taken_at
        owners = Owners.at(now, runs, services)
        judged = self._judge.judge(snapshot, owners)
        self._symptoms = stream_symptoms(judged, runs, self._settings.streams, now, owners, mentions)
        self._begun = watched_since(judged, self._settings.streams)
        return judged

    def streams_changed(self, now: int) -> None:
        """Give the symptoms of the last look their life."""
        self._tracker.update(self._symptoms, now, self._begun)

    def runs_changed(self, snapshot: RunsSnapshot, history: RunHistory) -> bool:
        """Apply the rules about runs; whether a finding of theirs has opened, or is resolved."""
        now = snapshot.taken_at
        before = [(finding.finding_id, finding.status) for finding in self._run_tracker.findings]
        self._resting = resting(snapshot)
        after = self._run_tracker.update(run_symptoms(snapshot, history, self._run_keys, now), now)
        return before != [(finding.finding_id, finding.status) for finding in after]

    def services_changed(self, snapshot: ServicesSnapshot) -> bool:
        """Apply the rules about services; whether a finding of theirs has opened, or is resolved."""
        now = snapshot.taken_at
        before = [(finding.finding_id, finding.status) for finding in self._service_tracker.findings]
        self.service_rules.take(snapshot)
        after = self._service_tracker.update(self.service_rules.symptoms(now), now)
        return before != [(finding.finding_id, finding.status) for finding in after]

    def lines_came(self, batch: LogBatch) -> None:
        """Take lines for the rules about logs."""
        self._log_rules.take(batch)
        self._lines_wait = True

    def logs_judged(self, now: int) -> bool:
        """Apply the rules about logs, now and then; whether a finding of theirs has opened or is resolved."""
        if 0 <= now - self._logs_judged_at < LOGS_EVERY_MS:
            return False
        self._logs_judged_at, self._lines_wait = now, False
        before = [(finding.finding_id, finding.status) for finding in self._log_tracker.findings]
        self._log_rules.excused = self._resting | self.service_rules.stopped
        after = self._log_tracker.update(self._log_rules.symptoms(now), now)
        return before != [(finding.finding_id, finding.status) for finding in after]

    def repos_judged(self, repos: ReposSnapshot, runs: RunsSnapshot | None, now: int) -> bool:
        """Apply the rules about repositories, more seldom while nothing changes.

        Returns:
            Whether a finding of theirs has opened, or is resolved.
        """
        settled = {FindingStatus.OPEN, FindingStatus.ACKNOWLEDGED, FindingStatus.RESOLVED}
        calm = repos is self._repos_seen and all(f.status in settled for f in self._repo_tracker.findings)
        if 0 <= now - self._repos_judged_at < (REPOS_CALM_MS if calm else REPOS_EVERY_MS):
            return False
        self._repos_judged_at, self._repos_seen = now, repos
        before = [(finding.finding_id, finding.status) for finding in self._repo_tracker.findings]
        after = self._repo_tracker.update(repo_symptoms(repos, runs, now), now)
        return before != [(finding.finding_id, finding.status) for finding in after]

    def inbox_changed(self, inbox: InboxSnapshot) -> None:
        """Take what outside agents have written."""
        self._inbox = inbox

    @property
    def watching(self) -> bool:
        """Whether something was seen that may become a finding if it lasts."""
        return any(finding.status is FindingStatus.WATCHING for finding in self._ours())

    def unjudged(self, repos: ReposSnapshot | None) -> bool:
        """Whether lines or the repositories, as they are now, wait for their turn to be judged."""
        return self._lines_wait or repos is not self._repos_seen

    def acknowledge(self, fingerprint: str, now: int) -> bool:
        """Put a finding aside; False where there is none with that fingerprint."""
        others = (self._run_tracker, self._log_tracker, self._repo_tracker, self._service_tracker)
        ours = next((tracker for tracker in others if tracker.knows(fingerprint)), self._tracker)
        return ours.acknowledge(fingerprint, now)

    def _ours(self) -> tuple[Finding, ...]:
        trackers = (
            self._tracker, self._run_tracker, self._log_tracker, self._repo_tracker, self._service_tracker,
        )  # fmt: skip
        return tuple(finding for tracker in trackers for finding in tracker.findings)

    def findings(self, now: int) -> FindingsSnapshot:
        """All that is known now, worst first."""
        return merge(
            self._ours(),
            self._inbox,
            now,
            self._host,
            acknowledged=self._tracker.outside_acknowledged,
            mutes=self.mutes,
        )


def resting(snapshot: RunsSnapshot) -> frozenset[str]:
    """Titles of runs of which none is at work: their logs have nothing to say."""
    at_work = {run.title for run in snapshot.runs if run.status is RunStatus.RUNNING and not run.orphaned}
    return frozenset(run.title for run in snapshot.runs) - at_work
