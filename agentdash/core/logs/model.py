"""Log lines as records, and the bounded ring that holds the newest of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from agentdash.core.records import record

OWN = "agentdash"
"""The source and the service of lines that are about watching itself."""


class Level(StrEnum):
    """Levels of a line, folded as the JSON view does."""

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
        at: Its own time, Unix ms; None where it carries none.
        seen_at: When agentdash read it, Unix ms.
        level: None where the line has none: never a guess.
        service: Who wrote it, by its own word, else the source's.
        message: The text, free of control characters.
        correlation_id: The id that ties lines and messages together, where it carries one.
        fields: Other fields of a structured line.
        continues: Offset of the line that this one continues (a stack trace), else None.
        masked: The kinds of secrets that were masked in it.
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
    """How one followed file is doing; `error` in words where it cannot be read.

    Attributes:
        missing: Whether that is only because it does not exist yet.
        lost: Bytes of it that were seen and then truncated away before they were read.
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
        skipped: Lines that came but were passed over, to keep up.
        behind_ms: How long the oldest of them waited before it was read.
        errors_skipped: How many of those passed over carry an error, by source. As many as there is time for
            are among the lines, before those that came after the flood.
    """

    taken_at: int
    host: str
    lines: tuple[LogLine, ...]
    sources: tuple[LogSource, ...] = ()
    skipped: int = 0
    behind_ms: int = 0
    errors_skipped: tuple[tuple[str, int], ...] = ()


class LogRing:
    """The newest *limit* lines: nothing goes below the limit; above it the oldest goes as a new one comes.

    Lines are numbered from 0 as they come, so that a view can name a line that has since gone.
    """

    def __init__(self, limit: int = 5000) -> None:
        self.limit = limit
        self.first = 0
        self.skipped = 0
        self._lines: deque[LogLine] = deque(maxlen=limit)

    def extend(self, lines: Iterable[LogLine], skipped: int = 0) -> None:
        """Add *lines*; *skipped* more came and were passed over."""
        before = len(self._lines)
        count = 0
        for count, line in enumerate(lines, 1):  # noqa: B007 - the count is what is wanted after the loop
            self._lines.append(line)
        self.first += before + count - len(self._lines)
        self.skipped += skipped

    @property
    def end(self) -> int:
        """Number of the line that will come next."""
        return self.first + len(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    def line(self, number: int) -> LogLine | None:
        """The line with this *number*; None where it has gone or has not come yet."""
        index = number - self.first
        return self._lines[index] if 0 <= index < len(self._lines) else None

    def block(self, line: LogLine) -> tuple[LogLine, ...]:
        """The head that *line* continues, or itself, and what continues it, as far as that is there.

        Where *line* has gone, it alone.
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
        """The lines from *number* on that are still there, oldest first. O(what is returned) from the end."""
        wanted = min(len(self._lines), self.end - number)
        if wanted <= 0:
            return []
        newest = iter(reversed(self._lines))
        taken = [next(newest) for _ in range(wanted)]
        taken.reverse()
        return taken
