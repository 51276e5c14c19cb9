"""Answers what a screen asks when a person looks closer: bounded reads of the server, on demand."""

from __future__ import annotations

import asyncio

from agentdash.core.queries import (
    Answer,
    LagOf,
    MessageAt,
    MessagesAt,
    NewestMessages,
    PendingOf,
    Query,
    RunEventsOf,
    TraceOf,
)
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.repos.queries import (
    RepoAnswer,
    RepoCommitOf,
    RepoDetailOf,
    RepoDiffOf,
    RepoQuery,
    RepoSizeOf,
)
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.queries import ClientsNow, EntriesFrom, HoldersOf, RightsOn, SearchEntries
from agentdash.server.client import in_words
from agentdash.server.find import ServerHandle
from collectors.repos import detail as repos_detail
from collectors.repos import diff as repos_diff
from collectors.runs import events as run_events
from collectors.streams import (
    browse as streams_browse,
)
from collectors.streams import (
    count as streams_count,
)
from collectors.streams import (
    detail as streams_detail,
)
from collectors.streams import (
    trace as streams_trace,
)


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
            case LagOf():
                return await streams_count.lag_of(client, query, now)
            case EntriesFrom() | SearchEntries() | HoldersOf() | RightsOn() | ClientsNow():
                return await streams_browse.answer(client, query, now)
            case TraceOf():
                return await streams_trace.trace(client, query, now)
            case RunEventsOf():
                return await run_events.read_events(client, RunKeys(settings.runs.prefix), query)
    except SourceError:
        raise
    except Exception as problem:
        raise in_words(problem, handle.url) from problem
    return None  # what is asked of no server is answered elsewhere


async def of_repo(query: RepoQuery, repos: ReposSnapshot | None, settings: Settings) -> RepoAnswer:
    """Ask git about one repository. Only about one that is followed: a path from outside is none.

    Raises:
        SourceError: with the reason in words.
    """
    repo = next((repo for repo in repos.repos if repo.path == query.path), None) if repos else None
    if repo is None:
        raise SourceError(
            f"{query.path} is none of the repositories that are followed",
            "name the folder above it:  agentdash --projects DIR",
        )
    timeout = settings.repos.timeout
    match query:
        case RepoDiffOf():
            return await asyncio.to_thread(repos_diff.read_diff, repo, timeout, query)
        case RepoCommitOf():
            return await asyncio.to_thread(repos_diff.read_commit_diff, repo, timeout, query)
        case RepoDetailOf():
            return await asyncio.to_thread(repos_detail.read_detail, repo, timeout)
        case RepoSizeOf():
            return await asyncio.to_thread(repos_detail.read_size, repo, timeout)
