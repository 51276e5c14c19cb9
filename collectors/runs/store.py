"""Whether the server takes writes: without them, no worker can record what its run does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from agentdash.core.clock import Clock

if TYPE_CHECKING:
    from redis.asyncio import Redis

EVERY_S = 2.0
"""Seconds between two questions; INFO of two sections costs the server some 50 µs."""


class StoreState:
    """Asks the server now and then whether it takes writes, while there are runs that live.

    Args:
        client: The server.
        clock: For how long it has not.
    """

    def __init__(self, client: Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._asked_at = -EVERY_S
        self._why: str | None = None
        self._since = 0.0

    async def look(self, *, live: bool) -> None:
        """Ask, if it is time. A server that does not tell takes writes, as far as is known."""
        now = self._clock.monotonic()
        if not live:
            self._why = None
            return
        if now - self._asked_at < EVERY_S:
            return
        self._asked_at = now
        try:
            known = {**await self._client.info("persistence"), **await self._client.info("memory")}
        except ResponseError:  # it is not allowed: asking again would only fill the server's ACL LOG
            self._asked_at, known = math.inf, {}
        except (RedisError, OSError, TypeError):
            known = {}
        why = unwritable(known)
        if why is not None and self._why is None:
            self._since = now
        self._why = why

    @property
    def gap(self) -> str | None:
        """That runs cannot be recorded, why, and for how long that was seen; None where they can."""
        if self._why is None:
            return None
        return f"store not writable for {self._clock.monotonic() - self._since:.0f} s: {self._why}"


def unwritable(info: Mapping[str, Any]) -> str | None:
    """Why a server refuses writes, from its INFO (see the documentation of that command); None: it does not.

    A snapshot that failed (``rdb_last_bgsave_status``) stops writes only where the server is set so, and is
    seen by its error then.
    """
    if str(info.get("aof_last_write_status", "ok")) != "ok":
        return "its append-only file cannot be written (is its disk full?)"
    limit, used = info.get("maxmemory", 0), info.get("used_memory", 0)
    evicts = str(info.get("maxmemory_policy", "noeviction")) != "noeviction"
    if isinstance(limit, int) and isinstance(used, int) and 0 < limit <= used and not evicts:
        return "it has reached its maxmemory"
    return None
