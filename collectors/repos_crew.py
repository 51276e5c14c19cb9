"""Reads many repositories in a few threads, one git process in each at a time."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from agentdash.core.clock import Clock
from agentdash.core.repos import Repo
from agentdash.git.folder import Marks
from collectors.repos_pace import Followed
from collectors.repos_tree import file_time


@dataclass(frozen=True, slots=True)
class Reading:
    """One repository that was read.

    Attributes:
        before: What it was until then.
        survey: Whether it was learnt which folders are to be watched.
        since: When it was begun, by the clock that stamps files, Unix ns.
        marks: Those from before it was begun.
        cost: Seconds that it took.
    """

    one: Followed
    before: Repo
    survey: bool
    since: int | None
    marks: Marks
    cost: float


class Crew:
    """Threads, as many as there are cores, that take from one queue: nothing is handed over for each one.

    Args:
        clock: Where the time comes from.
        told: Called in the event loop, once something was read.
    """

    def __init__(self, clock: Clock, told: asyncio.Event) -> None:
        self._cores = os.cpu_count() or 2
        self._pool = ThreadPoolExecutor(self._cores, "git")
        self._clock = clock
        self._told = told
        self._due: deque[Followed] = deque()
        self._done: deque[Reading] = deque()
        self.working: set[asyncio.Future[None]] = set()

    @property
    def waiting(self) -> int:
        """How many are to be read and not begun."""
        return len(self._due)

    def read(self, ones: Iterable[Followed]) -> None:
        """Begin to read them; what comes of it is there to `take` a little later."""
        for one in ones:
            one.begin()
            self._due.append(one)
        self._set_to_work()

    def take(self) -> list[Reading]:
        """What was read since the last time."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Begin nothing more; what is being read ends by itself."""
        self._due.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _set_to_work(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(min(len(self._due), self._cores - len(self.working))):
            work = loop.run_in_executor(self._pool, self._work, loop.call_soon_threadsafe)
            self.working.add(work)
            work.add_done_callback(self._ended)

    def _ended(self, work: asyncio.Future[None]) -> None:
        """What came after it last looked for more has not been begun by anybody."""
        self.working.discard(work)
        if not work.cancelled():
            self._set_to_work()

    def _work(self, call: Callable[..., object]) -> None:
        """In a thread: read what is due until nothing is."""
        while True:
            try:
                one = self._due.popleft()
            except IndexError:
                return
            before, survey, since = one.reader.repo, one.survey, file_time()
            begun = self._clock.monotonic()
            _, marks = one.read()
            cost = self._clock.monotonic() - begun
            self._done.append(Reading(one, before, survey, since, marks, cost))
            # Whoever waits sets it back before taking: where it is set, this one will be taken, too.
            if not self._told.is_set():
                call(self._told.set)
