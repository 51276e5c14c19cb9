"""One line of an outside agent's findings: what is accepted, and what it becomes.

The fields are those of agentdash's own findings view, in camelCase; only ``category`` and ``severity`` are
needed. Unknown fields are passed over, so that newer writers stay readable.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from agentdash.core.bounds import LATEST_MS, OUT_OF_RANGE, bounded_float, bounded_int, is_number
from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.secrets.mask import mask
from agentdash.core.secrets.safe_text import safe_text

MOST_EVIDENCE = 50
MOST_CHARACTERS = 4000
MOST_SUMMARY = 200
MOST_METRICS = 100
MOST_COUNT = 10**15


class BadLineError(ValueError):
    """A line that is no finding; the text says why, in one short line."""


def _moment(value: object) -> object:
    """Unix ms from a number (seconds or ms) or an ISO 8601 text; a text without a zone counts as UTC."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        if not 0 <= value <= LATEST_MS:
            return BEYOND
        return int(value * 1000) if 0 < value < 100_000_000_000 else int(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as problem:
            raise ValueError("no time: give Unix ms or ISO 8601") from problem
        ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        return ms if 0 <= ms <= LATEST_MS else BEYOND
    return value


def _count(value: object) -> object:
    """How often: a whole number from 1; None is *not said*."""
    if value is None:
        return 1
    number = isinstance(value, float) or is_number(value)
    return BEYOND if number and bounded_int(value, high=MOST_COUNT) is None else value


def _lines(value: object) -> object:
    """Texts: a list as it is, one text by its lines, anything else in it as its own text."""
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
    """The numbers of a map; unknown ones (null) and those that are out of range are left out."""
    if isinstance(value, dict):
        kept = ((name, bounded_float(number)) for name, number in islice(value.items(), MOST_METRICS))
        return {name[:MOST_SUMMARY]: number for name, number in kept if number is not None}
    return {} if value is None else value


BEYOND = -1
"""Stands for a number or a time that is out of range, until `read_line` names it."""

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
        agent: Who wrote it, where the line does not say.
        now: Unix ms, for a line without a time.

    Raises:
        BadLineError: with the reason.
    """
    try:
        told = InboxFinding.model_validate_json(line)
    except ValidationError as problem:
        raise BadLineError(_why(problem)) from problem
    if told.count < 1 and told.count != BEYOND:
        raise BadLineError("count: a whole number from 1")
    at = _known(told.timestamp, now)
    symptom = _symptom(told, agent)
    return Finding(
        finding_id=_text(told.finding_id) or "",
        symptom=symptom,
        status=told.status,
        first_seen=_known(told.first_seen, at),
        last_seen=_known(told.last_seen, at),
        count=_known(told.count, 1),
        outside=True,
    )


def _known(value: int | None, otherwise: int) -> int:
    return otherwise if value is None or value == BEYOND else value


def _beyond(told: InboxFinding) -> tuple[str, ...]:
    """A line for each number and time that is out of range, so that what is shown instead is no surprise."""
    return tuple(
        f"{to_camel(name)}: {OUT_OF_RANGE}"
        for name in ("count", "timestamp", "first_seen", "last_seen")
        if getattr(told, name) == BEYOND
    )


def _symptom(told: InboxFinding, agent: str) -> Symptom:
    evidence = _beyond(told) + tuple(_text(line) or "" for line in told.evidence[:MOST_EVIDENCE])
    summary = told.summary or told.pattern or told.hypothesis or (told.evidence[0] if told.evidence else None)
    who = _text(told.agent_id) or agent
    return Symptom(
        fingerprint=_fingerprint(told, who),
        agent_id=who,
        category=_text(told.category) or "",
        severity=told.severity,
        summary=safe_text(summary or told.category, MOST_SUMMARY),
        service=_text(told.service),
        stream=_key(told.stream),
        consumer_group=_key(told.consumer_group),
        consumer=_key(told.consumer),
        run=_text(told.run),
        repo=_text(told.repo),
        correlation_id=_text(told.correlation_id),
        message_ids=tuple(_text(one) or "" for one in told.message_ids[:MOST_EVIDENCE]),
        metrics=tuple((safe_text(name), number) for name, number in told.metrics.items()),
        evidence=evidence,
        hypothesis=_text(told.hypothesis),
        recommendation=_text(told.recommendation),
        priority=_text(told.priority),
        pattern=_text(told.pattern),
        expected=_text(told.expected),
        actual=_text(told.actual),
        affected_files=tuple(_text(one) or "" for one in told.affected_files[:MOST_EVIDENCE]),
        related_findings=tuple(_text(one) or "" for one in told.related_findings[:MOST_EVIDENCE]),
    )


def _fingerprint(told: InboxFinding, agent: str) -> str:
    """Same cause, same fingerprint: as told; by its id; else by what it is about."""
    if told.fingerprint or told.finding_id:
        return safe_text(f"{agent}/{told.fingerprint or told.finding_id}"[:MOST_CHARACTERS])
    about: list[Any] = [told.service, told.stream, told.consumer_group, told.consumer, told.run, told.repo]
    about += [told.pattern, told.summary, *told.affected_files[:1]]
    return safe_text(
        "/".join([agent, told.category, *(str(part)[:MOST_CHARACTERS] for part in about if part)])
    )


def _text(value: str | None) -> str | None:
    return None if value is None else safe_text(value, MOST_CHARACTERS)


def _key(value: str | None) -> bytes | None:
    return None if value is None else mask(value)[0].encode("utf-8", "surrogatepass")


def _why(problem: ValidationError) -> str:
    first = problem.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = safe_text(str(first["msg"]))
    return f"{safe_text(where)}: {reason}" if where else reason
