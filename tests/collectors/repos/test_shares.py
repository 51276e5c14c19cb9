"""One cloned repository hides no other: what it brings is bounded, counted and read last."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.fleet import fleet_state
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.settings.model import ReposSettings
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.headless.views import gaps, table
from collectors.repos import search as repos_search
from collectors.repos.collector import ReposCollector
from collectors.repos.schedule import COOLDOWN_MIN
from collectors.repos.search import MAX_INSIDE, RepoSearch
from tests.collectors.repos.stage import commit, repository

HANGING = 40


def bare(folder: Path) -> None:
    """What git takes for a bare repository; a clone can bring as many as it likes."""
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone that holds many repositories, and a good one that is found after them."""
    folder = tmp_path / "projects"
    commit(repository(folder / "aaa"))
    commit(repository(folder / "zzz" / "team" / "good"))
    return folder


def search(root: Path) -> RepoSearch:
    found = RepoSearch((root,), 6, ())
    while not found.complete:
        found.step(1.0)
    return found


def test_repositories_inside_of_one_are_bounded_and_the_rest_is_counted(root: Path) -> None:
    for number in range(MAX_INSIDE + 5):
        bare(root / "aaa" / f"f{number}")
    found = search(root)
    assert root / "zzz" / "team" / "good" in found.found
    assert len(found.found) == MAX_INSIDE + 2
    assert found.left_out == (
        f"5 repositories inside of {root}/aaa not listed: {MAX_INSIDE} is the limit inside of one",
    )


def test_those_beyond_the_limit_of_all_are_counted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repos_search, "MAX_REPOS", 3)
    for number in range(6):
        bare(root / "aaa" / f"f{number}")
    found = search(root)
    assert root / "zzz" / "team" / "good" in found.found  # what lies in no other comes first
    assert found.left_out == ("5 repositories not listed: 3 is the limit",)


def test_the_insides_of_repositories_come_last_and_take_turns(root: Path) -> None:
    for number in range(30):
        bare(root / "aaa" / f"f{number}")
    bare(root / "zzz" / "team" / "good" / "inner")
    order = list(search(root).found)
    assert order.index(root / "zzz" / "team" / "good") < order.index(root / "aaa" / "f0")
    assert order.index(root / "zzz" / "team" / "good" / "inner") < order.index(root / "aaa" / "f29")


@pytest.fixture
def git_that_hangs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git that never answers in what the clone brings."""
    for number in range(HANGING):
        bare(root / "aaa" / f"f{number}.git")
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    real = shutil.which("git")
    script.write_text(f'#!/bin/sh\ncase "$*" in */aaa/f*) exec sleep 60;; esac\nexec {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")


@pytest.fixture
async def collector(root: Path, git_that_hangs: None) -> AsyncIterator[ReposCollector]:
    made = ReposCollector((root,), ReposSettings(poll=0.05, timeout=2.0), "host", SystemClock())
    yield made
    await made.close()


async def test_a_repository_that_changes_is_read_while_git_hangs_in_many_others(
    root: Path, collector: ReposCollector
) -> None:
    good = root / "zzz" / "team" / "good"

    def of(snapshot: ReposSnapshot) -> Repo | None:
        return next((repo for repo in snapshot.repos if repo.path == str(good)), None)

    for number in range(3):
        (good / f"new{number}").write_text("x")
        newest = None
        for _ in range(400):
            newest = await collector.collect() or newest
            if newest and (repo := of(newest)) is not None and repo.untracked == number + 1:
                break
        assert newest is not None
        repo = of(newest)
        assert repo is not None
        assert repo.untracked == number + 1
        assert newest.unread > 0  # long before all the others had their time
    store = Store()
    store.put(Topic.REPOS, newest)
    assert f"{newest.unread} of {len(newest.repos)} repositories are not read yet" in gaps(Topic.REPOS, store)
    shown = str(table(Topic.REPOS, store, newest.taken_at))
    assert "not read yet" in shown
    hanging = [repo for repo in newest.repos if repo.path.endswith(".git") and repo.error is not None]
    assert hanging
    assert {repo.error for repo in hanging} == {"git did not answer within 2 s"}
    late = [one for one in collector._schedules.values() if one.cooldown]
    assert {one.cooldown for one in late} == {COOLDOWN_MIN}
    assert all(one.seconds_to_wait(0.0) is None or one._pause >= COOLDOWN_MIN for one in late)


def test_the_fleet_is_not_well_while_a_repository_is_not_known() -> None:
    store = Store()
    for topic in Topic:
        store.put_health(topic, SourceHealth(topic.value, SourceState.LIVE, last_success=0))
    repo = Repo("/r", "r", branch="main", staged=0)
    fine = ReposSnapshot(0, "h", (repo,), ("/",))
    store.put(Topic.REPOS, fine)
    assert fleet_state(store, 0) == "OK"
    for other in (
        replace(fine, unread=1),
        replace(fine, complete=False),
        replace(fine, problems=("5 repositories not listed",)),
        replace(fine, repos=(replace(repo, error="git did not answer within 10 s"),)),
    ):
        store.put(Topic.REPOS, other)
        assert fleet_state(store, 0) == "UNKNOWN"
