"""The table of ``agentdash findings``."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Finding, Severity
from agentdash.core.store import Store
from agentdash.core.text import decode
from agentdash.core.units import count
from agentdash.headless.grid import GridCell, Row, since

COLUMNS = "SEVERITY | ID | STATUS | CATEGORY | ~WHERE | >SINCE | >TIMES | ~SUMMARY"
_TONES = {Severity.CRITICAL: "bad", Severity.HIGH: "bad", Severity.MEDIUM: "warn"}


def rows(store: Store, now: int) -> Iterator[Row]:
    """One row per finding."""
    for finding in store.findings.findings if store.findings else ():
        yield _finding(finding, now)


def _finding(finding: Finding, now: int) -> Row:
    symptom = finding.symptom
    names = [
        decode(raw) for raw in (symptom.stream, symptom.consumer_group, symptom.consumer) if raw is not None
    ]
    where = " › ".join(names) or symptom.run or symptom.repo or symptom.service or ""
    return (
        GridCell(symptom.severity.value, _TONES.get(symptom.severity, "")),
        finding.finding_id,
        finding.status.value,
        symptom.category,
        where,
        since(finding.first_seen, now),
        count(finding.count),
        symptom.summary,
    )
