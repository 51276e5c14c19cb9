"""Findings and symptoms, with their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Severity, worst first."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFO = "INFO"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]

    def lowered(self) -> Severity:
        """One step less severe."""
        return list(Severity)[min(self.rank + 1, len(Severity) - 1)]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
"""Thousands are sorted by it with each snapshot of findings."""


class FindingStatus(StrEnum):
    """The status of a finding. ``WATCHING``: seen, but not for long enough to be reported."""

    WATCHING = "watching"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Symptom:
    """The result of a rule at one moment; the tracker makes a `Finding` of it once it has lasted.

    Attributes:
        fingerprint: Same cause, same fingerprint: one finding whose count rises.
        summary: One short line for a list, e.g. ``212 behind, never drains``.
        evidence: The samples that triggered it, verbatim.
        see: A read-only command that shows it.
        clears: The condition that resolves it.
        expected: The expected value, where another was found.
        actual: The value that was found.
        affected_files: ``path:line`` each.
        related_findings: Ids of others.
        times: How often it occurred, where the rule counts that, as with lines of a log; None for a state.
    """

    fingerprint: str
    agent_id: str
    category: str
    severity: Severity
    summary: str
    service: str | None = None
    stream: bytes | None = None
    consumer_group: bytes | None = None
    consumer: bytes | None = None
    run: str | None = None
    repo: str | None = None
    correlation_id: str | None = None
    message_ids: tuple[str, ...] = ()
    metrics: tuple[tuple[str, float], ...] = ()
    evidence: tuple[str, ...] = ()
    hypothesis: str | None = None
    recommendation: str | None = None
    see: str | None = None
    clears: str | None = None
    priority: str | None = None
    pattern: str | None = None
    expected: str | None = None
    actual: str | None = None
    affected_files: tuple[str, ...] = ()
    related_findings: tuple[str, ...] = ()
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A symptom that is tracked.

    Attributes:
        finding_id: ``RSA-004``: unique within this session; an external agent's own id where it gave one.
        symptom: The newest one.
        first_seen: Unix ms.
        last_seen: Unix ms.
        count: How often it occurred: as counted by the rule; else how often it opened.
        outside: Reported by an external agent in the inbox.
        reason: Of its status, given by a person or an external agent.
        cause: Fingerprint of the finding that this one is a symptom of; None for a cause.
        muted_until: Unix ms; None where it is not muted, or until it is unmuted.
    """

    finding_id: str
    symptom: Symptom
    status: FindingStatus
    first_seen: int
    last_seen: int
    count: int = 1
    outside: bool = False
    reason: str | None = None
    cause: str | None = None
    muted_until: int | None = None

    @property
    def active(self) -> bool:
        """Whether it holds and is neither acknowledged nor muted."""
        return self.status in {FindingStatus.OPEN, FindingStatus.WATCHING}


@dataclass(frozen=True, slots=True)
class InboxSnapshot:
    """The findings of external agents in the inbox.

    Attributes:
        findings: The newest of each id, in file order.
        bad_lines: Lines that could not be parsed: (file, line number, reason), newest last, bounded.
        bad_total: Total number of these.
    """

    taken_at: int
    host: str
    findings: tuple[Finding, ...]
    bad_lines: tuple[tuple[str, int, str], ...] = ()
    bad_total: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class FindingsSnapshot:
    """All findings, worst and newest first; causes above their symptoms.

    Attributes:
        bad_lines: Of the inbox, see `InboxSnapshot`.
    """

    taken_at: int
    host: str
    findings: tuple[Finding, ...]
    bad_lines: tuple[tuple[str, int, str], ...] = ()
    bad_total: int = 0
