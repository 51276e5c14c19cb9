"""Recent values of a few metrics in buckets of equal length, oldest first: the one ring for all charts."""

from __future__ import annotations

from array import array
from math import isnan, nan
from typing import Literal

Values = tuple[float | None, ...]
"""Values of one metric, oldest first; None where nothing is known."""


class TimeBuckets:
    """The last *count* buckets, each with one number per metric. The newest bucket is being filled.

    It begins without any bucket. The caller keeps the number of the newest one (time // length), which many
    of these share, and calls `advance` by the difference.

    Args:
        metrics: Numbers per bucket.
        count: Buckets kept at most.
        typecode: Of `array`: ``f`` (4 bytes a number) or ``d`` (8 bytes).
    """

    __slots__ = ("_limit", "_metrics", "_values", "count")

    def __init__(self, metrics: int, count: int, typecode: Literal["f", "d"] = "f") -> None:
        self.count = count
        self._metrics = metrics
        self._limit = metrics * count
        self._values: array[float] = array(typecode)

    def advance(self, steps: int, fill: float = nan) -> None:
        """Begin *steps* new buckets with *fill* in each (NaN: nothing known); the oldest are dropped."""
        if steps <= 0:
            return
        self._values.extend([fill] * (self._metrics * min(steps, self.count)))
        excess = len(self._values) - self._limit
        if excess > 0:
            del self._values[:excess]

    def put(self, metric: int, value: float | None) -> None:
        """Replace the value in the newest bucket; None changes nothing."""
        if value is not None:
            self._values[metric - self._metrics] = value

    def put_peak(self, metric: int, value: float | None) -> None:
        """Keep the greater of *value* and what the newest bucket has; None changes nothing."""
        if value is not None:
            at = metric - self._metrics
            known = self._values[at]
            self._values[at] = value if isnan(known) or value > known else known

    def add(self, metric: int, amount: float) -> None:
        """Add to the newest bucket; NaN there counts as 0."""
        at = metric - self._metrics
        known = self._values[at]
        self._values[at] = amount if isnan(known) else known + amount

    def read(self, metric: int) -> Values:
        """All values of one metric; as many as there are buckets so far."""
        return tuple(None if isnan(value) else value for value in self._values[metric :: self._metrics])
