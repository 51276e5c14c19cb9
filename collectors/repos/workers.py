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
from collectors.repos.inotify_watch import file_clock_ns
from collectors.repos.schedule import RepoSchedule


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The outcome of one read.

    Attributes:
        before: The record before the read.
        list_ignored: Whether ignored folders were listed.
        since: Start of the read by the file system's clock, Unix ns.
        fingerprint: From before the read.
        cost: Its duration, seconds.
    """

    schedule: RepoSchedule
    before: Repo
    list_ignored: bool
    since: int | None
    fingerprint: Fingerprint
    cost: float


class ReadPool:
    """Threads that read due repositories: one per core, at least two.

    Outermost repositories come first, nested ones second. Slow ones come last and one at a time, and so do
    all below an outermost repository in which git has timed out: a thread is always left for the others.

    Args:
        clock: Source of time.
        ready: Set in the event loop when there are results.
    """

    def __init__(self, clock: Clock, ready: asyncio.Event) -> None:
        self._cores = max(2, os.cpu_count() or 2)
        self._pool = ThreadPoolExecutor(self._cores, "git")
        self._clock = clock
        self._ready = ready
        self._due: deque[RepoSchedule] = deque()
        self._inside: deque[RepoSchedule] = deque()
        self._slow: deque[RepoSchedule] = deque()
        self._slow_lock = threading.Lock()
        self._unresponsive: set[str] = set()
        self._done: deque[ReadResult] = deque()
        self.working: set[asyncio.Future[None]] = set()

    @property
    def waiting(self) -> int:
        """Number of queued repositories, without the slow schedules."""
        return len(self._due) + len(self._inside)

    def read(self, schedules: Iterable[RepoSchedule]) -> None:
        """Queue them; `pop_results` returns the results."""
        for schedule in schedules:
            schedule.start()
            if not self._is_slow(schedule):
                (self._inside if _outermost(schedule) else self._due).append(schedule)
            elif _outermost(schedule):
                self._slow.append(schedule)
            else:
                self._slow.appendleft(schedule)
        self._start_workers()

    def _is_slow(self, schedule: RepoSchedule) -> bool:
        return schedule.slow or _outermost(schedule) in self._unresponsive

    def pop_results(self) -> list[ReadResult]:
        """The results since the last call."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Drop what is queued; reads under way finish on their own."""
        for queue in (self._due, self._inside, self._slow):
            queue.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start_workers(self) -> None:
        loop = asyncio.get_running_loop()
        slow = bool(self._slow) and not self._slow_lock.locked()
        for _ in range(min(self.waiting + slow, self._cores - len(self.working))):
            work = loop.run_in_executor(self._pool, self._work, loop.call_soon_threadsafe)
            self.working.add(work)
            work.add_done_callback(self._worker_ended)

    def _worker_ended(self, work: asyncio.Future[None]) -> None:
        """Start workers for what was queued after this one last checked its queue."""
        self.working.discard(work)
        if not work.cancelled():
            self._start_workers()

    def _work(self, call: Callable[..., object]) -> None:
        """In a thread: read until the queues are empty."""
        while (schedule := self._next()) is not None:
            self._read(schedule, call)
        if self._slow_lock.acquire(blocking=False):
            try:
                while self.waiting == 0 and (schedule := _first(self._slow)) is not None:
                    self._read(schedule, call)
            finally:
                self._slow_lock.release()

    def _next(self) -> RepoSchedule | None:
        """The next one; slow schedules are moved to their own queue."""
        while (schedule := _first(self._due) or _first(self._inside)) is not None:
            if not self._is_slow(schedule):
                return schedule
            self._slow.append(schedule)
        return None

    def _read(self, schedule: RepoSchedule, call: Callable[..., object]) -> None:
        before, list_ignored, since = schedule.reader.repo, schedule.list_ignored, file_clock_ns()
        started = self._clock.monotonic()
        repo, fingerprint = schedule.read()
        cost = self._clock.monotonic() - started
        if repo.error is not None and cost >= schedule.reader.timeout and (outermost := _outermost(schedule)):
            self._unresponsive.add(outermost)
        self._done.append(ReadResult(schedule, before, list_ignored, since, fingerprint, cost))
        # The reader clears the event before it pops: where it is set, this result is popped, too.
        if not self._ready.is_set():
            call(self._ready.set)


def _outermost(schedule: RepoSchedule) -> str | None:
    return schedule.reader.found.outermost


def _first(queue: deque[RepoSchedule]) -> RepoSchedule | None:
    try:
        return queue.popleft()
    except IndexError:
        return None
