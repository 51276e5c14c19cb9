"""Reads many repositories in a few threads, one git process in each at a time."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from agentdash.core.clock import Clock
from agentdash.core.repos.model import Repo
from agentdash.git.git_dir import Fingerprint
from collectors.repos.inotify_watch import file_time
from collectors.repos.schedule import RepoSchedule


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One repository that was read.

    Attributes:
        before: What it was until then.
        survey: Whether it was learnt which folders are to be watched.
        since: When it was begun, by the clock that stamps files, Unix ns.
        marks: Those from before it was begun.
        cost: Seconds that it took.
    """

    one: RepoSchedule
    before: Repo
    survey: bool
    since: int | None
    marks: Fingerprint
    cost: float


class ReadPool:
    """Threads, as many as there are cores and at least two, that take what is due by themselves.

    Repositories that lie in no other come first, then those inside of others. Those that git was slow in come
    last and one at a time, and so do all inside of one outermost repository once git did not answer in time
    for one of them: however many there are, a thread is left for the others.

    Args:
        clock: Where the time comes from.
        told: Called in the event loop, once something was read.
    """

    def __init__(self, clock: Clock, told: asyncio.Event) -> None:
        self._cores = max(2, os.cpu_count() or 2)
        self._pool = ThreadPoolExecutor(self._cores, "git")
        self._clock = clock
        self._told = told
        self._due: deque[RepoSchedule] = deque()
        self._inside: deque[RepoSchedule] = deque()
        self._slow: deque[RepoSchedule] = deque()
        self._slow_turn = threading.Lock()
        self._late: set[str] = set()
        self._done: deque[ReadResult] = deque()
        self.working: set[asyncio.Future[None]] = set()

    @property
    def waiting(self) -> int:
        """How many are to be read and not begun, but for those that git is slow in."""
        return len(self._due) + len(self._inside)

    def read(self, ones: Iterable[RepoSchedule]) -> None:
        """Begin to read them; what comes of it is there to `take` a little later."""
        for one in ones:
            one.begin()
            if not self._is_slow(one):
                (self._inside if _outermost(one) else self._due).append(one)
            elif _outermost(one):
                self._slow.append(one)
            else:
                self._slow.appendleft(one)
        self._set_to_work()

    def _is_slow(self, one: RepoSchedule) -> bool:
        return one.slow or _outermost(one) in self._late

    def take(self) -> list[ReadResult]:
        """What was read since the last time."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Begin nothing more; what is being read ends by itself."""
        for queue in (self._due, self._inside, self._slow):
            queue.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _set_to_work(self) -> None:
        loop = asyncio.get_running_loop()
        slow = bool(self._slow) and not self._slow_turn.locked()
        for _ in range(min(self.waiting + slow, self._cores - len(self.working))):
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
        while (one := self._next()) is not None:
            self._read(one, call)
        if self._slow_turn.acquire(blocking=False):
            try:
                while self.waiting == 0 and (one := _first(self._slow)) is not None:
                    self._read(one, call)
            finally:
                self._slow_turn.release()

    def _next(self) -> RepoSchedule | None:
        """The one that is read next, but for those that git is slow in."""
        while (one := _first(self._due) or _first(self._inside)) is not None:
            if not self._is_slow(one):
                return one
            self._slow.append(one)
        return None

    def _read(self, one: RepoSchedule, call: Callable[..., object]) -> None:
        before, survey, since = one.reader.repo, one.survey, file_time()
        begun = self._clock.monotonic()
        repo, marks = one.read()
        cost = self._clock.monotonic() - begun
        if repo.error is not None and cost >= one.reader.timeout and (outermost := _outermost(one)):
            self._late.add(outermost)
        self._done.append(ReadResult(one, before, survey, since, marks, cost))
        # Whoever waits sets it back before taking: where it is set, this one will be taken, too.
        if not self._told.is_set():
            call(self._told.set)


def _outermost(one: RepoSchedule) -> str | None:
    return one.reader.found.outermost


def _first(queue: deque[RepoSchedule]) -> RepoSchedule | None:
    try:
        return queue.popleft()
    except IndexError:
        return None
