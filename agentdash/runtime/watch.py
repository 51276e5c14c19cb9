"""One part of the analysis: the rules about a topic, the tracker of their findings, how often they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agentdash.core.findings.model import FindingStatus, Symptom
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store

_SETTLED = {FindingStatus.OPEN, FindingStatus.ACKNOWLEDGED, FindingStatus.RESOLVED}


@dataclass(slots=True)
class RuleWatch:
    """Rules and the tracker of what they find.

    Attributes:
        topic: Whose snapshots the rules are about.
        tracker: Holds their findings.
        symptoms: What holds in the store at a time (Unix ms).
        receive: Called with each snapshot of the topic, where the rules need history.
        watched_since: See `FindingTracker.update`; by default everything is watched for long enough.
        passes: Topics after whose polls the rules run, at the pace below. Without any they run with each
            snapshot of the topic.
        every_ms: Milliseconds between two runs.
        calm_ms: The same while there is no new snapshot and every finding has settled.
    """

    topic: Topic
    tracker: FindingTracker
    symptoms: Callable[[Store, int], Iterable[Symptom]]
    receive: Callable[[Any], None] = lambda _: None
    watched_since: Callable[[Store], Callable[[Symptom], int | None]] = lambda _: lambda _: None
    passes: frozenset[Topic] = frozenset()
    every_ms: int = 0
    calm_ms: int = 0
    is_waiting: bool = field(default=False, init=False)
    """Whether there is a snapshot that the rules have not seen."""
    _ran_at: int = field(default=0, init=False)

    def run(self, store: Store, now: int) -> bool:
        """Run the rules; whether a finding has opened, or is resolved."""
        self._ran_at, self.is_waiting = now, False
        before = self._statuses()
        self.tracker.update(self.symptoms(store, now), now, self.watched_since(store))
        return before != self._statuses()

    def is_due(self, topic: Topic, now: int) -> bool:
        """Whether the rules run after a poll of *topic* that ended at *now*."""
        if topic not in self.passes:
            return False
        findings = self.tracker.findings
        calm = not self.is_waiting and all(finding.status in _SETTLED for finding in findings)
        pause = max(self.every_ms, self.calm_ms) if calm else self.every_ms
        return not 0 <= now - self._ran_at < pause

    def _statuses(self) -> list[tuple[str, FindingStatus]]:
        return [(finding.finding_id, finding.status) for finding in self.tracker.findings]
