"""Answers what a screen asks when a person looks closer: bounded reads of the server, on demand."""

from __future__ import annotations

from agentdash.core.queries import (
    Answer,
    MessageAt,
    MessagesAt,
    NewestMessages,
    PendingOf,
    Query,
    RunEventsOf,
)
from agentdash.core.runs import RunKeys
from agentdash.core.settings import Settings
from agentdash.core.snapshot import SourceError
from agentdash.server.client import in_words
from agentdash.server.find import ServerHandle
from collectors import run_events, streams_detail


async def answer(query: Query, handle: ServerHandle, settings: Settings, now: int) -> Answer:
    """Read what *query* asks for.

    Raises:
        SourceError: with the reason in words.
    """
    client = handle.client
    try:
        match query:
            case PendingOf():
                return await streams_detail.pending(client, query, now)
            case MessageAt():
                return await streams_detail.message(client, query, now)
            case MessagesAt():
                return await streams_detail.messages(client, query, now)
            case NewestMessages():
                return await streams_detail.newest(client, query, now)
            case RunEventsOf():
                return await run_events.read_events(client, RunKeys(settings.runs.prefix), query)
    except SourceError:
        raise
    except Exception as problem:
        raise in_words(problem, handle.url) from problem
