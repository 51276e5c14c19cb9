"""Checks whether the server accepts writes: without them no worker can record its run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from agentdash.core.clock import Clock

if TYPE_CHECKING:
    from redis.asyncio import Redis

EVERY_S = 2.0
"""Poll interval; INFO of two sections costs the server some 50 µs."""


class StoreState:
    """Polls whether the server accepts writes, while there are live runs."""

    def __init__(self, client: Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._polled_at = -EVERY_S
        self._why: str | None = None
        self._since = 0.0

    async def poll(self, *, live: bool) -> None:
        """Read INFO, if due. A server that denies INFO counts as writable."""
        now = self._clock.monotonic()
        if not live:
            self._why = None
            return
        if now - self._polled_at < EVERY_S:
            return
        self._polled_at = now
        try:
            known = {**await self._client.info("persistence"), **await self._client.info("memory")}
        except ResponseError:  # denied: a retry would only fill the server's ACL LOG
            self._polled_at, known = math.inf, {}
        except (RedisError, OSError, TypeError):
            known = {}
        why = unwritable(known)
        if why is not None and self._why is None:
            self._since = now
        self._why = why

    @property
    def gap(self) -> str | None:
        """Why the server is not writable, and for how long; None where it is."""
        if self._why is None:
            return None
        return f"store not writable for {self._clock.monotonic() - self._since:.0f} s: {self._why}"


def unwritable(info: Mapping[str, Any]) -> str | None:
    """Why a server refuses writes, from its INFO; None where it does not.

    A failed snapshot (``rdb_last_bgsave_status``) stops writes only where configured so.
    """
    if str(info.get("aof_last_write_status", "ok")) != "ok":
        return "its append-only file cannot be written (disk full?)"
    limit, used = info.get("maxmemory", 0), info.get("used_memory", 0)
    evicts = str(info.get("maxmemory_policy", "noeviction")) != "noeviction"
    if isinstance(limit, int) and isinstance(used, int) and 0 < limit <= used and not evicts:
        return "it has reached its maxmemory"
    return None
