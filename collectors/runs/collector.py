"""Collects all runs in bounded pipelined passes; ended runs are read less often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from agentdash.core.clock import Clock, SystemClock
from agentdash.core.round_robin import OldestFirst
from agentdash.core.runs.model import Run, RunKeys, RunsSnapshot
from agentdash.core.settings.model import RunsSettings
from agentdash.core.snapshot import Collector, Topic
from agentdash.core.units import plural
from agentdash.server.client import UNREADABLE, source_error, url_of
from agentdash.server.cluster import ClusterClient
from agentdash.server.reply_guard import ReplyTooLarge, UnexpectedReply, at_most
from collectors.runs.large import LargeRuns, answers_of
from collectors.runs.processes import OrphanChildren
from collectors.runs.reply import COMMANDS, RunReply, ask, read_run
from collectors.runs.search import RunSearch
from collectors.runs.store import StoreState

if TYPE_CHECKING:
    from redis.asyncio import Redis

BATCH = 50
"""Runs read in one pipeline."""
BATCH_MOST = 2 * 1024 * 1024
"""Bytes of their replies at most; where there are more, all of them are read by `LargeRuns`."""
PASS_MOST = 6 * 1024 * 1024
"""Bytes of replies in one pass at most, without those of `LargeRuns`."""
SLICE_S = 0.005
"""Seconds of parsing after which the event loop gets control."""
_ENDED_PER_PASS = 25
"""Ended runs read in one pass: they rarely change."""
_TTL_STEP_MS = 5000


class RunsCollector(Collector):
    """Collects `RunsSnapshot`."""

    name = "runs"
    topic = Topic.RUNS
    timeout = 10.0

    def __init__(self, client: Redis, settings: RunsSettings, host: str, clock: Clock | None = None) -> None:
        self.cadence = settings.poll
        self._client = client
        self._keys = RunKeys(settings.prefix)
        self._shown = settings.shown
        self._lease_ms = int(settings.lease * 1000)
        self._host = host
        self._clock = clock or SystemClock()
        self._children = OrphanChildren(host)
        self._held_at: dict[bytes, int] = {}
        self._search = RunSearch(client, self._keys)
        self._store = StoreState(client, self._clock)
        self._runs: dict[bytes, Run] = {}
        self._digests: dict[bytes, int] = {}
        self._sizes: dict[bytes, int] = {}
        self._large = LargeRuns(client, self._keys)
        self._waiting: set[bytes] = set()
        self._absent: set[bytes] = set()
        self._missed = 0
        self._ended: OldestFirst[bytes] = OldestFirst()

    async def collect(self) -> RunsSnapshot:
        """Read once.

        Raises:
            SourceError: when the server cannot be read.
        """
        try:
            return await self._collect()
        except UNREADABLE as error:
            raise source_error(error, url_of(self._client)) from error

    async def close(self) -> None:
        """Nothing to close: the client is shared."""

    async def _collect(self) -> RunsSnapshot:
        pipe = self._client.pipeline(transaction=False)
        pipe.zrevrange(self._keys.index, 0, self._shown - 1)
        pipe.zcard(self._keys.index)
        indexed, count = await pipe.execute()
        if not isinstance(indexed, list) or not isinstance(count, int):
            raise UnexpectedReply("its replies to ZREVRANGE and ZCARD are not those of Redis")
        listed = [cast("bytes", member) for member in indexed]
        stray = await self._search.step(set(listed), complete=int(count) <= len(listed))
        ids = listed + stray
        self._missed = 0
        await self._read(self._due(ids))
        for gone in self._runs.keys() - set(ids):
            self._forget(gone)
        self._absent &= set(ids)
        self._waiting &= set(ids)
        await self._find_orphan_processes()
        await self._store.poll(live=any(not run.status.terminal for run in self._runs.values()))
        runs = sorted((self._runs[run_id] for run_id in ids if run_id in self._runs), key=_newest_first)
        missing = sum(1 for run_id in listed if run_id in self._absent)
        total = int(count) - missing + len(stray)
        return RunsSnapshot(self._clock.now_ms(), self._host, tuple(runs[: self._shown]), total, self._gaps())

    def _gaps(self) -> tuple[str, ...]:
        found = [] if self._store.gap is None else [self._store.gap]
        if self._missed:
            missed = plural(self._missed, "run")
            found.append(f"{missed} stale or missing: a cluster node is unavailable")
        if self._waiting:
            waiting = plural(len(self._waiting), "run")
            found.append(f"{waiting} read less often: records too large to be read at each poll")
        return tuple(found)

    def _due(self, ids: Sequence[bytes]) -> list[bytes]:
        """All live and new runs, and a few of those that have ended or have no record."""
        ended = dict.fromkeys(run_id for run_id in ids if self._is_ended(run_id))
        self._ended.keep(ended)
        due = set(self._ended.pick(ended, _ENDED_PER_PASS))
        return [run_id for run_id in ids if run_id not in ended or run_id in due]

    def _is_ended(self, run_id: bytes) -> bool:
        run = self._runs.get(run_id)
        return run_id in self._absent if run is None else run.status.terminal

    async def _read(self, ids: Sequence[bytes]) -> None:
        """Read runs; those beyond the limit of a pass come first in the next one."""
        ordinary = [run_id for run_id in ids if run_id not in self._large]
        ordinary.sort(key=lambda run_id: run_id not in self._waiting)
        self._waiting.clear()
        left = PASS_MOST
        for batch in self._batches(ordinary):
            if left < BATCH_MOST:
                self._waiting |= set(batch)
                continue
            with at_most(BATCH_MOST) as budget:
                await self._read_together(batch)
            left -= BATCH_MOST - budget.left
        large = [run_id for run_id in ids if run_id in self._large]
        if large:
            replies = await self._large.read(large)
            self._waiting |= set(large) - replies.keys()
            await self._take_all(replies)

    def _batches(self, ids: Sequence[bytes]) -> Iterator[list[bytes]]:
        """Runs that are read together: at most `BATCH`, and half of `BATCH_MOST` by their last sizes."""
        batch: list[bytes] = []
        room = BATCH_MOST // 2
        for run_id in ids:
            size = self._sizes.get(run_id, 0)
            if batch and (len(batch) == BATCH or size > room):
                yield batch
                batch, room = [], BATCH_MOST // 2
            batch.append(run_id)
            room -= size
        if batch:
            yield batch

    async def _read_together(self, batch: Sequence[bytes]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for run_id in batch:
            ask(pipe, self._keys, run_id)
        try:
            answers = await answers_of(self._client, pipe, len(batch) * COMMANDS)
        except ReplyTooLarge:
            for run_id in batch:
                self._large.add(run_id)
            return
        replies = {
            run_id: RunReply(*answers[place * COMMANDS : (place + 1) * COMMANDS])
            for place, run_id in enumerate(batch)
        }
        large = [run_id for run_id, reply in replies.items() if reply.denied is None and reply.is_large]
        for run_id in large:
            self._large.add(run_id)
            del replies[run_id]
        await self._take_all(replies)

    async def _take_all(self, replies: Mapping[bytes, RunReply]) -> None:
        """Parse replies; yields to the event loop in between, as masking long texts takes time."""
        begun = time.monotonic()
        for run_id, reply in replies.items():
            self._take(run_id, reply)
            if time.monotonic() - begun > SLICE_S:
                await asyncio.sleep(0)
                begun = time.monotonic()

    def _take(self, run_id: bytes, reply: RunReply) -> None:
        if isinstance(self._client, ClusterClient) and reply.unreached is not None:
            self._missed += 1  # keep its last state rather than a partial one
            return
        if reply.denied is not None:
            raise reply.denied
        if reply.gone:
            self._forget(run_id)
            self._absent.add(run_id)
            return
        self._absent.discard(run_id)
        known = self._runs.get(run_id)
        digest = reply.digest
        if known is not None and digest == self._digests[run_id] and not self._may_turn_orphan(known):
            run = known
        else:
            run = read_run(run_id, reply, self._clock.now_ms(), self._lease_ms, known)
        ttl = reply.lock_ttl_ms
        before = None if known is None else known.lock_ttl_ms
        if before is not None and ttl is not None and abs(before - ttl) < _TTL_STEP_MS:
            ttl = before
        if not reply.cleaned_up and (reply.owner is not None or ttl is not None):
            self._held_at[run_id] = self._clock.now_ms()
        run = replace(
            run,
            lock_ttl_ms=ttl,
            worker_seen_at=self._held_at.get(run_id) if run.orphaned else None,
            child=known.child if known is not None and run.orphaned else None,
        )
        self._digests[run_id] = digest
        self._sizes[run_id] = reply.size
        self._runs[run_id] = known if known is not None and known == run else run

    async def _find_orphan_processes(self) -> None:
        """Set `Run.child` of orphaned runs, in a thread."""
        orphans = {key: run for key, run in self._runs.items() if run.orphaned}
        if not orphans:
            return
        living = await asyncio.to_thread(self._children.find, list(orphans.values()))
        for key, run in orphans.items():
            child = living.get(run.id)
            if child != run.child:
                self._runs[key] = replace(run, child=child)

    def _may_turn_orphan(self, run: Run) -> bool:
        """A queued run without a worker becomes an orphan with time, without a change of its keys."""
        return not run.status.terminal and run.lock_owner is None and not run.orphaned

    def _forget(self, run_id: bytes) -> None:
        self._runs.pop(run_id, None)
        self._digests.pop(run_id, None)
        self._sizes.pop(run_id, None)
        self._large.forget(run_id)
        self._held_at.pop(run_id, None)
        self._search.forget(run_id)


def _newest_first(run: Run) -> tuple[int, str]:
    return -(run.created_at or run.started_at or 0), run.id
