"""A line of another agent's findings: what is accepted, and the finding it becomes.

The fields are those of agentdash's own findings view, in camelCase; only ``category`` and ``severity`` are
needed. Unknown fields are ignored, so that newer writers stay readable.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from agentdash.core.bounds import LATEST_MS, OUT_OF_RANGE, bounded_float, bounded_int, is_number
from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.secrets.mask import mask
from agentdash.core.secrets.safe_text import safe_text

MAX_ITEMS = 50
MAX_TEXT = 4000
MAX_SUMMARY = 200
MAX_METRICS = 100
MAX_COUNT = 10**15


class BadLineError(ValueError):
    """A line that is not a finding; the text is the reason, in one short line."""


def _moment(value: object) -> object:
    """Unix ms from a number (seconds or ms) or an ISO 8601 text; a text without a zone counts as UTC."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        if not 0 <= value <= LATEST_MS:
            return _BEYOND
        return int(value * 1000) if 0 < value < 100_000_000_000 else int(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as problem:
            raise ValueError("not a time: give Unix ms or ISO 8601") from problem
        ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        return ms if 0 <= ms <= LATEST_MS else _BEYOND
    return value


def _count(value: object) -> object:
    """A whole number from 1; None: 1."""
    if value is None:
        return 1
    number = isinstance(value, float) or is_number(value)
    return _BEYOND if number and bounded_int(value, high=MAX_COUNT) is None else value


def _lines(value: object) -> object:
    """A tuple of texts: from a list, whose items become texts, or from the lines of one text."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(value.splitlines())
    if isinstance(value, list):
        return tuple(item if isinstance(item, str) else str(item) for item in value)
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _numbers(value: object) -> object:
    """The numbers of a map without null and those out of range."""
    if isinstance(value, dict):
        kept = ((name, bounded_float(number)) for name, number in islice(value.items(), MAX_METRICS))
        return {name[:MAX_SUMMARY]: number for name, number in kept if number is not None}
    return {} if value is None else value


_BEYOND = -1
"""A number or a time out of range, until `read_line` reports it."""

Count = Annotated[int, BeforeValidator(_count)]
Moment = Annotated[int | None, BeforeValidator(_moment)]
Lines = Annotated[tuple[str, ...], BeforeValidator(_lines)]


class InboxFinding(BaseModel):
    """A finding as outside agents write it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    category: str = Field(min_length=1, max_length=200)
    severity: Annotated[Severity, BeforeValidator(_upper)]
    finding_id: str | None = None
    agent_id: str | None = None
    summary: str | None = None
    priority: str | None = None
    service: str | None = None
    stream: str | None = None
    consumer_group: str | None = None
    consumer: str | None = None
    run: str | None = None
    repo: str | None = None
    timestamp: Moment = None
    first_seen: Moment = None
    last_seen: Moment = None
    count: Count = 1
    correlation_id: str | None = None
    message_ids: Lines = ()
    metrics: Annotated[dict[str, float], BeforeValidator(_numbers)] = {}
    evidence: Lines = ()
    pattern: str | None = None
    hypothesis: str | None = None
    recommendation: str | None = None
    expected: str | None = None
    actual: str | None = None
    affected_files: Lines = ()
    related_findings: Lines = ()
    status: Annotated[FindingStatus, BeforeValidator(_lower)] = FindingStatus.OPEN
    fingerprint: str | None = None


def read_line(line: bytes, agent: str, now: int) -> Finding:
    """The finding on one line.

    Args:
        line: Without its newline.
        agent: The writer, where the line does not name it.
        now: Unix ms, for a line without a time.

    Raises:
        BadLineError: where it is not a finding.
    """
    try:
        report = InboxFinding.model_validate_json(line)
    except ValidationError as problem:
        raise BadLineError(_why(problem)) from problem
    if report.count < 1 and report.count != _BEYOND:
        raise BadLineError("count: a whole number from 1")
    at = _value_or(report.timestamp, now)
    symptom = _symptom(report, agent)
    return Finding(
        finding_id=_text(report.finding_id) or "",
        symptom=symptom,
        status=report.status,
        first_seen=_value_or(report.first_seen, at),
        last_seen=_value_or(report.last_seen, at),
        count=_value_or(report.count, 1),
        outside=True,
    )


def _value_or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None or value == _BEYOND else value


def _out_of_range(report: InboxFinding) -> tuple[str, ...]:
    """A line for each number and time out of range, as a default is shown instead."""
    return tuple(
        f"{to_camel(name)}: {OUT_OF_RANGE}"
        for name in ("count", "timestamp", "first_seen", "last_seen")
        if getattr(report, name) == _BEYOND
    )


def _symptom(report: InboxFinding, agent: str) -> Symptom:
    evidence = _out_of_range(report) + tuple(_text(line) or "" for line in report.evidence[:MAX_ITEMS])
    summary = (
        report.summary
        or report.pattern
        or report.hypothesis
        or (report.evidence[0] if report.evidence else None)
    )
    who = _text(report.agent_id) or agent
    return Symptom(
        fingerprint=_fingerprint(report, who),
        agent_id=who,
        category=_text(report.category) or "",
        severity=report.severity,
        summary=safe_text(summary or report.category, MAX_SUMMARY),
        service=_text(report.service),
        stream=_key(report.stream),
        consumer_group=_key(report.consumer_group),
        consumer=_key(report.consumer),
        run=_text(report.run),
        repo=_text(report.repo),
        correlation_id=_text(report.correlation_id),
        message_ids=tuple(_text(one) or "" for one in report.message_ids[:MAX_ITEMS]),
        metrics=tuple((safe_text(name), number) for name, number in report.metrics.items()),
        evidence=evidence,
        hypothesis=_text(report.hypothesis),
        recommendation=_text(report.recommendation),
        priority=_text(report.priority),
        pattern=_text(report.pattern),
        expected=_text(report.expected),
        actual=_text(report.actual),
        affected_files=tuple(_text(one) or "" for one in report.affected_files[:MAX_ITEMS]),
        related_findings=tuple(_text(one) or "" for one in report.related_findings[:MAX_ITEMS]),
    )


def _fingerprint(report: InboxFinding, agent: str) -> str:
    """Same cause, same fingerprint: the reported one, the id, or what the finding is about."""
    if report.fingerprint or report.finding_id:
        return safe_text(f"{agent}/{report.fingerprint or report.finding_id}"[:MAX_TEXT])
    about = [report.service, report.stream, report.consumer_group, report.consumer, report.run, report.repo]
    about += [report.pattern, report.summary, *report.affected_files[:1]]
    return safe_text("/".join([agent, report.category, *(str(part)[:MAX_TEXT] for part in about if part)]))


def _text(value: str | None) -> str | None:
    return None if value is None else safe_text(value, MAX_TEXT)


def _key(value: str | None) -> bytes | None:
    return None if value is None else mask(value)[0].encode("utf-8", "surrogatepass")


def _why(problem: ValidationError) -> str:
    first = problem.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = safe_text(str(first["msg"]))
    return f"{safe_text(where)}: {reason}" if where else reason
