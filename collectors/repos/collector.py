"""The repositories below the roots, each read when something happened in it."""

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
from agentdash.git.git_dir import Fingerprint, same
from collectors.repos.ignored_folders import IgnoredFolders
from collectors.repos.inotify_watch import open_watch
from collectors.repos.reader import RepoReader
from collectors.repos.root_scan import RootScan
from collectors.repos.schedule import RepoSchedule, sweep_pace
from collectors.repos.search import FoundRepo, nested_repos
from collectors.repos.watch import Watch
from collectors.repos.workers import ReadPool

FIRST_PASS = 5.0
"""Seconds that the first pass waits for all repositories to be read, where they are few."""
FEW = 50
"""With more than these the first pass tells those right below the roots; nested ones come with the next."""
FIRST_OF_MANY = 0.3
"""Seconds that it waits for those to be read: the rest is told as it comes."""
IDLE = 20.0
"""How many times `ReposSettings.poll` a pass waits where events tell of all changes."""
IDLE_MOST = 20.0
"""Seconds that it waits at most."""

_FIRST_SEARCH = 0.5
_BATCH = 0.03
_WATCH_STEP = 0.05


class ReposCollector(Collector):
    """Follows all repositories below the roots.

    A pass waits until something happened, at most `ReposSettings.poll` seconds, and longer where events tell
    of everything; so a change is told a moment after it was made, and a quiet minute costs next to nothing.

    Args:
        roots: Folders to search.
        settings: How.
        host: Stamped on every snapshot.
        clock: Where the time comes from.
        watch: Tells about changes; by default events of the file system, where it has them.
        within: The folder that no root may lead out of.
    """

    name = "repos"
    topic = Topic.REPOS
    cadence = 0.02
    timeout = 30.0
    patience = IDLE_MOST
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
        self._crew = ReadPool(clock, self._signal)
        self._thread = ThreadPoolExecutor(1, "repos")
        self._ignored = IgnoredFolders(settings.prune)
        self._walks = RootScan(roots, settings, within)
        self._followed: dict[Path, RepoSchedule] = {}
        self._to_watch: deque[tuple[RepoSchedule, Fingerprint, int | None]] = deque()
        self._dirt = SubmoduleChanges()
        self._told: tuple[object, ...] | None = None
        self._processes = 0
        self._look_at_all = False

    async def collect(self) -> ReposSnapshot | None:
        """Wait for a change, read what changed; None where nothing did.

        Raises:
            SourceError: where there is no root, none can be read, or there is no git.
        """
        loop = asyncio.get_running_loop()
        first = self._told is None
        if not first:
            await self._wait()
        await loop.run_in_executor(self._thread, self._look)
        self._start_reading()
        if first:
            await self._read_all()
        elif self._crew.working:
            await asyncio.wait(self._crew.working, timeout=_BATCH)
        self._take_readings()
        return self._snapshot()

    def wake(self) -> None:
        """End the wait, and look at everything anew."""
        self._look_at_all = True
        self._signal.set()

    async def close(self) -> None:
        """End what is being read, give the watches back."""
        if self._watch is not None:
            self._listen(on=False)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._watch.close)
        self._crew.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _wait(self) -> None:
        """Until something happened, something was read, or it is time to look."""
        now = self._clock.monotonic()
        waits = [wait for one in self._followed.values() if (wait := one.wait(now)) is not None]
        most = min([self._pace(), *waits])
        if self._to_watch or self._walks.under_way:
            most = 0.0
        if most > 0:
            self._listen(on=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(most):
                    await self._signal.wait()
            self._listen(on=False)
        self._signal.clear()

    def _pace(self) -> float:
        """Seconds to wait when nothing happens."""
        told = self._watch is not None and self._watch.mode == "watching"
        if told and all(one.watched or one.reader.found.error for one in self._followed.values()):
            return min(IDLE_MOST, IDLE * self._settings.poll)
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

    def _look(self) -> None:
        """In the thread: search, take events, find out what is due."""
        now = self._clock.monotonic()
        if self._watch is None:
            self._watch = open_watch(self._settings.prune)
        self._watch.moved = self._ignored.changed(self._followed.values(), now) or self._watch.moved
        self._search_on(now)
        if self._told is not None and not self._crew.waiting:
            self._watch_on()
        self._take_events(now)
        sweep = sweep_pace(list(self._followed.values()))
        for one in self._followed.values():
            one.look(now, self._settings.poll, sweep)
            one.look_at_lock(now)

    def _take_events(self, now: float) -> None:
        watch = self._watch
        assert watch is not None
        changed = None if self._look_at_all else watch.changed()
        self._look_at_all = False
        for path, one in self._followed.items():
            one.dirty = one.dirty or changed is None or path in changed
            one.survey = one.survey or path in watch.grown
            if path in watch.locked:
                one.lock_came(now)
        watch.grown, watch.locked = set(), set()

    def _search_on(self, now: float) -> None:
        assert self._watch is not None
        if not self._walks.go_on(self._watch, now, reading=self._crew.waiting > 0):
            return
        there = self._walks.found
        for path, found in there.items():
            one = self._followed.get(path)
            if one is None or one.reader.found != found:
                self._follow(found)
        if self._walks.through:
            for path in [path for path in self._followed if path not in there]:
                self._watch.leave(path)
                del self._followed[path]
            inner = nested_repos(there.values())
            for path, one in self._followed.items():
                one.holds(inner.get(path, ()))

    def _follow(self, found: FoundRepo) -> None:
        assert self._watch is not None
        self._watch.leave(found.path)
        reader = RepoReader(found, self._walks.name(found.path), self._settings.timeout, self._clock)
        self._followed[found.path] = RepoSchedule(reader)

    def _start_reading(self) -> None:
        now = self._clock.monotonic()
        self._crew.read([one for one in self._followed.values() if one.due(now)])

    def _take_readings(self) -> None:
        assert self._watch is not None
        now = self._clock.monotonic()
        for reading in self._crew.take():
            one, before = reading.one, reading.before
            repo = one.reader.repo
            # What is watched in the git directory depends on these two.
            other = (repo.stash, repo.upstream) != (before.stash, before.upstream)
            if (reading.survey or (other and one.watched)) and one.reader.found.error is None:
                self._to_watch.append((one, reading.marks, reading.since))
            # A submodule that came may lie where neither events nor the walk by itself go.
            if not one.fresh and _checkouts(repo) != _checkouts(before):
                self._watch.moved = True
            one.end(reading.marks, now, cost=reading.cost, changed=repo != before)

    def _watch_on(self) -> None:
        """Watch what was read first, for a short time; the rest has its turn in the next pass."""
        deadline = self._clock.monotonic() + _WATCH_STEP
        while self._to_watch and self._clock.monotonic() < deadline:
            self._watch_tree(*self._to_watch.popleft())

    def _watch_tree(self, one: RepoSchedule, marks: Fingerprint, since: int | None) -> None:
        """Watch what its status has told to be worth it; what changed in between makes it due again."""
        assert self._watch is not None
        reader = one.reader
        if self._followed.get(reader.found.path) is not one:
            return
        one.watched, late = self._watch.follow(reader.found, reader.unwatched, since)
        one.lock_came(self._clock.monotonic())  # it may have, before it was watched
        one.dirty = one.dirty or late or (one.watched and not same(marks, reader.fingerprint()))

    async def _read_all(self) -> None:
        """For the first snapshot: until everything found so far was read, but not for ever."""
        loop, begun = asyncio.get_running_loop(), self._clock.monotonic()
        while True:
            self._take_readings()
            passed = self._clock.monotonic() - begun
            few = len(self._followed) <= FEW
            left = (FIRST_PASS if few else FIRST_OF_MANY) - passed
            if self._walks.under_way and few and passed < _FIRST_SEARCH:
                await loop.run_in_executor(self._thread, self._look)
                self._start_reading()
            elif self._crew.working and left > 0:
                await asyncio.wait(self._crew.working, timeout=left)
            else:
                return

    def _snapshot(self) -> ReposSnapshot | None:
        assert self._watch is not None
        repos = self._dirt.apply(tuple(one.reader.repo for _, one in sorted(self._followed.items())))
        reason = self._watch.reason
        mode = "watching" if self._watch.mode == "watching" and reason is None else "polling"
        unread = sum(one.fresh for one in self._followed.values())
        state = (repos, self._walks.complete, mode, reason, self._walks.problems, unread)
        if state == self._told:
            return None
        self._told = state
        total = sum(one.reader.git_processes for one in self._followed.values())
        processes, self._processes = max(0, total - self._processes), total
        return ReposSnapshot(
            taken_at=self._clock.now_ms(),
            host=self._host,
            repos=repos,
            roots=tuple(str(root) for root in self._roots),
            complete=self._walks.complete,
            mode=mode,
            git_processes=processes,
            reason=reason,
            problems=self._walks.problems,
            unread=unread,
        )


def _checkouts(repo: Repo) -> tuple[tuple[str, ...], int]:
    """Where its submodules are, and how many have no checkout."""
    return repo.submodules.folders, repo.submodules.uninitialised
