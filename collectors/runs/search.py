"""Finds runs that other programs wrote without an index entry: a slow SCAN, spread over the passes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from agentdash.core.runs.model import RunKeys
from agentdash.server.cluster import primaries

if TYPE_CHECKING:
    from redis.asyncio import Redis

COUNT = 500
"""COUNT of one SCAN: well under a millisecond of server time."""
_PAUSE_S = 20.0
"""Seconds between the end of one scan and the start of the next."""
LIMIT = 1000
"""Runs found at most."""


class RunSearch:
    """Scans the keyspace, one step per pass."""

    def __init__(self, client: Redis, keys: RunKeys) -> None:
        self._client = client
        self._index = keys.index
        self._pattern = keys.meta("*")
        self._head = len(keys.meta("").encode()) - len(b":meta")
        self._cursors: dict[str, int] = {}
        self._paused_until = 0.0
        self._found: dict[bytes, None] = {}

    async def step(self, listed: set[bytes], *, complete: bool) -> list[bytes]:
        """Scan the next keys.

        Args:
            listed: Runs known from the index.
            complete: Whether those are all in the index.

        Returns:
            All runs found so far that are not in the index.
        """
        if time.monotonic() >= self._paused_until:
            names = await self._slice()
            new = [cast("bytes", name)[self._head : -len(b":meta")] for name in names]
            new = [run_id for run_id in new if run_id not in listed and run_id not in self._found]
            if not complete:
                new = await self._not_indexed(new)
            self._found |= dict.fromkeys(new[: LIMIT - len(self._found)])
            if not self._cursors:
                self._paused_until = time.monotonic() + _PAUSE_S
        return [run_id for run_id in self._found if run_id not in listed]

    async def _slice(self) -> list[object]:
        """The next keys; in a cluster one node after the other."""
        nodes = await primaries(self._client)
        left = {name: cursor for name, cursor in self._cursors.items() if name in nodes}
        self._cursors = left or dict.fromkeys(nodes, 0)
        name, cursor = next(iter(self._cursors.items()))
        del self._cursors[name]  # an unavailable node is scanned in the next round
        try:
            cursor, names = await nodes[name].scan(cursor, match=self._pattern, count=COUNT)
        except (RedisError, OSError):
            if len(nodes) == 1:
                raise
            return []
        if cursor:
            self._cursors[name] = cursor
        return list(names)

    async def _not_indexed(self, run_ids: list[bytes]) -> list[bytes]:
        pipe = self._client.pipeline(transaction=False)
        for run_id in run_ids:
            pipe.zscore(self._index, run_id)
        scores = await pipe.execute()
        return [run_id for run_id, score in zip(run_ids, scores, strict=True) if score is None]

    def forget(self, run_id: bytes) -> None:
        """Remove a deleted run."""
        self._found.pop(run_id, None)
