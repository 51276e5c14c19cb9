"""Awaits one collector again and again, and knows how it is doing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

from agentdash.core.clock import Clock
from agentdash.core.snapshot import Collector, Snapshot, SourceError, SourceHealth, SourceState
from agentdash.runtime.news import describe
from agentdash.runtime.notes import Note

BACKOFF_FIRST = 0.5
BACKOFF_MOST = 5.0
SAY_EVERY = 1.0
"""Seconds between two lines of the activity log about passes in which nothing happened."""


class Supervisor:
    """Runs one collector: polls never overlap, each has a time limit, failures back off with jitter.

    Args:
        collector: What to run.
        clock: Where the time comes from.
        on_snapshot: Called with each snapshot, before the health that goes with it.
        on_health: Called whenever the health changed.
        note: Writes to the activity log.
        recover: Awaited after a failure, to mend what the source stands on (the embedded server).
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
        self._unsaid: list[float] = []
        self._said_at = clock.monotonic()

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
        """Return when the first pass is done, well or badly."""
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
            words = f"{self.collector.name}: no answer within {self.collector.timeout:g} s"
            return await self._failed(words, "it is tried again by itself", begun)
        except Exception as problem:  # noqa: BLE001 - one source that fails must never take the others along
            words = f"{self.collector.name}: {type(problem).__name__}: {problem}"
            return await self._failed(words, "this is a fault of agentdash: please report it", begun)
        took = (self._clock.monotonic() - begun) * 1000
        self._say(took, describe(snapshot))
        self._set(
            polls=self.health.polls + 1,
            state=SourceState.LIVE,
            last_success=self._clock.now_ms(),
            error=None,
            cure=None,
            retry_at=None,
            duration_ms=took,
            consecutive_failures=0,
        )
        return self.collector.cadence

    def _say(self, took: float, what: str) -> None:
        """A line for the log: at once after a change for the better, else at most one a second."""
        name = self.collector.name
        if self.health.state is not SourceState.LIVE:
            self._note(
                name,
                f"{'read' if self.health.last_success is None else 'read again'} {what}".strip(),
                True,
                took,
                False,
            )
            return
        self._unsaid.append(took)
        if self._clock.monotonic() - self._said_at < SAY_EVERY:
            return
        passes = len(self._unsaid)
        words = (
            f"read {what}".strip() if passes == 1 else f"read {what}".strip() + f", {passes} times, at most"
        )
        self._note(name, words, True, max(self._unsaid), True)
        self._unsaid.clear()
        self._said_at = self._clock.monotonic()

    async def _failed(self, words: str, cure: str | None, begun: float, *, absent: bool = False) -> float:
        took = (self._clock.monotonic() - begun) * 1000
        failures = self.health.consecutive_failures + 1
        wait: float = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(failures - 1, 8)) * random.uniform(0.8, 1.2)  # noqa: S311
        repeated = self.health.error == words
        self._note(self.collector.name, words, absent, took, repeated)
        self._set(
            polls=self.health.polls + 1,
            state=SourceState.ABSENT if absent else SourceState.ERROR,
            error=words,
            cure=cure,
            retry_at=self._clock.now_ms() + int(wait * 1000),
            duration_ms=took,
            failures=self.health.failures + (not absent),
            consecutive_failures=failures,
        )
        if self._recover is not None and not absent and failures >= 2:
            await self._recover()
        return wait

    def _set(self, **changes: object) -> None:
        self.health = replace(self.health, **changes)  # type: ignore[arg-type]
        self._on_health(self.health)
