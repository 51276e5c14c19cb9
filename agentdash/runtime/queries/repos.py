"""Answers queries about repositories that are followed; a path from outside is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.actions.repos import stage_plan
from agentdash.core.repos.commands import RepoPlan, RepoPlanOf
from agentdash.core.repos.queries import (
    RepoAnswer,
    RepoCommitOf,
    RepoDetailOf,
    RepoDiffOf,
    RepoQuery,
    RepoSizeOf,
)
from agentdash.core.snapshot import SourceError
from agentdash.runtime.commands.repos import largest_file
from collectors.repos import detail, diff

if TYPE_CHECKING:
    from agentdash.runtime.running import Running


async def answer(engine: Running, query: RepoQuery | RepoPlanOf) -> RepoAnswer | RepoPlan:
    """Read what *query* asks for, with git.

    Raises:
        SourceError: when the repository is not followed, or cannot be read.
    """
    repo, timeout = engine.store.repo(query.path), engine.settings.repos.timeout
    if repo is None:
        raise SourceError(
            f"{query.path} is not a followed repository",
            "name the folder above it:  agentdash --projects DIR",
        )
    match query:
        case RepoDiffOf():
            return await asyncio.to_thread(diff.read_diff, repo, timeout, query)
        case RepoCommitOf():
            return await asyncio.to_thread(diff.read_commit_diff, repo, timeout, query)
        case RepoDetailOf():
            return await asyncio.to_thread(detail.read_detail, repo, timeout)
        case RepoSizeOf():
            return await asyncio.to_thread(detail.read_size, repo, timeout)
        case RepoPlanOf():
            largest = largest_file(query.largest, engine.settings)
            return RepoPlan(await asyncio.to_thread(stage_plan.plan, Path(repo.path), largest, timeout))
