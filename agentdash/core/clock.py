"""Clocks are injected, so that a recorded session replays exactly and snapshots are stable."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from agentdash.core.bounds import OUT_OF_RANGE, bounded_time_ms

TIME_OF_DAY = "%H:%M:%S"


class Clock(Protocol):
    """Source of the time."""

    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        ...

    def monotonic(self) -> float:
        """Monotonic seconds, for intervals."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Monotonic seconds, for intervals."""
        return time.monotonic()


@dataclass(slots=True)
class ManualClock:
    """A clock that is set by its owner: for tests, replay and snapshots."""

    ms: int = 1_732_112_345_000

    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        return self.ms

    def monotonic(self) -> float:
        """Monotonic seconds, for intervals."""
        return self.ms / 1000

    def advance(self, seconds: float) -> None:
        """Move forward by *seconds*."""
        self.ms += int(seconds * 1000)


def local_time(ms: float, zone: tzinfo | None) -> datetime | None:
    """*ms* (Unix ms) in *zone* (None: that of this machine); None where it is out of range.

    UTC where Python cannot compute with the zone (``TZ=<+99>-99:59:59``).
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
    """*ms* (Unix ms) as text in *form* (of ``strftime``); ``out of range`` where it is."""
    moment = local_time(ms, zone)
    return OUT_OF_RANGE if moment is None else moment.strftime(form)
