"""Whether the run is still this worker's: the lease, and what follows from losing it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from redis.exceptions import RedisError, ResponseError

from agentdash.core.runs.model import RunKeys
from agentdash.runner.life import Life, Stop
from agentdash.runner.store.journal import Journal
from agentdash.runner.store.lease import Lease

if TYPE_CHECKING:
    from redis.asyncio import Redis

FAREWELL_S = 60.0
"""How long a worker whose run has ended waits for a store that is away, to record the end."""
REFUSED_S = 10.0
"""The same for a store that answers, and refuses to write: its disk or its memory is full."""
_QUIET_S = 2.0


class Ownership:
    """Holds the lease and decides whether the journal may write.

    Args:
        client: Where the record is.
        keys: Names of the keys.
        run_id: The run.
        seconds: The lease.
        lease: Taken already, or to be taken.
        words: What an error of the store means.
    """

    def __init__(
        self,
        client: Redis,
        keys: RunKeys,
        run_id: str,
        seconds: float,
        lease: Lease,
        words: Callable[[BaseException], str] = str,
    ) -> None:
        self._client = client
        self._meta = keys.meta(run_id)
        self._run_id = run_id
        self._seconds = seconds
        self._regained = False
        self._words = words
        self.lease = lease

    def may_write(self) -> bool:
        """Whether nobody else can have written since; after a lost lease, whether nobody has."""
        return self.lease.held and (self._regained or not self.lease.lost.is_set())

    async def watch(self, life: Life, journal: Journal, log: Callable[[str, bool], None]) -> None:
        """Wait for the loss of the lease; then the work is to stop."""
        await self.lease.lost.wait()
        if self.lease.taken_by is not None:
            journal.fence()
            message = f"another worker has taken the run over: {self.lease.taken_by}"
        else:
            what = "took no writes" if isinstance(self.lease.error, ResponseError) else "was out of reach"
            message = (
                f"the store {what} for longer than the lease of {self._seconds:g} s"
                f"{self._because(self.lease.error)}; "
                "the command was stopped, so that no second worker can run beside it"
            )
        if not life.status.terminal:
            log(message, False)
            life.wish_to_stop(Stop("lease", message))

    async def farewell(self, life: Life, journal: Journal, tell: Callable[[str], None]) -> bool:
        """Let the journal write the end; wait for a store that is away, but not for ever.

        Returns:
            Whether all is written, or belongs to somebody else.
        """
        wait = asyncio.create_task(self._drain(journal))
        hurry = asyncio.create_task(life.hurry.wait())
        done, _ = await asyncio.wait({wait, hurry}, timeout=_QUIET_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            why = self._because(journal.error)
            tell(f"run {self._run_id}: waits for the store, to record its end (ctrl+c: do not wait){why}")
            began = time.monotonic()
            while not done and time.monotonic() - began < _patience(journal.error):
                done, _ = await asyncio.wait(
                    {wait, hurry}, timeout=_QUIET_S, return_when=asyncio.FIRST_COMPLETED
                )
        for task in (wait, hurry):
            task.cancel()
        await asyncio.gather(wait, hurry, return_exceptions=True)
        if not journal.idle:
            why = self._because(journal.error)
            tell(
                f"run {self._run_id} {life.status}, but its end could not be recorded{why}; "
                "it will show as orphaned"
            )
        return journal.idle

    def _because(self, error: BaseException | None) -> str:
        return "" if error is None else f": {self._words(error)}"

    async def release(self) -> None:
        """Give the lock back, if the store can be reached."""
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
        """The worker that the record names, empty where it names none; None while it cannot be read."""
        try:
            raw = await self._client.hget(self._meta, "worker")
        except (RedisError, OSError):
            return None
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _patience(error: BaseException | None) -> float:
    return REFUSED_S if isinstance(error, ResponseError) else FAREWELL_S
