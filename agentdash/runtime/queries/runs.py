"""Answers queries about runs: their events, and why one makes no progress."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agentdash.core.links.run_blockers import RunBlockers, find_blockers
from agentdash.core.queries import RunEvents, RunEventsOf, WhyOf
from agentdash.core.runs.model import RunKeys
from agentdash.core.snapshot import SourceError
from agentdash.runtime.queries.server import from_server
from collectors.runs.events import read_events
from collectors.runs.processes import probe

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


async def answer(engine: Engine, query: WhyOf | RunEventsOf) -> RunBlockers | RunEvents:
    """Read what *query* asks for.

    Raises:
        SourceError: when the server cannot be read, or the run is not in the store.
    """
    if isinstance(query, RunEventsOf):
        keys = RunKeys(engine.settings.runs.prefix)
        return await from_server(engine, lambda client: read_events(client, keys, query))
    store = engine.store
    run = store.run(query.run_id)
    if run is None:
        raise SourceError(f"Run {query.run_id} is not listed", "it may have been deleted")
    child = await asyncio.to_thread(probe, run, engine.host)
    now = engine.clock.now_ms()
    return find_blockers(run, now, child, history=store.run_history, streams=store.streams, repos=store.repos)
