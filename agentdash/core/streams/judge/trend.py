"""Whether a number has been rising: with short pauses, without a fall. Pure."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_RISES = 3
"""Two samples that are higher than the one before may be chance."""


@dataclass(slots=True)
class Rise:
    """The rise of one number.

    Attributes:
        value: At the last sample; None before the first.
        at: When that was, Unix ms.
        begun: Since when it rises, Unix ms; None while it does not.
        base: What it was then.
        rose_at: When it rose last.
        paused_from: Since when it does not rise, as far as sampled.
        rises: How many samples were higher than the one before.
    """

    value: int | None = None
    at: int = 0
    begun: int | None = None
    base: int = 0
    rose_at: int = 0
    paused_from: int = 0
    rises: int = 0

    def record(self, value: int, now: int, max_pause_ms: int) -> None:
        """Add a sample; a fall ends the rise, and so does a sampled pause of more than *max_pause_ms*."""
        before, self.value = self.value, value
        if now - self.at > max_pause_ms:
            self.paused_from = now
        if before is not None and value > before:
            if self.begun is None:
                self.begun, self.base, self.rises = self.at, before, 0
            self.rises += 1
            self.rose_at = self.paused_from = now
        elif before is not None and (value < before or now - self.paused_from > max_pause_ms):
            self.begun = None
        self.at = now

    @property
    def lasts_s(self) -> float:
        """Seconds from the beginning of the rise to its last step; 0 while there is none."""
        if self.begun is None or self.rises < LEAST_RISES:
            return 0.0
        return (self.rose_at - self.begun) / 1000
