"""Searches the repositories for the names of streams without readers, at a low rate."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.streams.mentions import Mention

MAX_NAMES = 32
"""Maximum number of names in one search."""
SEARCH_AGAIN_S = 900.0
"""Seconds after which a name is searched again; ten times that where it was found."""
TIMEOUT_S = 5.0
"""Time limit for one repository."""
PAUSE_S = 0.2
"""Seconds between two repositories."""
MIN_COOL_DOWN_S = 60.0
"""Minimum time between two searches."""
COOL_DOWN_FACTOR = 50
"""The cool-down after a search, as a multiple of its duration."""


class MentionSearch:
    """The files that mention names of streams, and the search for unknown ones.

    Args:
        clock: For cool-downs.

    Attributes:
        found: By name, the results of searches.
    """

    def __init__(self, clock: Clock) -> None:
        self.found: Mapping[bytes, Mention] = {}
        self._clock = clock
        self._at: dict[bytes, float] = {}
        self._search: asyncio.Task[None] | None = None
        self._cool_until = -math.inf

    def want(self, names: Iterable[bytes], repos: ReposSnapshot | None) -> None:
        """Keep only *names*, and start a search where one is due and all repositories are found."""
        now = self._clock.monotonic()
        if now < self._cool_until or (self._search is not None and not self._search.done()):
            return
        wanted = set(names)
        if len(self.found) > len(wanted):
            self.found = {name: of for name, of in self.found.items() if name in wanted}
            self._at = {name: at for name, at in self._at.items() if name in wanted}
        if repos is None or not repos.complete or repos.unread:
            return
        due = sorted(
            name for name in wanted if self._due(name, now) and b"\n" not in name and b"\0" not in name
        )
        if due:
            trees = [repo for repo in repos.repos if repo.kind is not RepoKind.BARE and repo.error is None]
            self._search = asyncio.create_task(self._run(due[:MAX_NAMES], trees), name="mentions")

    async def close(self) -> None:
        """Cancel a search."""
        if self._search is not None:
            self._search.cancel()
            await asyncio.wait([self._search])

    def _due(self, name: bytes, now: float) -> bool:
        known = self.found.get(name)
        if known is None:
            return bool(name)
        return now - self._at[name] >= (SEARCH_AGAIN_S if known.place is None else 10 * SEARCH_AGAIN_S)

    async def _run(self, names: list[bytes], repos: list[Repo]) -> None:
        from agentdash.git.commands import GitFailed
        from agentdash.git.grep import first_occurrences

        left, seen, failed, spent = list(names), 0, 0, 0.0
        found: dict[bytes, Mention] = {}
        for repo in repos:
            begun = self._clock.monotonic()
            try:
                there = await asyncio.to_thread(first_occurrences, Path(repo.path), left, TIMEOUT_S)
            except GitFailed:
                failed += 1
                continue
            finally:
                spent += self._clock.monotonic() - begun
            seen += 1
            found |= {name: Mention(f"{repo.name}: {place}", seen) for name, place in there.items()}
            left = [name for name in left if name not in found]
            if not left:
                break
            await asyncio.sleep(PAUSE_S)
        found |= {name: Mention(None, seen, failed) for name in left}
        now = self._clock.monotonic()
        self._at |= dict.fromkeys(found, now)
        self._cool_until = now + max(MIN_COOL_DOWN_S, COOL_DOWN_FACTOR * spent)
        self.found = {**self.found, **found}
