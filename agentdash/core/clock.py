"""Time is injected, so that a recorded session replays exactly and pictures are stable."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from agentdash.core.bounds import OUT_OF_RANGE, bounded_time_ms

TIME_OF_DAY = "%H:%M:%S"


class Clock(Protocol):
    """Where the program gets its time from."""

    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for intervals."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back, for intervals."""
        return time.monotonic()


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told: for tests, replay and pictures."""

    ms: int = 1_732_112_345_000

    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        return self.ms

    def monotonic(self) -> float:
        """Seconds that never go back, for intervals."""
        return self.ms / 1000

    def advance(self, seconds: float) -> None:
        """Move forward by *seconds*."""
        self.ms += int(seconds * 1000)


def local_time(ms: float, zone: tzinfo | None) -> datetime | None:
    """The moment *ms* (Unix ms) in *zone* (None: that of this machine); None where no calendar has it.

    A zone that Python cannot compute with (``TZ=<+99>-99:59:59``) is taken for UTC.
    """
    whole = bounded_time_ms(ms)
    if whole is None:
        return None
    moment = datetime.fromtimestamp(whole // 1000, UTC).replace(microsecond=whole % 1000 * 1000)
    try:
        return moment.astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return moment


def time_text(ms: float, zone: tzinfo | None, form: str = TIME_OF_DAY) -> str:
    """*ms* (Unix ms) as text in *form* (of ``strftime``); ``out of range`` where no calendar has it."""
    moment = local_time(ms, zone)
    return OUT_OF_RANGE if moment is None else moment.strftime(form)
