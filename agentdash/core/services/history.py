"""The last ten minutes of every service: CPU, memory and the latency of its probe, over all its processes."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentdash.core.services.model import Service, ServicesSnapshot

BUCKET_MS = 5_000
BUCKETS = 120
CPU, RSS, LATENCY = range(3)

Values = tuple[float | None, ...]
"""Oldest first; None where nothing was known: it was down, or may not be read."""


@dataclass(frozen=True, slots=True)
class ServiceCourse:
    """How a service went: percent of one core, bytes, milliseconds; the peak of each bucket."""

    cpu: Values
    rss: Values
    latency: Values


@dataclass(slots=True)
class ServiceCourses:
    """The courses of all services, 1.4 kB each. One writer: `saw` with each snapshot."""

    _tracks: dict[str, array[float]] = field(default_factory=dict)
    _bucket: int | None = None

    def saw(self, snapshot: ServicesSnapshot) -> None:
        """Take what *snapshot* says; what is no longer in it is forgotten."""
        bucket = snapshot.taken_at // BUCKET_MS
        turns = 0 if self._bucket is None else min(bucket - self._bucket, BUCKETS)
        before, self._tracks, self._bucket = self._tracks, {}, bucket
        if turns < 0:  # the clock was set back: what was kept has no place in time any more
            before, turns = {}, 0
        for service in snapshot.services:
            track = before.get(service.name) or array("f", [nan] * (3 * BUCKETS))
            if turns:
                del track[: 3 * turns]
                track.extend([nan] * (3 * turns))
            self._tracks[service.name] = track
            for metric, value in enumerate(_values(service)):
                if value is not None:
                    at = 3 * (BUCKETS - 1) + metric
                    track[at] = value if isnan(track[at]) else max(track[at], value)

    def of(self, name: str) -> ServiceCourse | None:
        """The course of a service; None where it is not known."""
        track = self._tracks.get(name)
        return None if track is None else ServiceCourse(*(_read(track, metric) for metric in range(3)))


def _values(service: Service) -> tuple[float | None, float | None, float | None]:
    answered = service.probe is not None and service.probe.ok is True
    return (
        service.cpu_percent,
        service.rss_bytes,
        service.probe.latency_ms if answered and service.probe else None,
    )


def _read(track: array[float], metric: int) -> Values:
    return tuple(None if isnan(value) else value for value in track[metric::3])
