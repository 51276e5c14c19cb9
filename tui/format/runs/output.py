"""Assembles the output of a run, and the lines of its logs, from its events."""

from __future__ import annotations

from collections.abc import Iterable

from agentdash.core import units
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.runs import event as ev
from agentdash.core.runs.model import Run, RunEvent
from agentdash.core.text import printable, strip_escapes

LONGEST = 16 * 1024
"""Characters of an incomplete line that are kept."""
_MOST_LOGS = 100


class LineAssembler:
    """Assembles lines from the pieces in events.

    A piece may end inside a line: the rest is kept for the next piece of the same source, until the second
    call of `settle`. Lines with events are left out.
    """

    def __init__(self) -> None:
        self.count = 0
        self._incomplete: dict[str, tuple[str, int, bool]] = {}
        self._parsers: dict[str, LogParser] = {}

    def output(self, events: Iterable[RunEvent]) -> list[LogLine]:
        """The lines of output completed by *events*."""
        lines: list[LogLine] = []
        for event in events:
            if event.type == ev.OUTPUT:
                stream = event.data.get("stream")
                source = stream if isinstance(stream, str) else "output"
                lines += self._dropped(event, source)
                lines += self._piece(event, source)
            elif event.type == ev.TURN_STARTED:
                lines += self.settle(everything=True)
                lines.append(self._line(f"── turn {event.turn} ──", "turn", event.at or 0))
        return lines

    def logged(self, events: Iterable[RunEvent]) -> list[LogLine]:
        """The log lines completed by *events*, parsed."""
        lines: list[LogLine] = []
        for event in events:
            if event.type == ev.LOG_UPDATED:
                path = event.data.get("path")
                lines += self._piece(event, path if isinstance(path, str) else "log")
        return [self._parsed(line) for line in lines]

    def settle(self, *, everything: bool = False) -> list[LogLine]:
        """The incomplete lines kept since the last call; *everything*: all of them."""
        lines: list[LogLine] = []
        for source, (text, at, waited) in list(self._incomplete.items()):
            if waited or everything:
                del self._incomplete[source]
                if not ev.is_telemetry(text):
                    lines.append(self._line(text, source, at))
            else:
                self._incomplete[source] = (text, at, True)
        return lines

    def _parsed(self, line: LogLine) -> LogLine:
        parser = self._parsers.get(line.source)
        if parser is None:
            if len(self._parsers) >= _MOST_LOGS:
                return line
            parser = self._parsers[line.source] = LogParser(line.source)
        return parser.line(line.message.encode("utf-8", "replace"), line.offset, line.seen_at)

    def _piece(self, event: RunEvent, source: str) -> list[LogLine]:
        text = event.data.get("text")
        if not isinstance(text, str) or not text:
            return []
        at = event.at or 0
        before, _, _ = self._incomplete.pop(source, ("", 0, False))
        *whole, rest = (before + text).split("\n")
        if len(rest) > LONGEST:
            whole, rest = [*whole, rest], ""
        if rest:
            self._incomplete[source] = (rest, at, False)
        return [self._line(line, source, at) for line in whole if not ev.is_telemetry(line)]

    def _dropped(self, event: RunEvent, source: str) -> list[LogLine]:
        dropped = event.data.get("dropped")
        if not isinstance(dropped, int) or isinstance(dropped, bool) or dropped <= 0:
            return []
        text = f"… {units.size(dropped)} of {printable(source)} dropped (rate limit)"
        return [self._line(text, source, event.at or 0, Level.WARN)]

    def _line(self, text: str, source: str, at: int, level: Level | None = None) -> LogLine:
        shown = strip_escapes(text).rstrip("\r")
        shown = shown.rpartition("\r")[2]  # the last state of a progress bar
        self.count += 1
        name = printable(source.rpartition("/")[2])
        return LogLine(
            source=name, offset=self.count, seen_at=at, at=at or None, level=level, service=name,
            message=printable(shown),
        )  # fmt: skip


def is_about(line: LogLine, run: Run) -> bool:
    """Whether a log line is about *run*: by title, id, or a message of its worker."""
    names = {run.id, run.title} - {""}
    if line.service in names or line.source in names or line.correlation_id == run.id:
        return True
    if line.service == "agentdash":
        return line.message.startswith(tuple(f"run {name}:" for name in names))
    return any(line.fields.get(name) in names for name in ("run", "run_id", "runId"))
