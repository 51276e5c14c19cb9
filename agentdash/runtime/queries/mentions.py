"""Looks for the names of streams that nobody reads in the files of the repositories: seldom, in no hurry."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.streams.mentions import Mention

AT_ONCE = 32
"""Names in one search."""
AGAIN = 900.0
"""Seconds after which a name is looked for again; one that was found, after ten times that."""
PATIENCE = 5.0
"""Seconds for one repository."""
PAUSE = 0.2
"""Seconds between two repositories: it is in no hurry."""
REST = 60.0
"""Seconds between two searches, at least; the next one is for the names that have come meanwhile."""
SHARE = 50
"""It rests so many times as long as it has searched, also where names come and go for ever."""


class MentionSearch:
    """What is known of where names stand, and a search for those of which nothing is known.

    Args:
        clock: Where the time comes from.

    Attributes:
        found: By name, those that were looked for.
    """

    def __init__(self, clock: Clock) -> None:
        self.found: Mapping[bytes, Mention] = {}
        self._clock = clock
        self._at: dict[bytes, float] = {}
        self._search: asyncio.Task[None] | None = None
        self._rests_until = -math.inf

    def want(self, names: Iterable[bytes], repos: ReposSnapshot | None) -> None:
        """*names* are to be known, all others may be forgotten; begin a search where one is due.

        Before all repositories are found there is none.
        """
        now = self._clock.monotonic()
        if now < self._rests_until or (self._search is not None and not self._search.done()):
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
            self._search = asyncio.create_task(self._look(due[:AT_ONCE], trees), name="mentions")

    async def close(self) -> None:
        """End a search that is under way."""
        if self._search is not None:
            self._search.cancel()
            await asyncio.wait([self._search])

    def _due(self, name: bytes, now: float) -> bool:
        known = self.found.get(name)
        if known is None:
            return bool(name)
        return now - self._at[name] >= (AGAIN if known.place is None else 10 * AGAIN)

    async def _look(self, names: list[bytes], repos: list[Repo]) -> None:
        from agentdash.git.commands import GitFailed
        from agentdash.git.grep import first_occurrences

        left, seen, failed, spent = list(names), 0, 0, 0.0
        found: dict[bytes, Mention] = {}
        for repo in repos:
            begun = self._clock.monotonic()
            try:
                there = await asyncio.to_thread(first_occurrences, Path(repo.path), left, PATIENCE)
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
            await asyncio.sleep(PAUSE)
        found |= {name: Mention(None, seen, failed) for name in left}
        now = self._clock.monotonic()
        self._at |= dict.fromkeys(found, now)
        self._rests_until = now + max(REST, SHARE * spent)
        self.found = {**self.found, **found}
