"""Finds runs that other programs wrote without an entry in the index: a slow scan, spread over the passes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from agentdash.core.runs import RunKeys

if TYPE_CHECKING:
    from redis.asyncio import Redis

COUNT = 500
"""Keys that the server looks at in one step: well under a millisecond of its time."""
_REST_S = 20.0
"""Between the end of one round and the start of the next."""
LIMIT = 1000
"""Such runs that are remembered at most."""


class RunSearch:
    """Goes round the keyspace, one step a pass.

    Args:
        client: The server.
        keys: Names of the keys.
    """

    def __init__(self, client: Redis, keys: RunKeys) -> None:
        self._client = client
        self._pattern = keys.meta("*")
        self._head = len(keys.meta("").encode()) - len(b":meta")
        self._cursor = 0
        self._rest_until = 0.0
        self._found: dict[bytes, None] = {}

    async def step(self, known: set[bytes]) -> list[bytes]:
        """Look at the next keys; returns all that were found so far and are not *known*."""
        if time.monotonic() >= self._rest_until:
            self._cursor, names = await self._client.scan(self._cursor, match=self._pattern, count=COUNT)
            for name in names:
                run_id = cast("bytes", name)[self._head : -len(b":meta")]
                if run_id not in known and len(self._found) < LIMIT:
                    self._found[run_id] = None
            if not self._cursor:
                self._rest_until = time.monotonic() + _REST_S
        return [run_id for run_id in self._found if run_id not in known]

    def forget(self, run_id: bytes) -> None:
        """Its record is gone."""
        self._found.pop(run_id, None)
