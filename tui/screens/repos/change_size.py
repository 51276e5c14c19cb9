"""Reads the size of the uncommitted change of the repository under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.repos.queries import RepoSize, RepoSizeQuery
from agentdash.core.snapshot import SourceError

if TYPE_CHECKING:
    from tui.dash import Dash

CURSOR_DELAY = 0.15
"""Seconds that the cursor stays on a repository before git is run."""


class ChangeSizes:
    """Runs git once for each record of the repository under the cursor.

    Args:
        dash: The app.
        on_change: Called when a size was read.
    """

    def __init__(self, dash: Dash, on_change: Callable[[], object]) -> None:
        self._dash = dash
        self._on_change = on_change
        self._requested: Repo | None = None
        self._size: RepoSize | None = None

    def size(self, repo: Repo) -> RepoSize | None:
        """The size; None where it is not read yet, or no tracked file has changed."""
        tracked = (repo.staged or 0) + (repo.unstaged or 0) + (repo.conflicted or 0)
        if not tracked or repo.error is not None or repo.head is None or repo.kind is RepoKind.BARE:
            return None
        if repo is not self._requested:
            self._requested = repo
            self._dash.run_worker(self._read(repo), name="size", group="repo-size", exclusive=True)
        return self._size if self._size is not None and self._size.path == repo.path else None

    async def _read(self, repo: Repo) -> None:
        await asyncio.sleep(CURSOR_DELAY)
        try:
            answer = await self._dash.engine.ask(RepoSizeQuery(repo.path))
        except SourceError:
            answer = None  # the row of the repository has the error
        self._size = answer if isinstance(answer, RepoSize) else None
        self._on_change()
