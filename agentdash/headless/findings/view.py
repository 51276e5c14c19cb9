"""``agentdash findings``: the fields of its JSON, and its table."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Finding, FindingStatus, Severity
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.units import count
from agentdash.headless.envelope import view_of
from agentdash.headless.grid import GridCell, Row, since
from agentdash.headless.json_object import Field, JsonObject, name_fields, plain

BAD_LINE = JsonObject(
    "BadLine",
    "A line of the inbox that could not be parsed.",
    (
        Field("file", str, get=lambda bad, _: bad[0]),
        Field("line", int, get=lambda bad, _: bad[1]),
        Field("error", str, get=lambda bad, _: bad[2]),
    ),
)
FINDING = JsonObject(
    "Finding",
    "One finding.",
    (
        Field("findingId", str),
        Field("fingerprint", str, get="symptom.fingerprint"),
        Field("agentId", str, get="symptom.agent_id"),
        Field("category", str, get="symptom.category"),
        Field("severity", Severity, get="symptom.severity"),
        Field("priority", str | None, get="symptom.priority"),
        Field("summary", str, get="symptom.summary"),
        Field("status", FindingStatus),
        Field("service", str | None, get="symptom.service"),
        *name_fields("stream", str | None, get="symptom.stream"),
        *name_fields("consumerGroup", str | None, get="symptom.consumer_group"),
        *name_fields("consumer", str | None, get="symptom.consumer"),
        Field("run", str | None, get="symptom.run"),
        Field("repo", str | None, get="symptom.repo"),
        Field("timestamp", int, "the same as `firstSeen`", "first_seen"),
        Field("firstSeen", int),
        Field("lastSeen", int),
        Field("count", int),
        Field("correlationId", str | None, get="symptom.correlation_id"),
        Field("messageIds", list[str], get="symptom.message_ids"),
        Field(
            "metrics",
            dict[str, float | None],
            get=lambda finding, _: {name: plain(value) for name, value in finding.symptom.metrics},
        ),
        Field("evidence", list[str], get="symptom.evidence"),
        Field("pattern", str | None, get="symptom.pattern"),
        Field("hypothesis", str | None, get="symptom.hypothesis"),
        Field("recommendation", str | None, get="symptom.recommendation"),
        Field("expected", str | None, get="symptom.expected"),
        Field("actual", str | None, get="symptom.actual"),
        Field(
            "affectedFiles", list[str] | None, get=lambda finding, _: finding.symptom.affected_files or None
        ),
        Field(
            "relatedFindings",
            list[str] | None,
            get=lambda finding, _: finding.symptom.related_findings or None,
        ),
        Field("cause", str | None, "fingerprint of the finding that this one is a symptom of"),
        Field("outside", bool, "reported by an external agent"),
        Field("reason", str | None),
        Field("mutedUntil", int | None),
        Field("see", str | None, "a read-only command that shows it", "symptom.see"),
        Field("clears", str | None, "the condition that clears it", "symptom.clears"),
    ),
)
VIEW = view_of(
    "findings",
    FINDING,
    Field(
        "badLines",
        [BAD_LINE],
        "lines of the inbox that could not be parsed",
        lambda moment, _: getattr(moment.snapshot, "bad_lines", ()),
    ),
    Field("badTotal", int | None),
)


def gaps(store: Store) -> list[str]:
    """Sources that fail: nothing can be found in what they would read."""
    others = (store.health.get(topic) for topic in Topic if topic not in {Topic.FINDINGS, Topic.STREAMS})
    return [f"{health.source}: {health.error}" for health in others if health and health.error]


COLUMNS = "SEVERITY | ID | STATUS | CATEGORY | ~WHERE | >SINCE | >TIMES | ~SUMMARY"
EMPTY = "no findings"
_TONES = {Severity.CRITICAL: "bad", Severity.HIGH: "bad", Severity.MEDIUM: "warn"}


def rows(store: Store, now: int) -> Iterator[Row]:
    """One row per finding."""
    for finding in store.findings.findings if store.findings else ():
        yield _finding(finding, now)


def _finding(finding: Finding, now: int) -> Row:
    symptom = finding.symptom
    names = [
        as_text(raw) for raw in (symptom.stream, symptom.consumer_group, symptom.consumer) if raw is not None
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
