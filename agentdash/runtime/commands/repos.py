"""Carries out what a person asks of a repository: in a thread, each step told to the activity log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from agentdash.actions.repos import carry_out as repos
from agentdash.actions.repos import stage_plan as repo_stage
from agentdash.core.commands import Outcome, Refused
from agentdash.core.repos.commands import (
    MEGABYTE,
    CommitRepo,
    FetchRepo,
    RepoCommand,
    RepoPlan,
    RepoPlanOf,
    StageRepo,
)
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.git.ask import GitFailed

Note = Callable[[str, str, bool], None]
"""(actor, step, ok): one line for the activity log."""


async def change(
    command: RepoCommand, snapshot: ReposSnapshot | None, settings: Settings, note: Note
) -> Outcome:
    """Do it. Only in a repository that is followed; what fails comes back in words."""
    loop, timeout = asyncio.get_running_loop(), settings.repos.timeout
    repo = _followed(command.path, snapshot)
    if repo is None:
        return Outcome(False, f"{printable(command.path)} is none of the repositories that are followed")
    if repo.kind is RepoKind.BARE and not isinstance(command, FetchRepo):
        return Outcome(False, f"{repo.name} is bare: there is nothing to stage or commit")

    def step(words: str, ok: bool) -> None:
        loop.call_soon_threadsafe(note, f"repo {repo.name}", words, ok)

    def work() -> Outcome:
        match command:
            case FetchRepo():
                return repos.fetch(command, timeout, step)
            case StageRepo():
                return repos.stage(command, _largest(command.largest, settings), timeout, step)
            case CommitRepo():
                return repos.commit(command, timeout, step)

    try:
        return await asyncio.to_thread(work)
    except (Refused, SourceError, GitFailed) as why:
        return Outcome(False, printable(str(why)))
    except OSError as error:
        return Outcome(False, f"{repo.name}: {error.strerror or error}")


async def plan(query: RepoPlanOf, snapshot: ReposSnapshot | None, settings: Settings) -> RepoPlan:
    """What staging everything would come to.

    Raises:
        SourceError: with the reason in words.
    """
    repo = _followed(query.path, snapshot)
    if repo is None:
        raise SourceError(f"{query.path} is none of the repositories that are followed")
    path, timeout = Path(repo.path), settings.repos.timeout
    return RepoPlan(
        await asyncio.to_thread(repo_stage.plan, path, _largest(query.largest, settings), timeout)
    )


def _largest(asked: int | None, settings: Settings) -> int:
    """Bytes of a file above which it is not staged."""
    return asked if asked is not None else round(settings.repos.stage_limit_mb * MEGABYTE)


def _followed(path: str, snapshot: ReposSnapshot | None) -> Repo | None:
    return next((repo for repo in snapshot.repos if repo.path == path), None) if snapshot else None
