"""Going on: a JSON document for each change of a view, or one object for each new line of the logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from agentdash.core.snapshot import Topic
from agentdash.headless.json_object import Document
from agentdash.headless.logs.view import LOG_LINE
from agentdash.headless.views import document
from agentdash.runtime.engine import Engine

OWN_SOURCE = "agentdash"
"""The source of what the engine itself notes."""
PACE = 0.2
"""Seconds between two documents at least: what comes faster is seen in the next."""


async def changes(engine: Engine, topic: Topic) -> AsyncIterator[Document]:
    """The view now, and again whenever its items or its health have changed. Without end."""
    changed = _listen(engine, topic)
    before: object = None
    while True:
        changed.clear()
        made = document(topic, engine.store, engine.clock.now_ms(), engine.host)
        now = _essence(made)
        if now != before:
            before = now
            yield made
        await changed.wait()
        await asyncio.sleep(PACE)


async def new_lines(engine: Engine, *, own: bool = True) -> AsyncIterator[Document]:
    """Each line of the logs once, from the oldest that is held. Without end.

    Lines that came faster than they could be printed and have left the ring are counted in an object of their
    own: ``{"skipped": n}``. The lines of agentdash itself are among them only if *own*.
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
            if own or line.source != OWN_SOURCE:
                yield LOG_LINE.document(line)
        await changed.wait()
        await asyncio.sleep(PACE)


def _listen(engine: Engine, topic: Topic) -> asyncio.Event:
    changed = asyncio.Event()

    def on_change(what: Topic) -> None:
        if what is topic:
            changed.set()

    engine.store.listen(on_change)
    return changed


def _essence(made: Document) -> object:
    """What makes a change: not the age of the data, nor when it was taken."""
    health = made["health"]
    assert isinstance(health, dict)
    return {**made, "takenAt": None, "health": (health["state"], health["error"])}
