"""Collects the repositories below the roots, each read when it has changed."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.repos.submodules import SubmoduleChanges
from agentdash.core.settings.model import ReposSettings
from agentdash.core.snapshot import Collector, Topic
from agentdash.git.git_dir import Fingerprint, is_unchanged
from collectors.repos.ignored_folders import IgnoredFolders
from collectors.repos.inotify_watch import open_watch
from collectors.repos.reader import RepoReader
from collectors.repos.root_scan import RootScan
from collectors.repos.schedule import RepoSchedule, sweep_interval
from collectors.repos.search import FoundRepo, nested_repos
from collectors.repos.watch import Watch
from collectors.repos.workers import ReadPool

FIRST_PASS = 5.0
"""Seconds that the first pass waits for all reads, where there are few repositories."""
FEW = 50
"""With more repositories than this, the first pass returns those right below the roots only."""
FIRST_OF_MANY = 0.3
"""Seconds that it waits for their reads; the rest is published as it is read."""
IDLE = 20.0
"""Multiple of `ReposSettings.poll` that a pass waits where events cover everything."""
IDLE_MAX = 20.0
"""Upper limit of that wait, seconds."""

_FIRST_SEARCH = 0.5
_BATCH = 0.03
_WATCH_STEP = 0.05


class ReposCollector(Collector):
    """Follows all repositories below the roots.

    A pass waits for an event, at most `ReposSettings.poll` seconds, and longer where events cover everything:
    changes are published at once, and idle repositories cost next to nothing.

    Args:
        roots: Folders to search.
        settings: Depth, pruned names, intervals.
        host: Stamped on every snapshot.
        clock: Source of time.
        watch: Reports changes; default: file-system events, where there are any.
        within: The folder that no root may lead out of.
    """

    name = "repos"
    topic = Topic.REPOS
    cadence = 0.02
    timeout = 30.0
    patience = IDLE_MAX
    """Seconds after which at the latest a pass ends, also where nothing happened."""

    def __init__(
        self,
        roots: tuple[Path, ...],
        settings: ReposSettings,
        host: str,
        clock: Clock,
        *,
        watch: Watch | None = None,
        within: Path | None = None,
    ) -> None:
        self._roots = roots
        self._settings = settings
        self._host = host
        self._clock = clock
        self._watch = watch
        self._signal = asyncio.Event()
        self._pool = ReadPool(clock, self._signal)
        self._thread = ThreadPoolExecutor(1, "repos")
        self._ignored = IgnoredFolders(settings.prune)
        self._scan = RootScan(roots, settings, within)
        self._schedules: dict[Path, RepoSchedule] = {}
        self._to_watch: deque[tuple[RepoSchedule, Fingerprint, int | None]] = deque()
        self._submodule_changes = SubmoduleChanges()
        self._published: tuple[object, ...] | None = None
        self._processes = 0
        self._check_all = False

    async def collect(self) -> ReposSnapshot | None:
        """Wait for a change and read what changed; None where nothing did.

        Raises:
            SourceError: where there is no readable root, or no git.
        """
        loop = asyncio.get_running_loop()
        first = self._published is None
        if not first:
            await self._wait()
        await loop.run_in_executor(self._thread, self._poll)
        self._start_reading()
        if first:
            await self._read_all()
        elif self._pool.working:
            await asyncio.wait(self._pool.working, timeout=_BATCH)
        self._apply_results()
        return self._snapshot()

    def wake(self) -> None:
        """End the wait, and read everything again."""
        self._check_all = True
        self._signal.set()

    async def close(self) -> None:
        """Stop reading, release all watches."""
        if self._watch is not None:
            self._listen(on=False)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._watch.close)
        self._pool.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _wait(self) -> None:
        """Wait for an event, a result, or the time of the next read."""
        now = self._clock.monotonic()
        waits = [
            wait
            for schedule in self._schedules.values()
            if (wait := schedule.seconds_to_wait(now)) is not None
        ]
        timeout = min([self._idle_seconds(), *waits])
        if self._to_watch or self._scan.in_progress:
            timeout = 0.0
        if timeout > 0:
            self._listen(on=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._signal.wait()
            self._listen(on=False)
        self._signal.clear()

    def _idle_seconds(self) -> float:
        """Seconds to wait where nothing is due."""
        watching = self._watch is not None and self._watch.mode == "watching"
        if watching and all(
            schedule.watched or schedule.reader.found.error for schedule in self._schedules.values()
        ):
            return min(IDLE_MAX, IDLE * self._settings.poll)
        return self._settings.poll

    def _listen(self, *, on: bool) -> None:
        descriptor = self._watch.fd if self._watch is not None else None
        if descriptor is None:
            return
        loop = asyncio.get_running_loop()
        if on:
            loop.add_reader(descriptor, self._signal.set)
        else:
            loop.remove_reader(descriptor)

    def _poll(self) -> None:
        """In the thread: search, apply events, mark what is due."""
        now = self._clock.monotonic()
        if self._watch is None:
            self._watch = open_watch(self._settings.prune)
        self._watch.search_needed = (
            self._ignored.changed(self._schedules.values(), now) or self._watch.search_needed
        )
        self._continue_search(now)
        if self._published is not None and not self._pool.waiting:
            self._watch_next()
        self._apply_events(now)
        sweep = sweep_interval(self._schedules.values())
        for schedule in self._schedules.values():
            schedule.check(now, self._settings.poll, sweep)
            schedule.check_lock(now)

    def _apply_events(self, now: float) -> None:
        watch = self._watch
        assert watch is not None
        changed = None if self._check_all else watch.changed_repos()
        self._check_all = False
        for path, schedule in self._schedules.items():
            schedule.dirty = schedule.dirty or changed is None or path in changed
            schedule.list_ignored = schedule.list_ignored or path in watch.folders_changed
            if path in watch.locks_changed:
                schedule.schedule_lock_check(now)
        watch.folders_changed, watch.locks_changed = set(), set()

    def _continue_search(self, now: float) -> None:
        assert self._watch is not None
        if not self._scan.step(self._watch, now, reading=self._pool.waiting > 0):
            return
        known = self._scan.found
        for path, found in known.items():
            schedule = self._schedules.get(path)
            if schedule is None or schedule.reader.found != found:
                self._track(found)
        if self._scan.is_complete:
            for path in [path for path in self._schedules if path not in known]:
                self._watch.unwatch(path)
                del self._schedules[path]
            inner = nested_repos(known.values())
            for path, schedule in self._schedules.items():
                schedule.set_nested(inner.get(path, ()))

    def _track(self, found: FoundRepo) -> None:
        assert self._watch is not None
        self._watch.unwatch(found.path)
        reader = RepoReader(found, self._scan.name(found.path), self._settings.timeout, self._clock)
        self._schedules[found.path] = RepoSchedule(reader)

    def _start_reading(self) -> None:
        now = self._clock.monotonic()
        self._pool.read([schedule for schedule in self._schedules.values() if schedule.is_due(now)])

    def _apply_results(self) -> None:
        assert self._watch is not None
        now = self._clock.monotonic()
        for result in self._pool.pop_results():
            schedule, before = result.schedule, result.before
            repo = schedule.reader.repo
            # These two decide which folders of the git directory are watched.
            moved = (repo.stash, repo.upstream) != (before.stash, before.upstream)
            if (result.list_ignored or (moved and schedule.watched)) and schedule.reader.found.error is None:
                self._to_watch.append((schedule, result.fingerprint, result.since))
            # A new submodule may be where neither events nor the scan go.
            if not schedule.never_read and _checkouts(repo) != _checkouts(before):
                self._watch.search_needed = True
            schedule.finish(result.fingerprint, now, cost=result.cost, changed=repo != before)

    def _watch_next(self) -> None:
        """Set up watches, the earliest reads first, for `_WATCH_STEP` seconds per pass."""
        deadline = self._clock.monotonic() + _WATCH_STEP
        while self._to_watch and self._clock.monotonic() < deadline:
            self._watch_repo(*self._to_watch.popleft())

    def _watch_repo(self, schedule: RepoSchedule, fingerprint: Fingerprint, since: int | None) -> None:
        """Watch the folders that its status depends on; a change in between makes it due again."""
        assert self._watch is not None
        reader = schedule.reader
        if self._schedules.get(reader.found.path) is not schedule:
            return
        schedule.watched, late = self._watch.watch_repo(reader.found, reader.unwatched, since)
        schedule.schedule_lock_check(self._clock.monotonic())  # one may be older than the watch
        schedule.dirty = (
            schedule.dirty
            or late
            or (schedule.watched and not is_unchanged(fingerprint, reader.fingerprint()))
        )

    async def _read_all(self) -> None:
        """For the first snapshot: read what was found so far, within a time limit."""
        loop, started = asyncio.get_running_loop(), self._clock.monotonic()
        while True:
            self._apply_results()
            passed = self._clock.monotonic() - started
            few = len(self._schedules) <= FEW
            left = (FIRST_PASS if few else FIRST_OF_MANY) - passed
            if self._scan.in_progress and few and passed < _FIRST_SEARCH:
                await loop.run_in_executor(self._thread, self._poll)
                self._start_reading()
            elif self._pool.working and left > 0:
                await asyncio.wait(self._pool.working, timeout=left)
            else:
                return

    def _snapshot(self) -> ReposSnapshot | None:
        assert self._watch is not None
        repos = self._submodule_changes.apply(
            tuple(schedule.reader.repo for _, schedule in sorted(self._schedules.items()))
        )
        reason = self._watch.reason
        mode = "watching" if self._watch.mode == "watching" and reason is None else "polling"
        unread = sum(schedule.never_read for schedule in self._schedules.values())
        state = (repos, self._scan.completed_once, mode, reason, self._scan.problems, unread)
        if state == self._published:
            return None
        self._published = state
        total = sum(schedule.reader.git_processes for schedule in self._schedules.values())
        processes, self._processes = max(0, total - self._processes), total
        return ReposSnapshot(
            taken_at=self._clock.now_ms(),
            host=self._host,
            repos=repos,
            roots=tuple(str(root) for root in self._roots),
            complete=self._scan.completed_once,
            mode=mode,
            git_processes=processes,
            reason=reason,
            problems=self._scan.problems,
            unread=unread,
        )


def _checkouts(repo: Repo) -> tuple[tuple[str, ...], int]:
    """The folders of its submodules, and how many have no checkout."""
    return repo.submodules.folders, repo.submodules.uninitialised
