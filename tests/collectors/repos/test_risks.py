"""What the risk findings rest on, in real repositories with real processes; each fault goes when mended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.links.work_tree_rules import FINISHED_MS, work_tree_symptoms
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.repos.rules import LOCK_MS, STUCK_MS, repo_symptoms
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.settings.model import ReposSettings
from agentdash.runtime.news import repo_news
from collectors.repos.collector import ReposCollector
from collectors.repos.lock import is_held
from tests.collectors.repos.stage import commit, git, repository
from tests.support import until


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[ReposCollector]:
    (tmp_path / "projects").mkdir()
    made = ReposCollector((tmp_path / "projects",), ReposSettings(poll=0.05), "host", SystemClock())
    yield made
    await made.close()


class Watched:
    """What the rules say of the newest snapshot, and what was written of all changes.

    Attributes:
        runs: Who works where.
        later: Milliseconds that have passed since, for what takes its time.
        lines: Of the activity log.
    """

    def __init__(self, collector: ReposCollector) -> None:
        self._collector = collector
        self._newest: ReposSnapshot | None = None
        self.runs: tuple[Run, ...] = ()
        self.later = 0
        self.lines: list[str] = []

    async def found(self) -> set[str]:
        snapshot = await self._collector.collect()
        if snapshot is not None:
            self.lines += [what for _, what, *_ in repo_news(self._newest, snapshot)]
            self._newest = snapshot
        assert self._newest is not None
        now = self._newest.taken_at + self.later
        runs = RunsSnapshot(now, "host", self.runs, len(self.runs))
        found = [*repo_symptoms(self._newest, now), *work_tree_symptoms(self._newest, runs, now)]
        return {one.category for one in found}

    async def becomes(self, expected: Callable[[set[str]], bool], what: str) -> None:
        async def check() -> bool:
            return expected(await self.found())

        await until(check, what=what)


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


async def test_a_rebase_that_stands_still(tmp_path: Path, collector: ReposCollector) -> None:
    web = repository(tmp_path / "projects/web")
    commit(web)
    git(web, "checkout", "-qb", "fix")
    commit(web, text="mine\n", subject="mine")
    git(web, "checkout", "-q", "main")
    commit(web, text="theirs\n", subject="theirs")
    git(web, "checkout", "-q", "fix")
    watched = Watched(collector)
    watched.later = STUCK_MS + 1000
    assert await watched.found() == set()
    git(web, "rebase", "main", check=False)
    await watched.becomes(lambda found: found == {"STUCK_OPERATION"}, "it stands still")
    for name in ("msgnum", "end"):  # a clock that goes wrong: from the future nothing is known
        os.utime(web / ".git/rebase-merge" / name, (2_500_000_000, 2_500_000_000))
    (web / "new.txt").write_text("")
    await watched.becomes(lambda found: not found, "the time is not known")
    git(web, "rebase", "--abort")
    await watched.becomes(lambda found: "rebase ended" in watched.lines, "the end")
    assert await watched.found() == set()
    assert "rebase begun" in watched.lines
    assert "branch fix→main" not in watched.lines


async def test_a_lock_that_was_left_behind(tmp_path: Path, collector: ReposCollector) -> None:
    web = repository(tmp_path / "projects/web")
    commit(web)
    watched = Watched(collector)
    assert await watched.found() == set()
    lock = web / ".git/index.lock"
    lock.write_text("")
    if is_held(lock, web) is None:
        pytest.skip("no /proc here, or a git of another user runs")
    os.utime(lock, (lock.stat().st_mtime - 2 * LOCK_MS / 1000,) * 2)
    await watched.becomes(lambda found: found == {"STALE_LOCK"}, "nobody holds it")
    lock.unlink()
    await watched.becomes(lambda found: not found, "it is gone")
    assert [line for line in watched.lines if "lock" in line] == ["index.lock exists", "index.lock is gone"]


async def test_what_runs_leave_behind_and_where_they_meet(tmp_path: Path, collector: ReposCollector) -> None:
    commit(repository(tmp_path / "source"))
    git(tmp_path, "clone", "-q", "--bare", "source", "remote")
    git(tmp_path / "projects", "clone", "-q", str(tmp_path / "remote"), "web")
    web = tmp_path / "projects/web"
    watched = Watched(collector)
    assert await watched.found() == set()
    now = SystemClock().now_ms()
    live = Run("one", "fix", RunStatus.RUNNING, cwd=str(web), host="host", started_at=now - 1000)
    watched.runs = (live, replace(live, id="two"))
    assert await watched.found() == {"SHARED_WORKTREE"}
    watched.runs = (live,)
    assert await watched.found() == set()
    commit(web, "b.txt")
    await watched.becomes(lambda _: "ahead 1, behind 0" in watched.lines, "a commit of the run")
    assert await watched.found() == set(), "it is still at work"
    watched.runs, watched.later = (replace(live, status=RunStatus.COMPLETED, ended_at=now),), 2 * FINISHED_MS
    assert await watched.found() == {"UNPUSHED_WORK"}
    git(web, "push", "-q", "origin", "main")
    await watched.becomes(lambda found: not found, "handed over")
    assert "ahead 0, behind 0" in watched.lines


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
