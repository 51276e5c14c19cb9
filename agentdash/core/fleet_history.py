"""The last ten minutes of the whole fleet, in buckets of ten seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

BUCKET_MS = 10_000
BUCKETS = 60


@dataclass(slots=True)
class Course:
    """One number over time. A bucket that nothing was known for stays None.

    Attributes:
        values: Oldest first; the last one is still being filled.
    """

    values: list[float | None] = field(default_factory=lambda: [None] * BUCKETS)
    _bucket: int = -1

    def add(self, amount: float, now: int) -> None:
        """Add *amount* to the bucket of *now*."""
        self._turn(now)
        self.values[-1] = (self.values[-1] or 0) + amount

    def recent(self, now: int) -> list[float | None]:
        """The values up to the bucket of *now*, oldest first."""
        self._turn(now)
        return list(self.values)

    def per_minute(self, now: int) -> float | None:
        """The sum of the last full minute; None while there is none."""
        self._turn(now)
        last = [value for value in self.values[-7:-1] if value is not None]
        return sum(last) * 6 / len(last) if last else None

    def _turn(self, now: int) -> None:
        bucket = now // BUCKET_MS
        if self._bucket < 0:
            self._bucket = bucket
        for _ in range(min(bucket - self._bucket, BUCKETS)):
            self.values.pop(0)
            self.values.append(0.0)
        self._bucket = max(bucket, self._bucket)


@dataclass(slots=True)
class FleetHistory:
    """Totals of the last ten minutes.

    Attributes:
        errors: Log lines of level error and fatal.
        tokens: Tokens that runs used.
        messages: Entries added to streams.
    """

    errors: Course = field(default_factory=Course)
    tokens: Course = field(default_factory=Course)
    messages: Course = field(default_factory=Course)
    _tokens_of: dict[str, int] = field(default_factory=dict)
    _added_to: dict[bytes, int] = field(default_factory=dict)

    def saw_errors(self, count: int, now: int) -> None:
        """Add *count* error lines."""
        self.errors.add(count, now)

    def saw_tokens(self, totals: dict[str, int], now: int) -> None:
        """Add the tokens used since the last totals, by run; those of a new run do not count."""
        used = sum(max(0, total - self._tokens_of.get(run, total)) for run, total in totals.items())
        self._tokens_of = totals
        self.tokens.add(used, now)

    def saw_added(self, totals: dict[bytes, int], now: int) -> None:
        """Add the entries added since the last totals, by stream; those of a new stream do not count."""
        came = sum(max(0, total - self._added_to.get(name, total)) for name, total in totals.items())
        self._added_to = totals
        self.messages.add(came, now)
