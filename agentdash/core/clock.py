"""Time is injected, so that a recorded session replays exactly and pictures are stable."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


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
