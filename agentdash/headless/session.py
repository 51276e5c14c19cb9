"""An engine for a command without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceState, Topic
from agentdash.core.store import Store
from agentdash.runtime.engine import Engine

TIMEOUT_S = 10.0
"""Seconds that a one-shot view waits for the first full pass."""


@asynccontextmanager
async def session(settings: Settings, topics: Iterable[Topic]) -> AsyncIterator[Engine]:
    """A started engine that polls *topics*; stopped on exit."""
    engine = Engine(settings, topics=frozenset(topics))
    try:
        await engine.start()
        yield engine
    finally:
        await engine.stop()


async def full_pass(engine: Engine, patience: float = TIMEOUT_S) -> set[Topic]:
    """Wait until each topic was read once in full: all streams scanned, all repositories read.

    What may become a finding is waited for until it has opened or passed.

    Args:
        engine: A started one.
        patience: Seconds to wait at most.

    Returns:
        The topics that were not read in time; a failed one was read, and its health has the reason.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    missed = await engine.first_pass(patience)
    changed = asyncio.Event()
    stop = engine.store.listen(lambda _: changed.set())
    try:
        async with asyncio.timeout_at(deadline):
            while (unfinished := _unfinished(engine) & engine.topics) - missed:
                changed.clear()
                await changed.wait()
    except TimeoutError:
        return missed | unfinished
    finally:
        stop()
    return missed


def _unfinished(engine: Engine) -> set[Topic]:
    """Topics whose first full pass has not ended."""
    store, found = engine.store, set()
    if engine.intake.analysis.is_pending:
        found.add(Topic.FINDINGS)
    if store.streams is not None and not store.streams.scan_complete:
        found.add(Topic.STREAMS)
    if store.repos is not None and (store.repos.unread or not store.repos.complete):
        found.add(Topic.REPOS)
    unfinished = {topic for topic in found if not _failed(store, topic)}
    return unfinished | {Topic.FINDINGS} if unfinished else unfinished  # they are derived from all others


def _failed(store: Store, topic: Topic) -> bool:
    health = store.health.get(topic)
    return health is not None and health.state in {SourceState.ERROR, SourceState.ABSENT}
