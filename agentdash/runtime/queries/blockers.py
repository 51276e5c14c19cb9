"""Answers why a run does not move: what the store knows of it, and a look at its process."""

from __future__ import annotations

import asyncio

from agentdash.core.clock import Clock
from agentdash.core.queries import WhyOf
from agentdash.core.runs.blockers import RunWhy, why
from agentdash.core.snapshot import SourceError
from agentdash.core.store import Store
from collectors.runs.processes import probe


async def why_of(query: WhyOf, store: Store, host: str, clock: Clock) -> RunWhy:
    """The facts about one run, as they are now. Asks no server.

    Args:
        query: Which run.
        store: What is known.
        host: This machine.
        clock: For ages.

    Raises:
        SourceError: when the run is not among those that are shown.
    """
    run = store.run(query.run_id)
    if run is None:
        raise SourceError(
            f"Run {query.run_id} is not among the runs that are shown", "it may have been deleted"
        )
    child = await asyncio.to_thread(probe, run, host)
    return why(
        run, clock.now_ms(), child, history=store.run_history, streams=store.streams, repos=store.repos
    )
