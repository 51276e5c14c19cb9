"""The last minutes of each live run: token rate and recent retries. Pure and bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentdash.core.runs.model import Run, RunsSnapshot

STEP_MS = 5_000
"""Samples of a run are at least this far apart."""
KEPT_MS = 300_000
RATE_MS = 60_000
"""The window of a rate."""
LEAST_MS = 10_000
"""The least time for a rate."""
LIMIT = 1000
"""Runs kept at most."""


@dataclass(frozen=True, slots=True)
class RunSample:
    """One sample of a run; None is unknown."""

    at: int
    tokens: int | None
    retries: int | None


@dataclass(slots=True)
class RunHistory:
    """Samples of live runs, oldest first; those of ended or deleted runs are dropped."""

    _of: dict[str, deque[RunSample]] = field(default_factory=dict)

    def add(self, snapshot: RunsSnapshot) -> None:
        """Add a sample of each live run."""
        live = {run.id: run for run in snapshot.runs if not run.status.terminal}
        for gone in self._of.keys() - live.keys():
            del self._of[gone]
        for run in live.values():
            if run.id in self._of or len(self._of) < LIMIT:
                self._sample(run, snapshot.taken_at)

    def samples(self, run_id: str) -> tuple[RunSample, ...]:
        """The samples of a run, oldest first."""
        return tuple(self._of.get(run_id, ()))

    def tokens_per_minute(self, run: Run, now: int) -> float | None:
        """Tokens per minute of *run* over the last 60 s (and the step before them).

        Returns:
            None where it is not running, has no worker, reports no tokens, or was sampled for less than 10 s.
        """
        if run.status != "running" or run.orphaned:
            return None
        known = [(s.at, s.tokens) for s in self._of.get(run.id, ()) if s.tokens is not None]
        if not known:
            return None
        at, before = next((point for point in reversed(known) if point[0] <= now - RATE_MS), known[0])
        span = now - max(at, now - RATE_MS - STEP_MS)
        if span < LEAST_MS or known[-1][1] < before:
            return None
        return (known[-1][1] - before) * 60_000 / span

    def retries_within(self, run_id: str, window_ms: int) -> int | None:
        """Retries in the last *window_ms*, as far as sampled; None where the run does not report them."""
        known = _within(
            [(s.at, s.retries) for s in self._of.get(run_id, ()) if s.retries is not None], window_ms
        )
        return max(0, known[-1][1] - known[0][1]) if known else None

    def _sample(self, run: Run, now: int) -> None:
        samples = self._of.setdefault(run.id, deque())
        new = RunSample(now, run.tokens.total, run.retries)
        if len(samples) > 1 and now - samples[-2].at < STEP_MS:
            samples[-1] = new
        else:
            samples.append(new)
        while samples[0].at < now - KEPT_MS:
            samples.popleft()


def _within(points: list[tuple[int, int]], window_ms: int) -> list[tuple[int, int]]:
    return [point for point in points if point[0] >= points[-1][0] - window_ms]
