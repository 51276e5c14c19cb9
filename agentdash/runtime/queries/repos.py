"""Answers queries about repositories that are followed; a path from outside is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.actions.repos import stage_plan
from agentdash.core.repos.commands import StagePlan, StagePlanQuery
from agentdash.core.repos.queries import (
    CommitDiffQuery,
    RepoAnswer,
    RepoDetailQuery,
    RepoDiffQuery,
    RepoQuery,
    RepoSizeQuery,
)
from agentdash.core.snapshot import SourceError
from agentdash.runtime.commands.repos import largest_file
from collectors.repos import detail, diff

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


async def answer(engine: Engine, query: RepoQuery | StagePlanQuery) -> RepoAnswer | StagePlan:
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
        case RepoDiffQuery():
            return await asyncio.to_thread(diff.read_diff, repo, timeout, query)
        case CommitDiffQuery():
            return await asyncio.to_thread(diff.read_commit_diff, repo, timeout, query)
        case RepoDetailQuery():
            return await asyncio.to_thread(detail.read_detail, repo, timeout)
        case RepoSizeQuery():
            return await asyncio.to_thread(detail.read_size, repo, timeout)
        case StagePlanQuery():
            largest = largest_file(query.largest, engine.settings)
            return StagePlan(await asyncio.to_thread(stage_plan.plan, Path(repo.path), largest, timeout))
