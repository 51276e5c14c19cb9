"""The rules for logs: what is wrong by what services say, as symptoms; the tracker gives them a life.

Pure: lines and times come in, symptoms go out. What was said at one moment (an error, a secret) holds for as
long as the settings say after it was last said; what is so (silence, a loop) holds while it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from zlib import crc32

from agentdash.core import units
from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.logs.model import OWN, LogBatch, LogLine
from agentdash.core.logs.rules.source import SourceHabits
from agentdash.core.logs.rules.stack_trace import exception, stack
from agentdash.core.logs.rules.trouble import (
    ANALYST,
    SEVERITY,
    Category,
    graver,
    may_storm,
    message_ids,
    pattern,
    trouble,
)
from agentdash.core.settings.model import LogsSettings
from agentdash.core.symptom_text import shell_path

STORM = 5
"""The same line so often…"""
STORM_MS = 5_000
"""…within so long is a storm."""
EVIDENCE = 80
"""Lines of a trace that are kept."""
MOST = 500
"""Kinds of trouble that are remembered; those that were not seen for longest go."""

_SETTLED_MS = 300
_MOST_OPEN = 50
_SUMMARY = 90
_LINE = 600


@dataclass(slots=True)
class _Event:
    """A kind of trouble of one service, as often as it occurred."""

    category: Category
    service: str
    source: str
    text: str
    count: int = 0
    last_at: int = 0
    evidence: tuple[str, ...] = ()
    correlation: str | None = None
    messages: tuple[str, ...] = ()


@dataclass(slots=True)
class _Open:
    """A line of trouble, and the lines that continue it so far."""

    head: LogLine
    category: Category
    at: int
    taken_at: int
    below: list[LogLine] = field(default_factory=list)


class LogRules:
    """Holds what the rules need of the past.

    Args:
        settings: How long an error keeps its finding open.
    """

    def __init__(self, settings: LogsSettings) -> None:
        self._holds_ms = int(settings.finding_for * 1000)
        self._events: dict[str, _Event] = {}
        self._open: dict[tuple[str, int], _Open] = {}
        self._storms: dict[tuple[str, str], deque[int]] = {}
        self._storm_lines: dict[tuple[str, str], LogLine] = {}
        self._habits: dict[str, SourceHabits] = {}
        self._passed: dict[str, tuple[int, int]] = {}
        self._paths: dict[str, str] = {}
        self._begun = False
        self.excused: frozenset[str] = frozenset()
        """Sources whose writer has ended, or waits on purpose: their silence is none."""

    def take(self, batch: LogBatch) -> None:
        """Take the lines that have come."""
        live, self._begun = self._begun, True
        self._paths |= {source.name: source.path for source in batch.sources if source.path}
        for source, number in batch.errors_skipped:
            self._passed[source] = (self._passed.get(source, (0, 0))[0] + number, batch.taken_at)
        for line in batch.lines:
            if line.service == OWN:
                continue  # what agentdash does is told by other rules
            if line.continues is None:
                self._settle_before(line)
                self._take_head(line, batch.taken_at, live=live)
                continue
            current = self._open.get((line.source, line.continues))
            if current is not None and len(current.below) < EVIDENCE:
                current.below.append(line)

    def symptoms(self, now: int) -> list[Symptom]:
        """All that holds at *now*, Unix ms."""
        for place, current in list(self._open.items()):
            if now - current.taken_at >= _SETTLED_MS:
                self._settle(place)
        self._forget(now)
        found = [self._of_event(fingerprint, event) for fingerprint, event in self._events.items()]
        for habits in self._habits.values():
            found += self._of_habits(habits, now)
        found += self._of_storms(now)
        found += [self._of_passed(source, number) for source, (number, _) in self._passed.items()]
        return [*found, *self._of_formats()]

    # Taking lines in

    def _take_head(self, line: LogLine, now: int, *, live: bool) -> None:
        habits = self._habits.setdefault(line.source, SourceHabits(line.source))
        habits.take(line, live=live)
        at = line.seen_at if live else line.at
        if at is None or now - at > self._holds_ms:
            return  # it was there before, and nobody knows since when; or it is long past
        for kind in line.masked:
            self._occurred(Category.SECURITY, line, at, f"{kind} in plain text", (line.message,), key=kind)
        category = trouble(line)
        if category is not None:
            self._open[line.source, line.offset] = _Open(line, category, at, now)
        if may_storm(line):
            key = (line.source, pattern(line.message))
            self._storms.setdefault(key, deque(maxlen=1000)).append(at)
            self._storm_lines[key] = line

    def _settle_before(self, line: LogLine) -> None:
        """What the same service said before *line* is complete; in the journal others speak in between."""
        for place, current in list(self._open.items()):
            same = current.head.source == line.source and current.head.service == line.service
            if same or len(self._open) > _MOST_OPEN:
                self._settle(place)

    def _settle(self, place: tuple[str, int]) -> None:
        """A line and its trace are complete."""
        current = self._open.pop(place)
        head = current.head
        trace = stack(head.fields) if head.structured else tuple(line.message for line in current.below)
        text = exception((head.message, *trace)) or head.message
        category = current.category if text == head.message else graver(current.category, text)
        lines = tuple(line[:_LINE] for line in (head.message, *trace[:EVIDENCE]))
        self._occurred(category, head, current.at, text, lines, key=pattern(text))

    def _occurred(
        self, category: Category, line: LogLine, at: int, text: str, evidence: tuple[str, ...], *, key: str
    ) -> None:
        service = service_of(line)
        fingerprint = f"log:{category}:{service}:{crc32(key.encode('utf-8', 'replace')):08x}"
        event = self._events.pop(fingerprint, None) or _Event(category, service, line.source, text)
        self._events[fingerprint] = event  # the newest at the end
        event.count += 1
        event.last_at = max(event.last_at, at)
        if len(evidence) >= len(event.evidence):
            event.text, event.evidence = text, evidence
            event.correlation = line.correlation_id or event.correlation
            event.messages = message_ids(line.message) or event.messages
        while len(self._events) > MOST:
            del self._events[next(iter(self._events))]

    def _forget(self, now: int) -> None:
        for fingerprint in [f for f, event in self._events.items() if now - event.last_at > self._holds_ms]:
            del self._events[fingerprint]
        for source in [s for s, (_, at) in self._passed.items() if now - at > self._holds_ms]:
            del self._passed[source]
        for key, times in list(self._storms.items()):
            while times and now - times[0] > STORM_MS:
                times.popleft()
            if not times:
                del self._storms[key], self._storm_lines[key]

    # Symptoms

    def _of_event(self, fingerprint: str, event: _Event) -> Symptom:
        secret = event.category is Category.SECURITY
        return Symptom(
            fingerprint,
            ANALYST,
            event.category.value,
            Severity.HIGH if secret else SEVERITY[event.category],
            _short(event.text),
            service=event.service,
            correlation_id=event.correlation,
            message_ids=event.messages,
            times=event.count,
            evidence=event.evidence,
            pattern=pattern(event.text),
            hypothesis=_WHY[event.category],
            recommendation=_DO[event.category],
            see=self._see(event.source),
            clears=f"no such line for {units.age(self._holds_ms)}",
        )

    def _of_storms(self, now: int) -> Iterator[Symptom]:
        for (source, same), times in self._storms.items():
            if len(times) < STORM:
                continue
            line = self._storm_lines[source, same]
            rate = len(times) * 60_000 / STORM_MS
            yield self._symptom(
                source,
                Category.RETRY_STORM,
                Severity.HIGH,
                f"{rate:.0f} times a minute: {_short(line.message)}",
                key=same,
                service=service_of(line),
                metrics=(("perMinute", rate), ("lines", float(len(times)))),
                evidence=(f"{len(times)} times within {units.age(now - times[0])}", line.message[:_LINE]),
                pattern=same,
                correlation_id=line.correlation_id,
                hypothesis="something is tried again and again without a pause that grows",
                recommendation="wait longer after each failure, and give up after some",
                clears=f"it comes less than {STORM} times in {STORM_MS // 1000} s",
            )

    def _of_habits(self, habits: SourceHabits, now: int) -> Iterator[Symptom]:
        name = habits.name
        silent = habits.silent_for(now)
        if silent is not None and habits.last_line is not None and name not in self.excused:
            yield self._symptom(
                name, Category.ANOMALY, Severity.MEDIUM, f"silent for {units.age(silent)}",
                key="silent",
                metrics=(("silentMs", float(silent)),),
                evidence=(f"silent for {units.age(silent)}", f"its last: {habits.last_line.message[:_LINE]}"),
                hypothesis="it hangs, has ended, or writes to another file",
                recommendation="look whether its process is there and what it waits for",
                clears="a new line",
            )  # fmt: skip
        loop = habits.loop(now)
        if loop:
            yield self._symptom(
                name, Category.CRASH, Severity.CRITICAL, f"started {len(loop)} times in 2 minutes",
                key="loop",
                service=service_of(loop[-1]),
                metrics=(("starts", float(len(loop))),),
                evidence=tuple(line.message[:_LINE] for line in loop[-6:]),
                hypothesis="it ends soon after each start, and is started again",
                recommendation="read what it says right before each start",
                clears="fewer than 3 starts within 2 minutes",
            )  # fmt: skip
        yield from self._of_clock(habits, now)
        if habits.mixed():
            yield self._symptom(
                name, Category.DOC_DRIFT, Severity.LOW, "JSON and plain lines in one log",
                key="mixed",
                expected="one format",
                actual=f"{habits.structured} lines of JSON, {habits.plain} of text",
                hypothesis="two loggers write to it, or a library prints around the logger",
                recommendation="send everything through one logger",
                clears="four lines of five are of one format",
            )  # fmt: skip

    def _of_clock(self, habits: SourceHabits, now: int) -> Iterator[Symptom]:
        if habits.backwards is not None and now - habits.backwards[0] <= self._holds_ms:
            _, before, after = habits.backwards
            back = (before.at or 0) - (after.at or 0)
            yield self._symptom(
                habits.name, Category.ANOMALY, Severity.LOW, f"times run backwards by {units.age(back)}",
                key="backwards",
                evidence=(before.message[:_LINE], after.message[:_LINE]),
                metrics=(("backMs", float(back)),),
                hypothesis="the clock was set, or two writers with different time zones share the file",
                recommendation="log UTC with an offset, and keep clocks in step",
                clears=f"none for {units.age(self._holds_ms)}",
            )  # fmt: skip
        skew = habits.skew_ms()
        if skew is not None:
            how = "ahead of" if skew > 0 else "behind"
            yield self._symptom(
                habits.name, Category.ANOMALY, Severity.LOW,
                f"times are {units.age(abs(skew))} {how} this machine's",
                key="skew",
                metrics=(("skewMs", float(skew)),),
                evidence=(habits.last_line.message[:_LINE],) if habits.last_line else (),
                hypothesis="its clock is off, or its times are of another zone and do not say which",
                recommendation="log UTC with an offset, and keep clocks in step",
                clears="its times and the times of reading agree",
            )  # fmt: skip

    def _of_passed(self, source: str, number: int) -> Symptom:
        return self._symptom(
            source, Category.BUG, Severity.HIGH, f"{units.count(number)} more errors in a flood",
            key="flood",
            metrics=(("lines", float(number)),),
            evidence=(f"{number} lines with errors were passed over in a flood, counted but not shown",),
            hypothesis="the same as the errors beside it, many times",
            recommendation="search the file itself for them",
            clears=f"none for {units.age(self._holds_ms)}",
        )  # fmt: skip

    def _of_formats(self) -> list[Symptom]:
        formats = {name: how for name, habits in self._habits.items() if (how := habits.formatted())}
        if len(set(formats.values())) < 2:
            return []
        told = {how: sorted(name for name, of in formats.items() if of == how) for how in ("json", "text")}
        words = f"{units.plural(len(told['json']), 'log')} in JSON, {len(told['text'])} in plain text"
        actual = "; ".join(f"{how}: {', '.join(names[:8])}" for how, names in told.items())
        return [
            Symptom(
                "log:formats", ANALYST, Category.DOC_DRIFT.value, Severity.LOW, words,
                evidence=(actual,), expected="one format for all services", actual=actual,
                hypothesis="services log as their frameworks came",
                recommendation="let all write JSON with the same field names, or all the same line",
                clears="all logs are of one format",
            )
        ]  # fmt: skip

    def _symptom(
        self,
        source: str,
        category: Category,
        severity: Severity,
        summary: str,
        *,
        key: str,
        service: str | None = None,
        **more: object,
    ) -> Symptom:
        fingerprint = f"log:{category}:{source}:{crc32(key.encode('utf-8', 'replace')):08x}"
        return Symptom(
            fingerprint, ANALYST, category.value, severity, summary,
            service=service or source, see=self._see(source), **more,  # type: ignore[arg-type]
        )  # fmt: skip

    def _see(self, source: str) -> str | None:
        path = self._paths.get(source)
        return f"agentdash logs {shell_path(path)}" if path else None


def service_of(line: LogLine) -> str:
    """Who a line is about: the service that a structured line names, else its source."""
    return line.service if line.structured and line.service else line.source


def _short(text: str) -> str:
    return text if len(text) <= _SUMMARY else f"{text[: _SUMMARY - 1]}…"


_WHY = {
    Category.BUG: "the service met a case that it does not handle",
    Category.CRASH: "the service, or a part of it, ended by an error that nothing caught",
    Category.TIMEOUT: "what it depends on is down, too slow, or not reachable from here",
    Category.MEMORY_LEAK: "it needs more memory than it may have; if it grows steadily, it leaks",
    Category.SECURITY: "a secret was written to the log as it is; everyone who reads the log has it now",
}
_DO = {
    Category.BUG: "read the trace from its innermost frame of your own code",
    Category.CRASH: "read the trace, and what came right before it; see whether it was started again",
    Category.TIMEOUT: "look whether the other side is up, and how long it takes to answer",
    Category.MEMORY_LEAK: "compare its memory over time with the work that it does; find what it keeps",
    Category.SECURITY: "revoke the secret, take it out of the line that logs it, and out of old logs",
}
