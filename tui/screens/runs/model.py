"""The model of the run screen, without widgets: the run, its context, and its loaded events."""

from __future__ import annotations

from datetime import tzinfo

from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import Run, RunEvent
from agentdash.core.snapshot import SourceError
from agentdash.core.store import Store
from tui.format.runs.listing import RunContext
from tui.screens.runs.feed import Ask, RunFeed


class RunModel:
    """One run.

    Args:
        run_id: Its id.
        store: The latest snapshots.
        zone: Time zone of the events.

    Attributes:
        feed: Its events.
        error: Why the last read of events failed; ``""`` where it succeeded.
    """

    def __init__(self, run_id: str, store: Store, zone: tzinfo | None) -> None:
        self._run_id = run_id
        self._store = store
        self._repos = RepoIndex(None)
        self._read_for: Run | None = None
        self.error = ""
        self.feed = RunFeed(run_id, zone, self.root)

    @property
    def run(self) -> Run | None:
        """Its newest record."""
        return self._store.run(self._run_id)

    @property
    def repo(self) -> Repo | None:
        """Its repository."""
        if self._repos.snapshot is not self._store.repos:
            self._repos = RepoIndex(self._store.repos)
        run = self.run
        return None if run is None else self._repos.of_run(run)

    @property
    def root(self) -> str | None:
        """Its repository, else its folder: paths are relative to it."""
        repo, run = self.repo, self.run
        return repo.path if repo is not None else run.cwd if run is not None else None

    def context(self, now: int) -> RunContext:
        """Its token rate and repository."""
        run = self.run
        rate = None if run is None else self._store.run_history.tokens_per_minute(run, now)
        return RunContext(rate, self.repo)

    @property
    def has_news(self) -> bool:
        """Whether there may be events that `read_new` has not read."""
        return self.run is None or self.run is not self._read_for or bool(self.error)

    def mark_read(self, *, pending: bool = False) -> None:
        """Note that events are read for the current record; *pending*: they are not, read again later."""
        self._read_for = None if pending else self.run

    async def read_new(self, ask: Ask) -> list[RunEvent]:
        """Read the events since the last call; a failure is kept in `error`."""
        try:
            fresh = await self.feed.read_new(ask)
        except SourceError as problem:
            self.error = problem.message
            return []
        self.error = ""
        return fresh

    @property
    def why_no_repo(self) -> str | None:
        """Why neither its repository nor its diff can be shown; None where they can."""
        return None if self.repo else "its folder is in no watched repository"

    @property
    def why_no_older(self) -> str | None:
        """Why no older events can be loaded; None where they can."""
        if self.feed.whole:
            return "no older events"
        return "event limit reached: no older events can be loaded" if self.feed.full else None
