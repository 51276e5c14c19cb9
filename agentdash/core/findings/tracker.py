"""Turns symptoms into findings: one must last before it opens, and be absent as long to be resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agentdash.core.findings.model import Finding, FindingStatus, Symptom

LEAST_SAMPLES = 2
KEEP_RESOLVED = 100
REMEMBER = 5000
OUTSIDE_LIMIT = 5000
PREFIXES = {
    "REDIS_STREAM_ANALYST": "RSA",
    "LOG_WATCHER": "LW",
    "CONFIG_AUDITOR": "CA",
    "ENHANCEMENT_SCOUT": "ES",
    "SYNTHESIS": "SYN",
    "RUN_WATCHER": "RW",
    "REPO_WATCHER": "RPW",
    "SERVICE_WATCHER": "SVW",
}


@dataclass(slots=True)
class _Tracked:
    """One fingerprint.

    Attributes:
        earlier: How often it had occurred when it last came back.
        streak: Samples in a row with it.
        missing_since: Of the first sample in a row without it, Unix ms.
        missed: Samples in a row without it.
    """

    finding: Finding
    earlier: int = 0
    streak: int = 1
    missing_since: int | None = None
    missed: int = 0


class FindingTracker:
    """Watching → open → acknowledged → resolved, by time and by samples; it has no clock.

    A symptom opens when it was in at least two samples in a row, over at least *open_after* seconds. It is
    resolved when it was absent from at least two, over as long. A finding that comes back keeps its id and
    its count. While a source fails there are no samples: nothing opens or is resolved. A finding does not
    count as absent while its subject is watched for too short a time to judge it.

    Args:
        open_after: Seconds.
    """

    def __init__(self, open_after: float) -> None:
        self._lasts_ms = int(open_after * 1000)
        self._tracked: dict[str, _Tracked] = {}
        self._numbers: dict[str, int] = {}
        self._outside: dict[str, None] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, also those watched and those resolved, in the order in which they were first seen."""
        return tuple(tracked.finding for tracked in self._tracked.values())

    @property
    def outside_acknowledged(self) -> frozenset[str]:
        """Fingerprints of external findings that were acknowledged."""
        return frozenset(self._outside)

    def update(
        self,
        symptoms: Iterable[Symptom],
        now: int,
        begun: Callable[[Symptom], int | None] = lambda _: None,
    ) -> tuple[Finding, ...]:
        """Process one sample.

        Args:
            symptoms: All that hold at *now*; others are absent.
            now: Unix ms.
            begun: Since when (Unix ms) the subject of a symptom is watched, where that is too short a time to
                judge it; else None.

        Returns:
            See `findings`.
        """
        present = {symptom.fingerprint: symptom for symptom in symptoms}
        for fingerprint, tracked in list(self._tracked.items()):
            if fingerprint in present:
                self._seen(tracked, present.pop(fingerprint), now)
            else:
                self._missed(fingerprint, tracked, now, begun(tracked.finding.symptom))
        for fingerprint, symptom in present.items():
            times = symptom.times or 1
            self._tracked[fingerprint] = _Tracked(
                Finding("", symptom, FindingStatus.WATCHING, now, now, times)
            )
            self._open_if_due(self._tracked[fingerprint], now)
        self._forget()
        return self.findings

    def knows(self, fingerprint: str) -> bool:
        """Whether a finding with that fingerprint is tracked."""
        return fingerprint in self._tracked

    def acknowledge(self, fingerprint: str, now: int) -> bool:
        """Acknowledge an open finding until it is resolved; if it comes back later, it is open again.

        A fingerprint that is not tracked is kept for findings of external agents.

        Args:
            fingerprint: Of the finding.
            now: Unix ms.

        Returns:
            False where the finding is resolved or not open yet.
        """
        tracked = self._tracked.get(fingerprint)
        if tracked is None:
            self._outside[fingerprint] = None
            while len(self._outside) > OUTSIDE_LIMIT:
                del self._outside[next(iter(self._outside))]
            return True
        if tracked.finding.status is FindingStatus.OPEN:
            tracked.finding = replace(tracked.finding, status=FindingStatus.ACKNOWLEDGED, last_seen=now)
        return tracked.finding.status is FindingStatus.ACKNOWLEDGED

    def _seen(self, tracked: _Tracked, symptom: Symptom, now: int) -> None:
        before = tracked.finding
        tracked.missing_since, tracked.missed = None, 0
        tracked.streak += 1
        status, first = before.status, before.first_seen
        if status is FindingStatus.RESOLVED:
            status, tracked.streak, first = FindingStatus.WATCHING, 1, now
            tracked.earlier = before.count
        tracked.finding = replace(
            before,
            symptom=symptom,
            status=status,
            first_seen=first,
            last_seen=now,
            count=max(before.count, tracked.earlier + (symptom.times or 1)),
        )
        self._open_if_due(tracked, now)

    def _open_if_due(self, tracked: _Tracked, now: int) -> None:
        finding = tracked.finding
        if finding.status is not FindingStatus.WATCHING or tracked.streak < LEAST_SAMPLES:
            return
        if now - finding.first_seen >= self._lasts_ms:
            name = finding.finding_id or self._next_id(finding.symptom.agent_id)
            tracked.finding = replace(finding, status=FindingStatus.OPEN, finding_id=name)

    def _missed(self, fingerprint: str, tracked: _Tracked, now: int, begun: int | None) -> None:
        status = tracked.finding.status
        if status is FindingStatus.RESOLVED:
            return
        tracked.streak = 0
        if status is FindingStatus.WATCHING:
            if tracked.finding.finding_id:
                tracked.finding = replace(tracked.finding, status=FindingStatus.RESOLVED)
            else:
                del self._tracked[fingerprint]
            return
        if begun is not None and tracked.finding.last_seen < begun:
            tracked.missing_since, tracked.missed = None, 0
            return
        tracked.missed += 1
        if tracked.missing_since is None:
            tracked.missing_since = now
        if tracked.missed >= LEAST_SAMPLES and now - tracked.missing_since >= self._lasts_ms:
            tracked.finding = replace(tracked.finding, status=FindingStatus.RESOLVED)

    def _next_id(self, agent_id: str) -> str:
        prefix = PREFIXES.get(agent_id, "F")
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}-{self._numbers[prefix]:03d}"

    def _forget(self) -> None:
        """Keep the newest resolved ones, and at most `REMEMBER` in all."""
        resolved = sorted(
            (
                name
                for name, tracked in self._tracked.items()
                if tracked.finding.status is FindingStatus.RESOLVED
            ),
            key=lambda name: self._tracked[name].finding.last_seen,
        )
        for name in resolved[: max(0, len(resolved) - KEEP_RESOLVED)]:
            del self._tracked[name]
        while len(self._tracked) > REMEMBER:
            del self._tracked[next(iter(self._tracked))]
