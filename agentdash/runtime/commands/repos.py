"""Carries out commands about repositories: in a thread, each step noted in the activity log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agentdash.actions.repos import operations as repos
from agentdash.core.commands import Outcome, Refused
from agentdash.core.repos.commands import (
    MEGABYTE,
    CommitRepo,
    FetchRepo,
    RepoCommand,
    StageRepo,
)
from agentdash.core.repos.model import RepoKind
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.text import printable
from agentdash.git.commands import GitFailed

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine


async def carry_out(engine: Engine, command: RepoCommand) -> Outcome:
    """Fetch, stage or commit, in a repository that is followed; failures are outcomes."""
    outcome = await _change(engine, command)
    engine.refresh(Topic.REPOS)
    return outcome


async def _change(engine: Engine, command: RepoCommand) -> Outcome:
    loop, timeout = asyncio.get_running_loop(), engine.settings.repos.timeout
    repo = engine.store.repo(command.path)
    if repo is None:
        return Outcome(False, f"{printable(command.path)} is not a followed repository")
    if repo.kind is RepoKind.BARE and not isinstance(command, FetchRepo):
        return Outcome(False, f"{repo.name} is bare: there is nothing to stage or commit")

    def step(message: str, ok: bool) -> None:
        loop.call_soon_threadsafe(engine.note, f"repo {repo.name}", message, ok)

    def work() -> Outcome:
        match command:
            case FetchRepo():
                return repos.fetch(command, timeout, step)
            case StageRepo():
                return repos.stage(command, largest_file(command.largest, engine.settings), timeout, step)
            case CommitRepo():
                return repos.commit(command, timeout, step)

    try:
        return await asyncio.to_thread(work)
    except (Refused, SourceError, GitFailed) as why:
        return Outcome(False, printable(str(why)))
    except OSError as error:
        return Outcome(False, f"{repo.name}: {error.strerror or error}")


def largest_file(asked: int | None, settings: Settings) -> int:
    """Bytes of the largest file that is staged: as requested, or as set."""
    return asked if asked is not None else round(settings.repos.stage_limit_mb * MEGABYTE)
