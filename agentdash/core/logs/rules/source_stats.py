"""What one log does over time: pauses, starts, its clock and its format."""

from __future__ import annotations

from collections import deque

from agentdash.core.logs.model import LogLine
from agentdash.core.logs.rules.classify import is_start, message_pattern

SILENT_MS = 30_000
"""A log with regular lines is silent after that long, or three times its longest pause if that is more."""
MIN_PAUSES = 10
"""Pauses that must be known for its lines to be regular."""
STARTS = 3
STARTS_MS = 120_000
"""So many starts within so long are a loop; those within a second are workers of one start."""
BACKWARDS_MS = 5_000
"""A line may be so much older than one before it: several writers of one file are not synchronous."""
AHEAD_MS = 60_000
"""A clock that is more ahead of this one is wrong."""
MIN_LINES = 20
"""Lines that must be known before the source has a format."""

_MAX_STARTS = 120
_HALF_HOUR = 1_800_000
_STEADY = 5
_FORGET_MS = 1_800_000


class SourceStats:
    """What the rules need of one source; bounded.

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

    def add(self, line: LogLine, *, live: bool) -> None:
        """Add a line that continues none, in the order in which they were written.

        Args:
            line: The line.
            live: Whether it was written while this ran: only then does the time of reading count.
        """
        at = line.seen_at if line.at is None or live else line.at
        if self.last_at is not None and at > self.last_at:
            self._pauses.append(at - self.last_at)
        self.last_at = max(at, self.last_at or 0)
        self.last_line = line
        self.structured += line.structured
        self.plain += not line.structured
        if line.at is not None:
            self._add_time(line, line.at, live=live)
        if is_start(line):
            self._add_start(line, at)

    def _add_time(self, line: LogLine, at: int, *, live: bool) -> None:
        latest = self._latest
        if latest is not None and latest.at is not None and at < latest.at - BACKWARDS_MS:
            self.backwards = (line.seen_at, latest, line)
            self._latest = line
        elif latest is None or latest.at is None or at >= latest.at:
            self._latest = line
        if live:
            self._skews.append(at - line.seen_at)

    def _add_start(self, line: LogLine, at: int) -> None:
        seen = self.starts.setdefault(message_pattern(line.message), deque(maxlen=_MAX_STARTS))
        if not seen or at - seen[-1][0] >= 1000:
            seen.append((at, line))
        while len(self.starts) > MIN_LINES:
            del self.starts[next(iter(self.starts))]

    def idle_ms(self, now: int) -> int | None:
        """Milliseconds without a line where that is unusual for it, else None."""
        if self.last_at is None or len(self._pauses) < MIN_PAUSES:
            return None
        silent = now - self.last_at
        return silent if max(SILENT_MS, 3 * max(self._pauses)) < silent < _FORGET_MS else None

    def crash_loop(self, now: int) -> list[LogLine]:
        """The starts of a crash loop; empty without one."""
        for lines in self.starts.values():
            recent = [line for at, line in lines if now - at <= STARTS_MS]
            if len(recent) >= STARTS:
                return recent
        return []

    def skew_ms(self) -> int | None:
        """Its steady clock skew: ahead, or behind by whole half hours, as a time zone is."""
        if len(self._skews) < _STEADY:
            return None
        least, most = min(self._skews), max(self._skews)
        if least > AHEAD_MS:
            return least
        over = -most % _HALF_HOUR
        zone = most <= -_HALF_HOUR + AHEAD_MS and min(over, _HALF_HOUR - over) <= AHEAD_MS
        return most if zone and most - least <= AHEAD_MS else None

    def is_mixed(self) -> bool:
        """Whether it has both structured and plain lines."""
        total = self.structured + self.plain
        return total >= 2 * MIN_LINES and min(self.structured, self.plain) * 5 >= total

    def format(self) -> str | None:
        """``json`` or ``text``; None where it has no certain format."""
        total = self.structured + self.plain
        if total < MIN_LINES:
            return None
        if self.structured * 10 >= total * 9:
            return "json"
        return "text" if self.plain * 10 >= total * 9 else None
