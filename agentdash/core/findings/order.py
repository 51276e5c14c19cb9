"""One list of all findings: causes above their symptoms, worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, InboxSnapshot, Symptom
from agentdash.core.findings.mutes import Mute, muted

CAUSES = {
    "CONSUMER_LAG": ("DEAD_CONSUMER",),
    "STUCK_MESSAGE": ("DEAD_CONSUMER", "DELIVERY_FAILURE", "MISSING_ACK"),
    "DATA_LOST": ("DEAD_CONSUMER", "CONSUMER_LAG"),
    "STREAM_GROWING": ("DEAD_CONSUMER", "CONSUMER_LAG", "UNBOUNDED_STREAM"),
    "ORPHANED_STREAM": ("NO_CONSUMER_GROUP",),
    "UNBOUNDED_STREAM": ("NO_CONSUMER_GROUP",),
}
"""Which categories explain which other, of the same stream and group; the first that holds."""

_OF_SERVICE = {
    "repeated starts in the log": ("restarts", "crash in the log"),
    "idle log": ("down", "restarts", "crash in the log"),
    "restarts": ("crash in the log",),
    "down": ("crash in the log",),
}
"""Which findings about a service explain which other of the same service; the first that holds."""
_MEASURED = {
    "restarts": "restarts",
    "downMs": "down",
    "starts": "repeated starts in the log",
    "silentMs": "idle log",
}

Known = dict[tuple[str, object, object], Finding]
"""Findings that hold, by category, stream and group; those of services by kind and service."""

_STATUS = {
    FindingStatus.OPEN: 0,
    FindingStatus.WATCHING: 1,
    FindingStatus.ACKNOWLEDGED: 1,
    FindingStatus.MUTED: 2,
    FindingStatus.RESOLVED: 3,
}


def merge(
    tracked: Iterable[Finding],
    inbox: InboxSnapshot | None,
    now: int,
    host: str,
    acknowledged: Collection[str] = (),
    mutes: Mapping[str, Mute] = MappingProxyType({}),
) -> FindingsSnapshot:
    """All findings in the order of urgency.

    Open ones first, then acknowledged, then muted, then resolved; among equals the worst first, then the
    newest. A finding that another one explains follows it and names it as its cause. Those that are only
    watched are left out.

    Args:
        tracked: Those of our trackers.
        inbox: Those of external agents; None where none was read.
        now: Unix ms.
        host: Stamped on the snapshot.
        acknowledged: Fingerprints of acknowledged external findings.
        mutes: By fingerprint.
    """
    reported = [finding for finding in tracked if finding.status is not FindingStatus.WATCHING]
    outside = [_acknowledged(finding, acknowledged) for finding in inbox.findings] if inbox else []
    return FindingsSnapshot(
        taken_at=now,
        host=host,
        findings=tuple(_causes_first(muted([*_explained(reported), *outside], mutes, now))),
        bad_lines=inbox.bad_lines if inbox else (),
        bad_total=inbox.bad_total if inbox else 0,
    )


def _acknowledged(finding: Finding, acknowledged: Collection[str]) -> Finding:
    if finding.status is FindingStatus.OPEN and finding.symptom.fingerprint in acknowledged:
        return replace(finding, status=FindingStatus.ACKNOWLEDGED)
    return finding


def _explained(findings: list[Finding]) -> list[Finding]:
    """With `cause` set where another finding explains it that holds as long as it does."""
    known: Known = {}
    for f in sorted(findings, key=lambda finding: finding.last_seen):
        if f.status is not FindingStatus.RESOLVED:
            known[f.symptom.category, f.symptom.stream, f.symptom.consumer_group] = f
            if (kind := _kind_of_service(f.symptom)) is not None:
                known[kind, f.symptom.service, None] = f
    return [replace(f, cause=root) if (root := _root(f, known)) else f for f in findings]


def _root(finding: Finding, known: Known) -> str | None:
    """Fingerprint of the root cause of *finding*; None where it has no cause."""
    if finding.status is FindingStatus.RESOLVED:
        return None
    at = finding
    while (before := _cause(at, known)) is not None:
        at = before
    return None if at is finding else at.symptom.fingerprint


def _cause(finding: Finding, known: Known) -> Finding | None:
    of = finding.symptom
    for category in CAUSES.get(of.category, ()):
        for group in (of.consumer_group, None):
            if (found := known.get((category, of.stream, group))) is not None:
                return found
    for kind in _OF_SERVICE.get(_kind_of_service(of) or "", ()):
        if (found := known.get((kind, of.service, None))) is not None:
            return found
    return None


def _kind_of_service(symptom: Symptom) -> str | None:
    """The kind of a finding about a service, where another may explain it."""
    if symptom.service is None or symptom.agent_id not in {"LOG_WATCHER", "SERVICE_WATCHER"}:
        return None
    for name, _ in symptom.metrics:
        if name in _MEASURED:
            return _MEASURED[name]
    return "crash in the log" if symptom.category == "CRASH" else None


def _causes_first(findings: list[Finding]) -> list[Finding]:
    symptoms: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.cause is not None:
            symptoms.setdefault(finding.cause, []).append(finding)
    ordered: list[Finding] = []
    for finding in sorted((f for f in findings if f.cause is None), key=_urgency):
        ordered.append(finding)
        ordered += sorted(symptoms.pop(finding.symptom.fingerprint, ()), key=_urgency)
    return ordered


def _urgency(finding: Finding) -> tuple[int, int, int, str]:
    return _STATUS[finding.status], finding.symptom.severity.rank, -finding.first_seen, finding.finding_id
