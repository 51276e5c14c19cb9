"""The threads that read repositories: what comes while they end is read too."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.repos.model import RepoKind
from collectors.repos.reader import RepoReader
from collectors.repos.schedule import RepoSchedule
from collectors.repos.search import FoundRepo
from collectors.repos.workers import ReadPool


async def test_nothing_is_left_lying_by_threads_that_are_about_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    found = FoundRepo(tmp_path, tmp_path / ".git", RepoKind.BARE, error="it is read in no time")
    one = RepoSchedule(RepoReader(found, "shop", 1.0, SystemClock()))
    ready = asyncio.Event()
    pool = ReadPool(SystemClock(), ready)
    for _ in range(100):  # half of them met a thread that had looked for more already
        ready.clear()
        pool.read([one])
        async with asyncio.timeout(10):
            await ready.wait()
        assert [result.schedule for result in pool.pop_results()] == [one]
    pool.close()
