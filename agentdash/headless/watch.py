"""Documents for ``--watch``: one for each change of a view, or one for each new line of the logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from agentdash.core.logs.model import OWN
from agentdash.core.snapshot import Topic
from agentdash.headless.json_object import Document
from agentdash.headless.logs.view import LOG_LINE
from agentdash.headless.views import document
from agentdash.runtime.engine import Engine

MIN_INTERVAL_S = 0.2
"""Minimum time between two documents; faster changes are merged."""


async def changes(engine: Engine, topic: Topic) -> AsyncIterator[Document]:
    """The view now, and again whenever its items or its health have changed. Never ends."""
    changed = _listen(engine, topic)
    before: object = None
    while True:
        changed.clear()
        made = document(topic, engine.store, engine.clock.now_ms(), engine.host)
        now = _comparable(made)
        if now != before:
            before = now
            yield made
        await changed.wait()
        await asyncio.sleep(MIN_INTERVAL_S)


async def new_lines(engine: Engine, *, own: bool = True) -> AsyncIterator[Document]:
    """Each line of the logs once, from the oldest in the buffer. Never ends.

    Lines that left the buffer before they could be printed are counted in a separate object:
    ``{"skipped": n}``. The lines of agentdash itself are only included if *own*.
    """
    changed = _listen(engine, Topic.LOGS)
    ring = engine.store.logs
    seen, passed_over = ring.first, ring.skipped
    while True:
        changed.clear()
        missed = max(0, ring.first - seen) + ring.skipped - passed_over
        if missed:
            yield {"skipped": missed}
        lines = ring.since(seen)
        seen, passed_over = ring.end, ring.skipped
        for line in lines:
            if own or line.source != OWN:
                yield LOG_LINE.document(line)
        await changed.wait()
        await asyncio.sleep(MIN_INTERVAL_S)


def _listen(engine: Engine, topic: Topic) -> asyncio.Event:
    changed = asyncio.Event()

    def on_change(what: Topic) -> None:
        if what is topic:
            changed.set()

    engine.store.listen(on_change)
    return changed


def _comparable(made: Document) -> object:
    """The parts of a document that are compared: without the age of the data and the time of the snapshot."""
    health = made["health"]
    assert isinstance(health, dict)
    return {**made, "takenAt": None, "health": (health["state"], health["error"])}
