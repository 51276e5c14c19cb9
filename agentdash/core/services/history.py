"""The last ten minutes of every service: CPU, memory and probe latency, over all its processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdash.core.time_buckets import TimeBuckets, Values

if TYPE_CHECKING:
    from agentdash.core.services.model import Service, ServicesSnapshot

BUCKET_MS = 5_000
BUCKETS = 120
_METRICS = range(3)
"""CPU, memory, latency."""


@dataclass(frozen=True, slots=True)
class ServiceSeries:
    """The peaks of each bucket: percent of one core, bytes, milliseconds."""

    cpu: Values
    rss: Values
    latency: Values


@dataclass(slots=True)
class ServiceHistory:
    """The series of all services, 1.4 kB each."""

    _by_name: dict[str, TimeBuckets] = field(default_factory=dict)
    _bucket: int | None = None

    def add(self, snapshot: ServicesSnapshot) -> None:
        """Add the values of *snapshot*; services that are not in it are dropped."""
        bucket = snapshot.taken_at // BUCKET_MS
        steps = 0 if self._bucket is None else bucket - self._bucket
        before, self._by_name, self._bucket = self._by_name, {}, bucket
        if steps < 0:  # the clock was set back: earlier buckets have no place in time
            before, steps = {}, 0
        for service in snapshot.services:
            buckets = before.get(service.name)
            if buckets is None:
                buckets = TimeBuckets(len(_METRICS), BUCKETS)
                buckets.advance(BUCKETS)
            else:
                buckets.advance(steps)
            self._by_name[service.name] = buckets
            for metric, value in enumerate(_values(service)):
                buckets.put_peak(metric, value)

    def of(self, name: str) -> ServiceSeries | None:
        """The series of a service; None where it is unknown."""
        buckets = self._by_name.get(name)
        return None if buckets is None else ServiceSeries(*(buckets.read(metric) for metric in _METRICS))


def _values(service: Service) -> tuple[float | None, float | None, float | None]:
    probe = service.probe
    latency = probe.latency_ms if probe is not None and probe.ok is True else None
    return service.cpu_percent, service.rss_bytes, latency
