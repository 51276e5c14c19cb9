"""The lease on a run: one worker at a time, for as long as it renews its lock."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from agentdash.core.secrets.safe_text import as_text

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
"""Renews our lock, or acquires it again where it is gone; replies with the owner where it is another's."""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class LeaseHeld(Exception):  # noqa: N818 - a result, not a fault
    """Another worker has the lock.

    Attributes:
        owner: Its token, ``host:pid:…``.
    """

    def __init__(self, owner: str) -> None:
        host, _, rest = owner.partition(":")
        pid = rest.partition(":")[0]
        who = f"process {pid} on {host}" if pid.isdigit() else repr(owner)
        super().__init__(who)
        self.owner = owner


def new_token() -> str:
    """A unique token that identifies this worker: ``host:pid:random``."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(6)}"


class Lease:
    """The lock of one run. Deadlines count, on the monotonic clock, from before a request was sent.

    Args:
        client: The server.
        key: The lock.
        token: This worker's.
        seconds: How long it lasts without renewal.

    Attributes:
        lost: Set once, never cleared: the lease expired, or another worker has it.
        taken_by: The token of another worker that has it.
        error: Why the last renewal failed; None when it succeeded.
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
        """Whether it is certain that no other worker has it."""
        return self.taken_by is None and time.monotonic() < self._deadline

    async def acquire(self) -> None:
        """Acquire the lock.

        Raises:
            LeaseHeld: when another worker has it.
            RedisError: when the server is not available.
        """
        for _ in range(3):
            sent_at = time.monotonic()
            if await self._client.set(self._key, self.token, nx=True, px=self._ms):
                self._deadline = sent_at + self._seconds
                return
            owner = await self._client.get(self._key)
            if owner == self.token.encode():  # the reply to an earlier attempt was lost
                self._deadline = sent_at + self._seconds
                return
            if owner is not None:
                raise LeaseHeld(as_text(cast("bytes", owner)))
        raise LeaseHeld("unknown worker")

    async def keep(self) -> None:
        """Renew it at a third of its duration, until another worker has it."""
        pace = self._seconds / 3
        while self.taken_by is None:
            left = self._deadline - time.monotonic()
            await asyncio.sleep(min(pace, max(left / 3, 0.05)) if left > 0 else min(pace, 0.5))
            await self.renew()

    async def renew(self) -> None:
        """Renew it once, waiting no longer than the lease lasts; sets `lost`, `taken_by` and `error`."""
        sent_at = time.monotonic()
        left = self._deadline - sent_at
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
            self.taken_by = as_text(cast("bytes", owner))
            self.lost.set()
        else:
            if sent_at >= self._deadline:
                self.lost.set()
            self._deadline = sent_at + self._seconds

    async def release(self) -> None:
        """Release the lock, if it is still ours."""
        self._deadline = 0.0
        await self._script(_RELEASE, self.token)

    @property
    def _ms(self) -> int:
        return max(1, int(self._seconds * 1000))

    async def _script(self, text: str, *arguments: str) -> object:
        return await self._client.execute_command("EVAL", text, 1, self._key, *arguments)  # type: ignore[no-untyped-call]
