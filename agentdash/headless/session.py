"""An engine for a command without a screen: started, read once in full, and always stopped again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceState, Topic
from agentdash.core.store import Store
from agentdash.runtime.engine import Engine

PATIENCE = 10.0
"""Seconds that a one-shot view waits for its first full pass."""


@asynccontextmanager
async def session(settings: Settings, topics: Iterable[Topic]) -> AsyncIterator[Engine]:
    """An engine that reads *topics*; stopped on the way out, however that comes."""
    engine = Engine(settings, topics=frozenset(topics))
    try:
        await engine.start()
        yield engine
    finally:
        await engine.stop()


async def full_pass(engine: Engine, patience: float = PATIENCE) -> set[Topic]:
    """Wait until each subject was read once, and whole: streams scanned through, repositories all read.

    What may be a finding is waited for until it has lasted long enough to be one, or has passed.

    Args:
        engine: One that was started.
        patience: Seconds to wait at most.

    Returns:
        The subjects that were not reached in time; one that failed was reached, and its health says why.
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
    """Subjects whose first pass has begun well but is not through."""
    store, found = engine.store, set()
    if engine.intake.analysis.is_pending:
        found.add(Topic.FINDINGS)
    if store.streams is not None and not store.streams.scan_complete:
        found.add(Topic.STREAMS)
    if store.repos is not None and (store.repos.unread or not store.repos.complete):
        found.add(Topic.REPOS)
    unfinished = {topic for topic in found if not _failed(store, topic)}
    return unfinished | {Topic.FINDINGS} if unfinished else unfinished  # they are judged by all the others


def _failed(store: Store, topic: Topic) -> bool:
    health = store.health.get(topic)
    return health is not None and health.state in {SourceState.ERROR, SourceState.ABSENT}
