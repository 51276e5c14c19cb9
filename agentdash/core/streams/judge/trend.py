"""Whether a number has been rising: by time and by rises, with short rests, without a fall. Pure."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_RISES = 3
"""Two samples that are higher than the one before may be chance, however far apart they are."""


@dataclass(slots=True)
class Rise:
    """One number's way up.

    Attributes:
        value: At the last sample; None before the first.
        at: When that was, Unix ms.
        begun: Since when it rises; None while it does not.
        base: What it was then.
        risen_at: When it rose last.
        rests_from: Since when it rests, as far as it was watched.
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
        """Take a sample; a fall ends the rise, and so does a rest of more than *rest_ms* that was watched."""
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
        """Seconds from its beginning to the last rise; 0 while it does not rise."""
        if self.begun is None or self.rises < LEAST_RISES:
            return 0.0
        return (self.rose_at - self.begun) / 1000
