"""Log lines as records, and the bounded ring that holds the newest of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from agentdash.core.records import record

OWN = "agentdash"
"""The source and the service of lines of agentdash itself."""


class Level(StrEnum):
    """Levels of a line."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"


@record(frozen=True, slots=True)
class LogLine:
    """One line of one source.

    Attributes:
        source: The name of the file or service it was read from.
        offset: Where it begins in the source, bytes.
        at: Its time, Unix ms; None without one.
        seen_at: When agentdash read it, Unix ms.
        level: None without one: it is never guessed.
        service: Who wrote it by the line, else by the source.
        message: The text, free of control characters.
        correlation_id: The id that relates lines and messages, if it has one.
        fields: Other fields of a structured line.
        continues: Offset of the line that this one continues (a stack trace), else None.
        masked: The kinds of masked secrets.
        structured: Whether it is JSON.
    """

    source: str
    offset: int
    seen_at: int
    message: str
    at: int | None = None
    level: Level | None = None
    service: str | None = None
    correlation_id: str | None = None
    fields: dict[str, object] = field(default_factory=dict)
    continues: int | None = None
    masked: tuple[str, ...] = ()
    structured: bool = False


@dataclass(frozen=True, slots=True)
class LogSource:
    """The state of a followed file.

    Attributes:
        error: Why it cannot be read; None while it can.
        missing: Whether that is only because it does not exist yet.
        lost: Bytes that were truncated away before they were read.
    """

    name: str
    path: str
    size: int = 0
    lines: int = 0
    error: str | None = None
    lost: int = 0
    missing: bool = False


@dataclass(frozen=True, slots=True)
class LogBatch:
    """New lines since the last batch, oldest first.

    Attributes:
        skipped: Lines that were skipped to keep up.
        behind_ms: How long the oldest of them waited before it was parsed.
        errors_skipped: Errors among the skipped lines that are not in `lines`, by source.
    """

    taken_at: int
    host: str
    lines: tuple[LogLine, ...]
    sources: tuple[LogSource, ...] = ()
    skipped: int = 0
    behind_ms: int = 0
    errors_skipped: tuple[tuple[str, int], ...] = ()


class LogRing:
    """The newest *limit* lines.

    Lines are numbered from 0, so that a view can name a line that was dropped.
    """

    def __init__(self, limit: int = 5000) -> None:
        self.limit = limit
        self.first = 0
        self.skipped = 0
        self._lines: deque[LogLine] = deque(maxlen=limit)

    def extend(self, lines: Iterable[LogLine], skipped: int = 0) -> None:
        """Add *lines*; *skipped* more were skipped."""
        before = len(self._lines)
        count = 0
        for count, line in enumerate(lines, 1):  # noqa: B007 - the count is used after the loop
            self._lines.append(line)
        self.first += before + count - len(self._lines)
        self.skipped += skipped

    @property
    def end(self) -> int:
        """The number of the next line."""
        return self.first + len(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    def line(self, number: int) -> LogLine | None:
        """The line with this *number*; None where it was dropped or does not exist yet."""
        index = number - self.first
        return self._lines[index] if 0 <= index < len(self._lines) else None

    def block(self, line: LogLine) -> tuple[LogLine, ...]:
        """The head that *line* continues, or itself, and the lines that continue it, as far as they are kept.

        Only *line* where it was dropped.
        """
        lines = [other for other in self._lines if other.source == line.source]
        at = next((n for n in range(len(lines) - 1, -1, -1) if lines[n] is line), None)
        if at is None:
            return (line,)
        place = line.offset if line.continues is None else line.continues
        while (
            at and lines[at].continues == place and place in {lines[at - 1].continues, lines[at - 1].offset}
        ):
            at -= 1
        end = at + 1
        while end < len(lines) and lines[end].continues == place:
            end += 1
        return tuple(lines[at:end])

    def since(self, number: int) -> list[LogLine]:
        """The kept lines from *number* on, oldest first. O(length of the result)."""
        wanted = min(len(self._lines), self.end - number)
        if wanted <= 0:
            return []
        newest = iter(reversed(self._lines))
        found = [next(newest) for _ in range(wanted)]
        found.reverse()
        return found
