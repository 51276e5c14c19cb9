"""Answering queries: a closer look at what is on the screen, read when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.queries import Answer, Query, WhyOf
from agentdash.core.repos.commands import RepoPlanOf
from agentdash.core.repos.queries import RepoQuery
from agentdash.core.snapshot import SourceError, Topic
from agentdash.runtime.loading import load

if TYPE_CHECKING:
    from agentdash.runtime.running import Running


async def answer_of(engine: Running, query: Query) -> Answer:
    """Read closer: pending entries, messages, events.

    Raises:
        SourceError: when the server cannot be asked, in words.
    """
    if isinstance(query, RepoQuery | RepoPlanOf):
        return await _ask_repo(engine, query)
    if isinstance(query, WhyOf):
        return await _ask_why(engine, query)
    handle = engine.handle
    if handle is None:
        health = engine.store.health.get(Topic.STREAMS)
        raise SourceError((health and health.error) or "no server is connected yet")
    await load("agentdash.runtime.queries.streams")
    from agentdash.runtime.queries.streams import answer

    if engine.look_at is not None and (stream := getattr(query, "stream", None)) is not None:
        engine.look_at(stream)
    return await answer(query, handle, engine.settings, engine.clock.now_ms())


async def _ask_repo(engine: Running, query: RepoQuery | RepoPlanOf) -> Answer:
    if isinstance(query, RepoPlanOf):
        await load("agentdash.runtime.commands.repos")
        from agentdash.runtime.commands.repos import plan

        return await plan(query, engine.store.repos, engine.settings)
    await load("agentdash.runtime.queries.streams")
    from agentdash.runtime.queries.streams import of_repo

    return await of_repo(query, engine.store.repos, engine.settings)


async def _ask_why(engine: Running, query: WhyOf) -> Answer:
    await load("agentdash.runtime.queries.blockers")
    from agentdash.runtime.queries.blockers import why_of

    return await why_of(query, engine.store, engine.host, engine.clock)
