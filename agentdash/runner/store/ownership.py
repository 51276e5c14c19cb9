"""Whether this worker still owns the run: the lease, and what happens when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from redis.exceptions import RedisError, ResponseError

from agentdash.core.runs.model import RunKeys
from agentdash.runner.lifecycle import RunLifecycle, StopReason
from agentdash.runner.store.journal import Journal
from agentdash.runner.store.lease import Lease

if TYPE_CHECKING:
    from redis.asyncio import Redis

FLUSH_S = 60.0
"""How long a worker whose run has ended waits for an unavailable store, to record the end."""
REFUSED_S = 10.0
"""The same for a store that refuses writes: its disk or its memory is full."""
_SILENT_S = 2.0


class Ownership:
    """Has the lease, and decides whether the journal may write."""

    def __init__(
        self,
        client: Redis,
        keys: RunKeys,
        run_id: str,
        seconds: float,
        lease: Lease,
        describe: Callable[[BaseException], str] = str,
    ) -> None:
        self._client = client
        self._meta = keys.meta(run_id)
        self._run_id = run_id
        self._seconds = seconds
        self._regained = False
        self._describe = describe
        self.lease = lease

    def may_write(self) -> bool:
        """Whether no other worker can have written; after a lost lease, whether none has."""
        return self.lease.held and (self._regained or not self.lease.lost.is_set())

    async def watch(
        self, lifecycle: RunLifecycle, journal: Journal, log: Callable[[str, bool], None]
    ) -> None:
        """Wait for the loss of the lease, then request a stop."""
        await self.lease.lost.wait()
        if self.lease.taken_by is not None:
            journal.fence()
            message = f"another worker has taken the run over: {self.lease.taken_by}"
        else:
            what = "refused writes" if isinstance(self.lease.error, ResponseError) else "was unavailable"
            message = (
                f"the store {what} for longer than the lease of {self._seconds:g} s"
                f"{self._because(self.lease.error)}; "
                "the command was stopped, so that no second worker can run beside it"
            )
        if not lifecycle.status.terminal:
            log(message, False)
            lifecycle.request_stop(StopReason("lease", message))

    async def flush(self, lifecycle: RunLifecycle, journal: Journal, report: Callable[[str], None]) -> bool:
        """Wait, for a limited time, until the journal has written the end of the run.

        Returns:
            Whether all is written, or another worker has the run.
        """
        wait = asyncio.create_task(self._drain(journal))
        no_wait = asyncio.create_task(lifecycle.no_wait.wait())
        done, _ = await asyncio.wait({wait, no_wait}, timeout=_SILENT_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            why = self._because(journal.error)
            report(f"run {self._run_id}: waiting for the store to record its end (ctrl+c: do not wait){why}")
            began = time.monotonic()
            while not done and time.monotonic() - began < _time_limit(journal.error):
                done, _ = await asyncio.wait(
                    {wait, no_wait}, timeout=_SILENT_S, return_when=asyncio.FIRST_COMPLETED
                )
        for task in (wait, no_wait):
            task.cancel()
        await asyncio.gather(wait, no_wait, return_exceptions=True)
        if not journal.idle:
            why = self._because(journal.error)
            report(
                f"run {self._run_id} {lifecycle.status}, but its end could not be recorded{why}; "
                "it will be shown as orphaned"
            )
        return journal.idle

    def _because(self, error: BaseException | None) -> str:
        return "" if error is None else f": {self._describe(error)}"

    async def release(self) -> None:
        """Release the lock, if the store is available."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(2):
                await self.lease.release()

    async def _drain(self, journal: Journal) -> None:
        while self.lease.lost.is_set() and self.lease.taken_by is None and not self._regained:
            if self.lease.held and (owner := await self._recorded_worker()) is not None:
                if owner not in {"", self.lease.token}:
                    journal.fence()
                self._regained = True
            else:
                await asyncio.sleep(0.1)
        await journal.drain()

    async def _recorded_worker(self) -> str | None:
        """The ``worker`` in the record, ``""`` where there is none; None while it cannot be read."""
        try:
            raw = await self._client.hget(self._meta, "worker")
        except (RedisError, OSError):
            return None
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _time_limit(error: BaseException | None) -> float:
    return REFUSED_S if isinstance(error, ResponseError) else FLUSH_S
