"""The size of the uncommitted change of what a person looks at, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.repos.queries import RepoSize, RepoSizeQuery
from agentdash.core.snapshot import SourceError

if TYPE_CHECKING:
    from tui.dash import Dash

RESTED = 0.15
"""Seconds that a cursor stays on a repository before git is asked."""


class ChangeSizes:
    """Asks git once for each state of the repository that is looked at.

    Args:
        dash: The app.
        told: Called when an answer has come.
    """

    def __init__(self, dash: Dash, told: Callable[[], object]) -> None:
        self._dash = dash
        self._told = told
        self._asked: Repo | None = None
        self._size: RepoSize | None = None

    def size(self, repo: Repo) -> RepoSize | None:
        """Its size, as far as it is known by now; None also where nothing differs that git tracks."""
        tracked = (repo.staged or 0) + (repo.unstaged or 0) + (repo.conflicted or 0)
        if not tracked or repo.error is not None or repo.head is None or repo.kind is RepoKind.BARE:
            return None
        if repo is not self._asked:
            self._asked = repo
            self._dash.run_worker(self._ask(repo), name="size", group="repo-size", exclusive=True)
        return self._size if self._size is not None and self._size.path == repo.path else None

    async def _ask(self, repo: Repo) -> None:
        await asyncio.sleep(RESTED)
        try:
            answer = await self._dash.engine.ask(RepoSizeQuery(repo.path))
        except SourceError:
            answer = None  # the row of the repository says what is the matter
        self._size = answer if isinstance(answer, RepoSize) else None
        self._told()
