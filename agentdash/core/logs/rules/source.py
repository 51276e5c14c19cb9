"""What one log does over time: whether it talks, starts again and again, and how its clock and format are."""

from __future__ import annotations

from collections import deque

from agentdash.core.logs.model import LogLine
from agentdash.core.logs.rules.trouble import is_start, pattern

SILENT_MS = 30_000
"""A log that used to talk is silent after that long, or three times its longest pause if that is more."""
TALKED = 10
"""Times at which it must have talked for its pauses to be a habit."""
STARTS = 3
STARTS_MS = 120_000
"""So many starts within so long are a loop; those within a second are workers of one start."""
BACKWARDS_MS = 5_000
"""A line may be so much older than one before it: several writers of one file are not in step."""
AHEAD_MS = 60_000
"""A clock that is so much ahead of this one is wrong."""
LINES = 20
"""Lines that must have been seen before a format is a habit."""

_MOST_STARTS = 120
_HALF_HOUR = 1_800_000
_STEADY = 5
_FORGET_MS = 1_800_000


class SourceHabits:
    """Keeps what the rules need to know of one source; bounded.

    Args:
        name: Of the source.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.last_at: int | None = None
        self.last_line: LogLine | None = None
        self.structured = 0
        self.plain = 0
        self.starts: dict[str, deque[tuple[int, LogLine]]] = {}
        self.backwards: tuple[int, LogLine, LogLine] | None = None
        self._latest: LogLine | None = None
        self._pauses: deque[int] = deque(maxlen=50)
        self._skews: deque[int] = deque(maxlen=_STEADY)

    def take(self, line: LogLine, *, live: bool) -> None:
        """Take a line that continues none, in the order in which it was written.

        Args:
            line: It.
            live: Whether it came while this was watching: only then does the time of reading say something.
        """
        at = line.seen_at if line.at is None or live else line.at
        if self.last_at is not None and at > self.last_at:
            self._pauses.append(at - self.last_at)
        self.last_at = max(at, self.last_at or 0)
        self.last_line = line
        self.structured += line.structured
        self.plain += not line.structured
        if line.at is not None:
            self._take_time(line, line.at, live=live)
        if is_start(line):
            self._take_start(line, at)

    def _take_time(self, line: LogLine, at: int, *, live: bool) -> None:
        latest = self._latest
        if latest is not None and latest.at is not None and at < latest.at - BACKWARDS_MS:
            self.backwards = (line.seen_at, latest, line)
            self._latest = line
        elif latest is None or latest.at is None or at >= latest.at:
            self._latest = line
        if live:
            self._skews.append(at - line.seen_at)

    def _take_start(self, line: LogLine, at: int) -> None:
        seen = self.starts.setdefault(pattern(line.message), deque(maxlen=_MOST_STARTS))
        if not seen or at - seen[-1][0] >= 1000:
            seen.append((at, line))
        while len(self.starts) > LINES:
            del self.starts[next(iter(self.starts))]

    def silent_for(self, now: int) -> int | None:
        """Milliseconds for which it has been silent, against its habit; None where it is not, or had none."""
        if self.last_at is None or len(self._pauses) < TALKED:
            return None
        silent = now - self.last_at
        return silent if max(SILENT_MS, 3 * max(self._pauses)) < silent < _FORGET_MS else None

    def loop(self, now: int) -> list[LogLine]:
        """The starts that make a crash loop; none where there is none."""
        for lines in self.starts.values():
            recent = [line for at, line in lines if now - at <= STARTS_MS]
            if len(recent) >= STARTS:
                return recent
        return []

    def skew_ms(self) -> int | None:
        """By how much its clock is off, steadily: ahead, or behind by whole half hours, as a time zone is."""
        if len(self._skews) < _STEADY:
            return None
        least, most = min(self._skews), max(self._skews)
        if least > AHEAD_MS:
            return least
        over = -most % _HALF_HOUR
        zone = most <= -_HALF_HOUR + AHEAD_MS and min(over, _HALF_HOUR - over) <= AHEAD_MS
        return most if zone and most - least <= AHEAD_MS else None

    def mixed(self) -> bool:
        """Whether it writes structured and plain lines side by side."""
        total = self.structured + self.plain
        return total >= 2 * LINES and min(self.structured, self.plain) * 5 >= total

    def formatted(self) -> str | None:
        """``json`` or ``text`` where that is its habit."""
        total = self.structured + self.plain
        if total < LINES:
            return None
        if self.structured * 10 >= total * 9:
            return "json"
        return "text" if self.plain * 10 >= total * 9 else None
