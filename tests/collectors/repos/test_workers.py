"""The threads that read repositories: what comes while they end is read too."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.repos.model import RepoKind
from collectors.repos.find import Found
from collectors.repos.read import RepoReader
from collectors.repos.schedule import Followed
from collectors.repos.workers import Crew


async def test_nothing_is_left_lying_by_threads_that_are_about_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    found = Found(tmp_path, tmp_path / ".git", RepoKind.BARE, error="it is read in no time")
    one = Followed(RepoReader(found, "shop", 1.0, SystemClock()))
    told = asyncio.Event()
    crew = Crew(SystemClock(), told)
    for _ in range(100):  # half of them met a thread that had looked for more already
        told.clear()
        crew.read([one])
        async with asyncio.timeout(10):
            await told.wait()
        assert [reading.one for reading in crew.take()] == [one]
    crew.close()
