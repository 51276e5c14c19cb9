"""The life of findings: a symptom must last before it is said, and be gone as long before it is cleared."""

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
class _Life:
    """One fingerprint. `missing_since` and `missed` count the samples without it, `streak` those with it.

    `earlier` is how often it had happened when it came on last.
    """

    finding: Finding
    earlier: int = 0
    streak: int = 1
    missing_since: int | None = None
    missed: int = 0


class FindingTracker:
    """Watching → open → acknowledged → resolved, by time and by samples; no clock of its own.

    A symptom opens when it was in at least two samples in a row, over at least *open_after* seconds. It is
    resolved when it was absent from at least two, over as long. What comes back is the same finding under the
    same id, and its count goes on. While a source fails there are no samples: nothing opens or is resolved.
    Nor does a finding count as absent while what it is about is watched from anew, until it was seen anew.

    Args:
        open_after: Seconds.
    """

    def __init__(self, open_after: float) -> None:
        self._lasts_ms = int(open_after * 1000)
        self._lives: dict[str, _Life] = {}
        self._numbers: dict[str, int] = {}
        self._outside: dict[str, None] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that are remembered, also those watched and those resolved, in the order of first sight."""
        return tuple(life.finding for life in self._lives.values())

    @property
    def outside_acknowledged(self) -> frozenset[str]:
        """Fingerprints that were put aside and are not of our own finding."""
        return frozenset(self._outside)

    def update(
        self,
        symptoms: Iterable[Symptom],
        now: int,
        begun: Callable[[Symptom], int | None] = lambda _: None,
    ) -> tuple[Finding, ...]:
        """Take one sample.

        Args:
            symptoms: All that holds at *now*; what is not among them is absent.
            now: Unix ms.
            begun: Since when (Unix ms) what a symptom is about is watched, where that is too short to judge
                it; None where it is judged.

        Returns:
            See `findings`.
        """
        present = {symptom.fingerprint: symptom for symptom in symptoms}
        for fingerprint, life in list(self._lives.items()):
            if fingerprint in present:
                self._seen(life, present.pop(fingerprint), now)
            else:
                self._missed(fingerprint, life, now, begun(life.finding.symptom))
        for fingerprint, symptom in present.items():
            times = symptom.times or 1
            self._lives[fingerprint] = _Life(Finding("", symptom, FindingStatus.WATCHING, now, now, times))
            self._open_if_due(self._lives[fingerprint], now)
        self._forget()
        return self.findings

    def knows(self, fingerprint: str) -> bool:
        """Whether a finding with that fingerprint is one of ours."""
        return fingerprint in self._lives

    def acknowledge(self, fingerprint: str, now: int) -> bool:
        """Put an open finding aside until it is resolved; if it comes back later, it is open again.

        A fingerprint that is not one of ours is kept for findings of outside agents.

        Args:
            fingerprint: Whose.
            now: Unix ms.

        Returns:
            False where the finding is resolved or not said yet, so that there is nothing to put aside.
        """
        life = self._lives.get(fingerprint)
        if life is None:
            self._outside[fingerprint] = None
            while len(self._outside) > OUTSIDE_LIMIT:
                del self._outside[next(iter(self._outside))]
            return True
        if life.finding.status is FindingStatus.OPEN:
            life.finding = replace(life.finding, status=FindingStatus.ACKNOWLEDGED, last_seen=now)
        return life.finding.status is FindingStatus.ACKNOWLEDGED

    def _seen(self, life: _Life, symptom: Symptom, now: int) -> None:
        before = life.finding
        life.missing_since, life.missed = None, 0
        life.streak += 1
        status, first = before.status, before.first_seen
        if status is FindingStatus.RESOLVED:
            status, life.streak, first = FindingStatus.WATCHING, 1, now
            life.earlier = before.count
        life.finding = replace(
            before,
            symptom=symptom,
            status=status,
            first_seen=first,
            last_seen=now,
            count=max(before.count, life.earlier + (symptom.times or 1)),
        )
        self._open_if_due(life, now)

    def _open_if_due(self, life: _Life, now: int) -> None:
        finding = life.finding
        if finding.status is not FindingStatus.WATCHING or life.streak < LEAST_SAMPLES:
            return
        if now - finding.first_seen >= self._lasts_ms:
            name = finding.finding_id or self._next_id(finding.symptom.agent_id)
            life.finding = replace(finding, status=FindingStatus.OPEN, finding_id=name)

    def _missed(self, fingerprint: str, life: _Life, now: int, begun: int | None) -> None:
        status = life.finding.status
        if status is FindingStatus.RESOLVED:
            return
        life.streak = 0
        if status is FindingStatus.WATCHING:
            if life.finding.finding_id:
                life.finding = replace(life.finding, status=FindingStatus.RESOLVED)
            else:
                del self._lives[fingerprint]
            return
        if begun is not None and life.finding.last_seen < begun:
            life.missing_since, life.missed = None, 0
            return
        life.missed += 1
        if life.missing_since is None:
            life.missing_since = now
        if life.missed >= LEAST_SAMPLES and now - life.missing_since >= self._lasts_ms:
            life.finding = replace(life.finding, status=FindingStatus.RESOLVED)

    def _next_id(self, agent_id: str) -> str:
        prefix = PREFIXES.get(agent_id, "F")
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}-{self._numbers[prefix]:03d}"

    def _forget(self) -> None:
        """Keep the newest resolved ones, and never more lives than can be remembered."""
        resolved = sorted(
            (name for name, life in self._lives.items() if life.finding.status is FindingStatus.RESOLVED),
            key=lambda name: self._lives[name].finding.last_seen,
        )
        for name in resolved[: max(0, len(resolved) - KEEP_RESOLVED)]:
            del self._lives[name]
        while len(self._lives) > REMEMBER:
            del self._lives[next(iter(self._lives))]
