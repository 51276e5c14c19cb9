"""The connection of an engine to its server: found, watched and recovered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from agentdash.core.snapshot import SourceError, SourceHealth, SourceState
from agentdash.runtime.judged import JudgedStreams
from agentdash.runtime.loading import load
from agentdash.runtime.queries.mentions import MentionSearch
from agentdash.runtime.sources import REDIS_TOPICS
from agentdash.runtime.wiring import redis_collectors

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine
    from agentdash.server.find import ServerHandle

CONNECT_AGAIN = 2.0
"""Seconds between two attempts to connect."""
RECOVER_EVERY = 3.0
"""Seconds between two attempts to recover the server."""


class Connection:
    """Connects an engine to its server and starts the collectors that read it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recovered_at = -RECOVER_EVERY

    async def connect(self) -> None:
        """Find the server, trying until there is one, and start what reads it."""
        await load("agentdash.server.find")
        engine = self._engine
        engine.handle = handle = await self._find()
        engine.store.server_label = handle.label
        runs, streams = await redis_collectors(handle, engine.settings, engine.host, engine.clock)
        engine.read_in_full = streams.read_in_full
        judged = JudgedStreams(
            streams,
            engine.intake.analysis,
            engine.store,
            engine.settings.streams,
            MentionSearch(engine.clock),
        )
        for collector in (runs, judged):
            await engine.supervise(collector, self._recover)

    async def _find(self) -> ServerHandle:
        from agentdash.server.find import connect

        engine = self._engine
        while True:
            begun = time.perf_counter()
            try:
                handle = await connect(engine.settings, activity=engine.note.activity)
            except SourceError as problem:
                self._report(problem)
                engine.note("server", problem.message, False, (time.perf_counter() - begun) * 1000)
                await asyncio.sleep(CONNECT_AGAIN)
            else:
                duration = (time.perf_counter() - begun) * 1000
                engine.note("server", f"using {handle.label} ({handle.origin})", True, duration)
                return handle

    def _report(self, problem: SourceError) -> None:
        """Report *problem* as the health of all that the server is read for."""
        engine = self._engine
        retry_at = engine.clock.now_ms() + int(CONNECT_AGAIN * 1000)
        for topic in REDIS_TOPICS:
            engine.store.put_health(
                topic,
                SourceHealth(
                    topic.value,
                    state=SourceState.ERROR,
                    error=problem.message,
                    cure=problem.cure,
                    retry_at=retry_at,
                ),
            )
            if engine.sources is not None:
                engine.sources.mark_read(topic)
        engine.intake.findings_health()

    async def _recover(self) -> None:
        """Start the embedded server again where it has ended; at most every `RECOVER_EVERY` seconds."""
        now, handle = self._engine.clock.monotonic(), self._engine.handle
        if handle is None or now - self._recovered_at < RECOVER_EVERY:
            return
        self._recovered_at = now
        try:
            await handle.recover()
        except SourceError as problem:
            self._engine.note("server", problem.message, False)
