"""What the risk findings rest on, in real repositories with real processes; each fault goes when mended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.repo_rules import repo_symptoms
from agentdash.core.repos import ReposSnapshot
from agentdash.core.settings import ReposSettings
from collectors.repos import ReposCollector
from collectors.repos_lock import is_held
from tests.collectors.repos_stage import commit, git, repository
from tests.support import until


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[ReposCollector]:
    (tmp_path / "projects").mkdir()
    made = ReposCollector((tmp_path / "projects",), ReposSettings(poll=0.05), "host", SystemClock())
    yield made
    await made.close()


class Watched:
    """What the rules say of the newest snapshot."""

    def __init__(self, collector: ReposCollector) -> None:
        self._collector = collector
        self._newest: ReposSnapshot | None = None

    async def found(self) -> set[str]:
        self._newest = await self._collector.collect() or self._newest
        assert self._newest is not None
        return {one.category for one in repo_symptoms(self._newest, None, self._newest.taken_at)}

    async def becomes(self, expected: Callable[[set[str]], bool], what: str) -> None:
        async def look() -> bool:
            return expected(await self.found())

        await until(look, what=what)


async def test_commits_on_no_branch(tmp_path: Path, collector: ReposCollector) -> None:
    web = repository(tmp_path / "projects/web")
    commit(web)
    git(web, "checkout", "-q", "--detach")
    watched = Watched(collector)
    assert await watched.found() == set()
    commit(web, "b.txt")
    await watched.becomes(lambda found: found == {"UNREACHABLE_COMMITS"}, "the commit")
    git(web, "branch", "kept")
    await watched.becomes(lambda found: not found, "a branch holds it")


async def test_a_submodule_that_was_not_pushed(tmp_path: Path, collector: ReposCollector) -> None:
    source = repository(tmp_path / "source")
    commit(source)
    git(tmp_path, "clone", "-q", "--bare", str(source), "library")
    web = repository(tmp_path / "projects/web")
    git(web, "submodule", "--quiet", "add", str(tmp_path / "library"), "lib")
    commit(web)
    watched = Watched(collector)
    assert await watched.found() == set()
    commit(web / "lib", "new.txt")
    commit(web, "b.txt")
    await watched.becomes(lambda found: found == {"UNPUSHED_SUBMODULE"}, "recorded, not pushed")
    git(web / "lib", "push", "-q", "origin", "HEAD")
    await watched.becomes(lambda found: not found, "pushed")


def test_who_holds_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "index.lock"
    code = "import sys, time; f = open(sys.argv[1], 'w'); print(1, flush=True); sys.stdin.read()"
    command = (sys.executable, "-c", code, str(lock))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        if is_held(lock, tmp_path / "tree") is None:
            holder.kill()
            pytest.skip("no /proc here, or a git of another user runs")
        assert is_held(lock, tmp_path / "tree") is True
        holder.kill()
    assert is_held(lock, tmp_path / "tree") is False
