"""Polls one collector and reports its health."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

from agentdash.core.clock import Clock
from agentdash.core.snapshot import Collector, Snapshot, SourceError, SourceHealth, SourceState
from agentdash.runtime.news import describe
from agentdash.runtime.notes import Note

BACKOFF_MIN_S = 0.5
BACKOFF_MAX_S = 5.0
NOTE_EVERY_S = 1.0
"""Minimum time between two lines of the activity log about routine passes."""


class Supervisor:
    """Runs one collector: polls never overlap, each has a time limit, failures back off with jitter.

    Args:
        on_snapshot: Called with each snapshot, before its health.
        recover: Awaited after repeated failures, to recover the server.
    """

    def __init__(
        self,
        collector: Collector,
        clock: Clock,
        *,
        on_snapshot: Callable[[Snapshot], None],
        on_health: Callable[[SourceHealth], None],
        note: Note,
        recover: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.collector = collector
        every_ms = int((collector.cadence + collector.patience) * 1000)
        self.health = SourceHealth(collector.name, expected_every_ms=every_ms)
        self._clock = clock
        self._on_snapshot = on_snapshot
        self._on_health = on_health
        self._note = note
        self._recover = recover
        self._wake = asyncio.Event()
        self._passed = asyncio.Event()
        self._unnoted: list[float] = []
        self._noted_at = clock.monotonic()

    async def run(self) -> None:
        """Poll until cancelled; then close the collector."""
        try:
            while True:
                self._wake.clear()
                pause = await self._pass()
                self._passed.set()
                try:
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            await self.collector.close()

    def wake(self) -> None:
        """Poll now, or right after the pass under way."""
        self._wake.set()
        self.collector.wake()

    async def first_pass(self) -> None:
        """Wait until the first pass has ended, whether it succeeded or failed."""
        await self._passed.wait()

    async def _pass(self) -> float:
        """One pass.

        Returns:
            Seconds to sleep.
        """
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout(self.collector.timeout):
                snapshot = await self.collector.collect()
            if snapshot is not None:
                self._on_snapshot(snapshot)
        except SourceError as problem:
            return await self._failed(problem.message, problem.cure, begun, absent=problem.absent)
        except TimeoutError:
            message = f"{self.collector.name}: no answer within {self.collector.timeout:g} s"
            return await self._failed(message, "it is retried automatically", begun)
        except Exception as problem:  # noqa: BLE001 - a source that fails must not affect others
            message = f"{self.collector.name}: {type(problem).__name__}: {problem}"
            return await self._failed(message, "this is a bug in agentdash: please report it", begun)
        duration_ms = (self._clock.monotonic() - begun) * 1000
        self._note_pass(duration_ms, describe(snapshot))
        self._set(
            polls=self.health.polls + 1,
            state=SourceState.LIVE,
            last_success=self._clock.now_ms(),
            error=None,
            cure=None,
            retry_at=None,
            duration_ms=duration_ms,
            consecutive_failures=0,
        )
        return self.collector.cadence

    def _note_pass(self, duration_ms: float, what: str) -> None:
        """Note a successful pass: at once after a recovery, else at most once a second."""
        name = self.collector.name
        if self.health.state is not SourceState.LIVE:
            self._note(
                name,
                f"{'read' if self.health.last_success is None else 'read again'} {what}".strip(),
                True,
                duration_ms,
                False,
            )
            return
        self._unnoted.append(duration_ms)
        if self._clock.monotonic() - self._noted_at < NOTE_EVERY_S:
            return
        passes = len(self._unnoted)
        message = (
            f"read {what}".strip() if passes == 1 else f"read {what}".strip() + f", {passes} times, at most"
        )
        self._note(name, message, True, max(self._unnoted), True)
        self._unnoted.clear()
        self._noted_at = self._clock.monotonic()

    async def _failed(self, message: str, cure: str | None, begun: float, *, absent: bool = False) -> float:
        duration_ms = (self._clock.monotonic() - begun) * 1000
        failures = self.health.consecutive_failures + 1
        wait: float = min(BACKOFF_MAX_S, BACKOFF_MIN_S * 2 ** min(failures - 1, 8)) * random.uniform(0.8, 1.2)  # noqa: S311
        repeated = self.health.error == message
        self._note(self.collector.name, message, absent, duration_ms, repeated)
        self._set(
            polls=self.health.polls + 1,
            state=SourceState.ABSENT if absent else SourceState.ERROR,
            error=message,
            cure=cure,
            retry_at=self._clock.now_ms() + int(wait * 1000),
            duration_ms=duration_ms,
            failures=self.health.failures + (not absent),
            consecutive_failures=failures,
        )
        if self._recover is not None and not absent and failures >= 2:
            await self._recover()
        return wait

    def _set(self, **changes: object) -> None:
        self.health = replace(self.health, **changes)  # type: ignore[arg-type]
        self._on_health(self.health)
