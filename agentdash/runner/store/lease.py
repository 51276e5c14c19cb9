"""The lease on a run: one worker at a time, for as long as it can say that it is alive."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from agentdash.core.text import decode

if TYPE_CHECKING:
    from redis.asyncio import Redis

_KEEP = """
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return false
end
if owner then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
"""
"""Renew our lock, or take it again where it is gone; answers with its owner where that is somebody else."""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class LeaseHeld(Exception):  # noqa: N818 - it is an answer, not a fault
    """Another worker holds the run.

    Attributes:
        owner: Its token, ``host:pid:…``.
    """

    def __init__(self, owner: str) -> None:
        host, _, rest = owner.partition(":")
        pid = rest.partition(":")[0]
        who = f"process {pid} on {host}" if pid.isdigit() else repr(owner)
        super().__init__(f"another worker has it: {who}")
        self.owner = owner


def new_token() -> str:
    """A token that says who holds the lock, and that nobody else has: ``host:pid:random``."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(6)}"


class Lease:
    """The lock of one run. Times are of this machine's monotonic clock, from before the question was sent.

    Args:
        client: Where the lock is.
        key: The lock.
        token: This worker's.
        seconds: How long it lasts without renewal.

    Attributes:
        lost: Set once: the lease ran out, or somebody else has it. Never taken back.
        taken_by: The token of another worker that has it.
        error: Why it could not be renewed; None while it can.
    """

    def __init__(self, client: Redis, key: str, token: str, seconds: float) -> None:
        self._client = client
        self._key = key
        self._seconds = seconds
        self._deadline = 0.0
        self.token = token
        self.lost = asyncio.Event()
        self.taken_by: str | None = None
        self.error: Exception | None = None

    @property
    def held(self) -> bool:
        """Whether it is sure that nobody else has it."""
        return self.taken_by is None and time.monotonic() < self._deadline

    async def acquire(self) -> None:
        """Take the lock.

        Raises:
            LeaseHeld: when somebody else has it.
            RedisError: when the server cannot be asked.
        """
        for _ in range(3):
            asked = time.monotonic()
            if await self._client.set(self._key, self.token, nx=True, px=self._ms):
                self._deadline = asked + self._seconds
                return
            owner = await self._client.get(self._key)
            if owner == self.token.encode():  # the answer to an earlier try was lost
                self._deadline = asked + self._seconds
                return
            if owner is not None:
                raise LeaseHeld(decode(cast("bytes", owner)))
        raise LeaseHeld("somebody")

    async def keep(self) -> None:
        """Renew it at a third of its time, until somebody else has it. Runs until it is cancelled."""
        pace = self._seconds / 3
        while self.taken_by is None:
            left = self._deadline - time.monotonic()
            await asyncio.sleep(min(pace, max(left / 3, 0.05)) if left > 0 else min(pace, 0.5))
            await self.renew()

    async def renew(self) -> None:
        """Ask once, waiting no longer than the lease lasts; notes what became of it."""
        asked = time.monotonic()
        left = self._deadline - asked
        try:
            async with asyncio.timeout(min(2.0, left) if left > 0 else 2.0):
                owner = await self._script(_KEEP, self.token, str(self._ms))
        except (RedisError, OSError, TimeoutError) as error:
            self.error = error
            if time.monotonic() >= self._deadline:
                self.lost.set()
            return
        self.error = None
        if owner is not None:
            self.taken_by = decode(cast("bytes", owner))
            self.lost.set()
        else:
            if asked >= self._deadline:
                self.lost.set()
            self._deadline = asked + self._seconds

    async def release(self) -> None:
        """Give the lock back, if it is still ours."""
        self._deadline = 0.0
        await self._script(_RELEASE, self.token)

    @property
    def _ms(self) -> int:
        return max(1, int(self._seconds * 1000))

    async def _script(self, text: str, *arguments: str) -> object:
        return await self._client.execute_command("EVAL", text, 1, self._key, *arguments)  # type: ignore[no-untyped-call]
