"""The symptoms that the rules for logs report: their texts and their evidence."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zlib import crc32

from agentdash.core import units
from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.logs.model import LogLine
from agentdash.core.logs.rules.classify import ANALYST, SEVERITY, Category, message_pattern
from agentdash.core.logs.rules.source_stats import SourceStats

STORM = 5
"""The same line so often…"""
STORM_MS = 5_000
"""…within so long is a storm."""
MAX_LINE = 600
"""Characters of a line of evidence."""

_MAX_SUMMARY = 90


@dataclass(slots=True)
class LogEvent:
    """A kind of problem of one service, and how often it occurred."""

    category: Category
    service: str
    source: str
    text: str
    count: int = 0
    last_at: int = 0
    evidence: tuple[str, ...] = ()
    correlation: str | None = None
    messages: tuple[str, ...] = ()


def fingerprint(category: Category, name: str, key: str) -> str:
    """The same for the same *key* of a source or service."""
    return f"log:{category}:{name}:{crc32(key.encode('utf-8', 'replace')):08x}"


def service_of(line: LogLine) -> str:
    """The service that a structured line names, else its source."""
    return line.service if line.structured and line.service else line.source


def of_event(identity: str, event: LogEvent, kept_ms: int) -> Symptom:
    """A problem, which clears when it did not occur for *kept_ms*."""
    secret = event.category is Category.SECURITY
    return Symptom(
        fingerprint=identity,
        agent_id=ANALYST,
        category=event.category.value,
        severity=Severity.HIGH if secret else SEVERITY[event.category],
        summary=_short(event.text),
        service=event.service,
        correlation_id=event.correlation,
        message_ids=event.messages,
        times=event.count,
        evidence=event.evidence,
        pattern=message_pattern(event.text),
        hypothesis=_CAUSE[event.category],
        recommendation=_RECOMMENDATION[event.category],
        clears=f"no such line for {units.age(kept_ms)}",
    )


def of_storm(source: str, same: str, times: deque[int], line: LogLine, now: int) -> Symptom:
    """The same line again and again; *times* in Unix ms."""
    rate = len(times) * 60_000 / STORM_MS
    return _of_source(
        source,
        Category.RETRY_STORM,
        Severity.HIGH,
        f"{rate:.0f} times a minute: {_short(line.message)}",
        key=same,
        service=service_of(line),
        metrics=(("perMinute", rate), ("lines", float(len(times)))),
        evidence=(f"{len(times)} times within {units.age(now - times[0])}", line.message[:MAX_LINE]),
        pattern=same,
        correlation_id=line.correlation_id,
        hypothesis="retries without back-off",
        recommendation="back off exponentially, and limit the number of attempts",
        clears=f"fewer than {STORM} in {STORM_MS // 1000} s",
    )


def of_source(stats: SourceStats, now: int, kept_ms: int, *, excused: bool) -> Iterator[Symptom]:
    """Silence (unless *excused*), a crash loop, a wrong clock, a mix of formats."""
    name, last = stats.name, stats.last_line
    idle = stats.idle_ms(now)
    if idle is not None and last is not None and not excused:
        yield _of_source(
            name, Category.ANOMALY, Severity.MEDIUM, f"idle {units.age(idle)}",
            key="silent",
            metrics=(("silentMs", float(idle)),),
            evidence=(f"idle {units.age(idle)}", f"last line: {last.message[:MAX_LINE]}"),
            hypothesis="the service hangs, has exited, or writes to another file",
            recommendation="check that its process runs, and what it waits for",
            clears="a new line",
        )  # fmt: skip
    loop = stats.crash_loop(now)
    if loop:
        yield _of_source(
            name, Category.CRASH, Severity.CRITICAL, f"started {len(loop)} times in 2 minutes",
            key="loop",
            service=service_of(loop[-1]),
            metrics=(("starts", float(len(loop))),),
            evidence=tuple(line.message[:MAX_LINE] for line in loop[-6:]),
            hypothesis="the service exits soon after each start and is restarted",
            recommendation="read its lines right before each start",
            clears="fewer than 3 starts within 2 minutes",
        )  # fmt: skip
    yield from _of_clock(stats, now, kept_ms)
    if stats.is_mixed():
        yield _of_source(
            name, Category.DOC_DRIFT, Severity.LOW, "JSON and plain lines in one log",
            key="mixed",
            expected="one format",
            actual=f"{stats.structured} lines of JSON, {stats.plain} of text",
            hypothesis="two loggers write to it, or a library prints without the logger",
            recommendation="send everything through one logger",
            clears="four lines of five have one format",
        )  # fmt: skip


def _of_clock(stats: SourceStats, now: int, kept_ms: int) -> Iterator[Symptom]:
    if stats.backwards is not None and now - stats.backwards[0] <= kept_ms:
        _, before, after = stats.backwards
        back = (before.at or 0) - (after.at or 0)
        yield _of_source(
            stats.name, Category.ANOMALY, Severity.LOW, f"times run backwards by {units.age(back)}",
            key="backwards",
            evidence=(before.message[:MAX_LINE], after.message[:MAX_LINE]),
            metrics=(("backMs", float(back)),),
            hypothesis="the clock was set, or two writers with different time zones share the file",
            recommendation="log UTC with an offset, and synchronise the clocks",
            clears=f"none for {units.age(kept_ms)}",
        )  # fmt: skip
    skew = stats.skew_ms()
    if skew is not None:
        how = "ahead of" if skew > 0 else "behind"
        yield _of_source(
            stats.name, Category.ANOMALY, Severity.LOW,
            f"times are {units.age(abs(skew))} {how} this machine's",
            key="skew",
            metrics=(("skewMs", float(skew)),),
            evidence=(stats.last_line.message[:MAX_LINE],) if stats.last_line else (),
            hypothesis="its clock is wrong, or its times have another time zone without saying so",
            recommendation="log UTC with an offset, and synchronise the clocks",
            clears="its times agree with the times of reading",
        )  # fmt: skip


def of_flood(source: str, errors: int, kept_ms: int) -> Symptom:
    """Errors among lines that were skipped."""
    return _of_source(
        source, Category.BUG, Severity.HIGH, f"{units.count(errors)} more errors in a flood",
        key="flood",
        metrics=(("lines", float(errors)),),
        evidence=(f"{errors} lines with errors were skipped in a flood, counted but not shown",),
        hypothesis="the same as the errors beside it, many times",
        recommendation="search the file for them",
        clears=f"none for {units.age(kept_ms)}",
    )  # fmt: skip


def of_formats(formats: Mapping[str, str]) -> list[Symptom]:
    """Different formats of different logs; *formats*: ``json`` or ``text`` by source."""
    if len(set(formats.values())) < 2:
        return []
    names = {how: sorted(name for name, of in formats.items() if of == how) for how in ("json", "text")}
    summary = f"{units.plural(len(names['json']), 'log')} in JSON, {len(names['text'])} in plain text"
    actual = "; ".join(f"{how}: {', '.join(of[:8])}" for how, of in names.items())
    return [
        Symptom(
            fingerprint="log:formats",
            agent_id=ANALYST,
            category=Category.DOC_DRIFT.value,
            severity=Severity.LOW,
            summary=summary,
            evidence=(actual,),
            expected="one format for all services",
            actual=actual,
            hypothesis="services log in the default format of their frameworks",
            recommendation="let all write JSON with the same field names, or all the same plain line",
            clears="all logs have one format",
        )
    ]


def _of_source(
    source: str,
    category: Category,
    severity: Severity,
    summary: str,
    *,
    key: str,
    service: str | None = None,
    **more: object,
) -> Symptom:
    return Symptom(
        fingerprint(category, source, key), ANALYST, category.value, severity, summary,
        service=service or source, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SUMMARY else f"{text[: _MAX_SUMMARY - 1]}…"


_CAUSE = {
    Category.BUG: "a case that the service does not handle",
    Category.CRASH: "the service, or a part of it, exited on an uncaught error",
    Category.TIMEOUT: "a dependency is down, too slow, or not reachable from here",
    Category.MEMORY_LEAK: "it needs more memory than it may use; if usage grows steadily, it leaks",
    Category.SECURITY: "a secret was logged in plain text; everyone who can read the log has it",
}
_RECOMMENDATION = {
    Category.BUG: "read the trace from the innermost frame of your own code",
    Category.CRASH: "read the trace and the lines right before it; check whether it was restarted",
    Category.TIMEOUT: "check that the other side is up, and how long it takes to answer",
    Category.MEMORY_LEAK: "compare its memory over time with its load; find what is retained",
    Category.SECURITY: "revoke the secret, remove it from the line that logs it, and from old logs",
}
