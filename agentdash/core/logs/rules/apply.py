"""The rules for logs: lines and times in, symptoms out.

What happened at one moment (an error, a secret) is reported for as long as the settings say after it last
happened; what lasts (silence, a loop) while it lasts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from agentdash.core.findings.model import Symptom
from agentdash.core.findings.symptom_text import shell_path
from agentdash.core.logs.model import OWN, LogBatch, LogLine
from agentdash.core.logs.rules import symptoms
from agentdash.core.logs.rules.classify import (
    Category,
    category_of,
    category_with_trace,
    may_storm,
    message_ids,
    message_pattern,
)
from agentdash.core.logs.rules.source_stats import SourceStats
from agentdash.core.logs.rules.stack_trace import exception, stack
from agentdash.core.logs.rules.symptoms import MAX_LINE, STORM, STORM_MS, LogEvent
from agentdash.core.settings.model import LogsSettings

MAX_TRACE = 80
"""Lines of a trace that are kept."""
MAX_EVENTS = 500
"""Kinds of problems that are kept; those that did not occur for longest are forgotten."""

_SETTLED_MS = 300
_MAX_OPEN = 50
_MAX_STORM_TIMES = 1000


@dataclass(slots=True)
class _OpenProblem:
    """A line with a problem, and the lines that continue it so far."""

    head: LogLine
    category: Category
    at: int
    seen_at: int
    below: list[LogLine] = field(default_factory=list)


class LogRules:
    """Keeps what the rules need of the past.

    Args:
        settings: How long an error keeps its finding open.

    Attributes:
        excused: Sources whose writer has exited, or waits on purpose: their silence is not reported.
    """

    def __init__(self, settings: LogsSettings) -> None:
        self.excused: frozenset[str] = frozenset()
        self._kept_ms = int(settings.finding_for * 1000)
        self._events: dict[str, LogEvent] = {}
        self._open: dict[tuple[str, int], _OpenProblem] = {}
        self._storms: dict[tuple[str, str], tuple[deque[int], LogLine]] = {}
        self._sources: dict[str, SourceStats] = {}
        self._skipped: dict[str, tuple[int, int]] = {}
        self._paths: dict[str, str] = {}
        self._started = False

    def add(self, batch: LogBatch) -> None:
        """Add new lines."""
        live, self._started = self._started, True
        self._paths |= {source.name: source.path for source in batch.sources if source.path}
        for source, number in batch.errors_skipped:
            self._skipped[source] = (self._skipped.get(source, (0, 0))[0] + number, batch.taken_at)
        for line in batch.lines:
            if line.service == OWN:
                continue  # other rules report what agentdash does
            if line.continues is None:
                self._settle_before(line)
                self._add_head(line, batch.taken_at, live=live)
                continue
            problem = self._open.get((line.source, line.continues))
            if problem is not None and len(problem.below) < MAX_TRACE:
                problem.below.append(line)

    def symptoms(self, now: int) -> list[Symptom]:
        """All symptoms at *now*, Unix ms."""
        for place, problem in list(self._open.items()):
            if now - problem.seen_at >= _SETTLED_MS:
                self._settle(place)
        self._forget(now)
        return [self._with_command(source, symptom) for source, symptom in self._found(now)]

    def _found(self, now: int) -> Iterator[tuple[str, Symptom]]:
        for identity, event in self._events.items():
            yield event.source, symptoms.of_event(identity, event, self._kept_ms)
        for name, stats in self._sources.items():
            for symptom in symptoms.of_source(stats, now, self._kept_ms, excused=name in self.excused):
                yield name, symptom
        for (source, same), (times, line) in self._storms.items():
            if len(times) >= STORM:
                yield source, symptoms.of_storm(source, same, times, line, now)
        for source, (errors, _) in self._skipped.items():
            yield source, symptoms.of_flood(source, errors, self._kept_ms)
        formats = {name: how for name, stats in self._sources.items() if (how := stats.format())}
        for symptom in symptoms.of_formats(formats):
            yield "", symptom

    def _with_command(self, source: str, symptom: Symptom) -> Symptom:
        path = self._paths.get(source)
        return replace(symptom, see=f"agentdash logs {shell_path(path)}") if path else symptom

    def _add_head(self, line: LogLine, now: int, *, live: bool) -> None:
        self._sources.setdefault(line.source, SourceStats(line.source)).add(line, live=live)
        at = line.seen_at if live else line.at
        if at is None or now - at > self._kept_ms:
            return  # an old line, or one of the first read whose time is unknown
        for kind in line.masked:
            self._occurred(Category.SECURITY, line, at, f"{kind} in plain text", (line.message,), key=kind)
        category = category_of(line)
        if category is not None:
            self._open[line.source, line.offset] = _OpenProblem(line, category, at, now)
        if may_storm(line):
            key = (line.source, message_pattern(line.message))
            times = self._storms[key][0] if key in self._storms else deque(maxlen=_MAX_STORM_TIMES)
            times.append(at)
            self._storms[key] = times, line

    def _settle_before(self, line: LogLine) -> None:
        """Complete the earlier lines of the same service; in the journal those of others come in between."""
        for place, problem in list(self._open.items()):
            same = problem.head.source == line.source and problem.head.service == line.service
            if same or len(self._open) > _MAX_OPEN:
                self._settle(place)

    def _settle(self, place: tuple[str, int]) -> None:
        """A line and its trace are complete."""
        problem = self._open.pop(place)
        head = problem.head
        trace = stack(head.fields) if head.structured else tuple(line.message for line in problem.below)
        text = exception((head.message, *trace)) or head.message
        category = problem.category if text == head.message else category_with_trace(problem.category, text)
        lines = tuple(line[:MAX_LINE] for line in (head.message, *trace[:MAX_TRACE]))
        self._occurred(category, head, problem.at, text, lines, key=message_pattern(text))

    def _occurred(
        self, category: Category, line: LogLine, at: int, text: str, evidence: tuple[str, ...], *, key: str
    ) -> None:
        service = symptoms.service_of(line)
        identity = symptoms.fingerprint(category, service, key)
        event = self._events.pop(identity, None) or LogEvent(category, service, line.source, text)
        self._events[identity] = event  # the newest at the end
        event.count += 1
        event.last_at = max(event.last_at, at)
        if len(evidence) >= len(event.evidence):
            event.text, event.evidence = text, evidence
            event.correlation = line.correlation_id or event.correlation
            event.messages = message_ids(line.message) or event.messages
        while len(self._events) > MAX_EVENTS:
            del self._events[next(iter(self._events))]

    def _forget(self, now: int) -> None:
        for identity in [one for one, event in self._events.items() if now - event.last_at > self._kept_ms]:
            del self._events[identity]
        for source in [one for one, (_, at) in self._skipped.items() if now - at > self._kept_ms]:
            del self._skipped[source]
        for key, (times, _) in list(self._storms.items()):
            while times and now - times[0] > STORM_MS:
                times.popleft()
            if not times:
                del self._storms[key]
