"""The rules about repositories: each fires on its fault, clears with it, and leaves a healthy twin alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.findings.model import FindingStatus
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.links.work_tree_rules import work_tree_symptoms
from agentdash.core.repos.model import FileChange, Operation, Repo, RepoKind, ReposSnapshot, Submodules
from agentdash.core.repos.rules import OPEN_AFTER_S, WATCHER, repo_symptoms
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus

NOW = 1_800_000_000_000
MINUTE = 60_000
WEB = Repo(
    "/p/web", "web", branch="main", head="a" * 40, committed_at=NOW - 30 * MINUTE, upstream="origin/main",
    ahead=0, behind=0, staged=0, unstaged=0, untracked=0, conflicted=0, stash=0,
)  # fmt: skip
RUN = Run(
    "r1", "fix", RunStatus.COMPLETED, cwd="/p/web/src", host="h", started_at=NOW - 60 * MINUTE,
    ended_at=NOW - 10 * MINUTE,
)  # fmt: skip
LIVE = replace(RUN, status=RunStatus.RUNNING, ended_at=None)
PARENT = replace(WEB, submodules=Submodules(1, 0, 0, ("lib",)))
CHILD = Repo("/p/web/lib", "web/lib", RepoKind.SUBMODULE, detached=True, head="b" * 40, only_here=2)
REBASE = replace(WEB, operation=Operation.REBASE, operation_step="3/7", operation_since=NOW - 16 * MINUTE)
LOCKED = replace(WEB, lock_age_ms=2 * MINUTE, lock_held=False)
DETACHED = replace(WEB, branch=None, detached=True, only_here=3)
AHEAD = replace(WEB, ahead=2)


def seen(*subjects: Repo | Run) -> dict[str, str]:
    repos = ReposSnapshot(NOW, "h", tuple(one for one in subjects if isinstance(one, Repo)))
    runs = tuple(one for one in subjects if isinstance(one, Run))
    found = [
        *repo_symptoms(repos, NOW),
        *work_tree_symptoms(repos, RunsSnapshot(NOW, "h", runs, len(runs)), NOW),
    ]
    assert all(one.agent_id == WATCHER and one.see and one.clears and one.evidence for one in found)
    return {one.category: one.summary for one in found}


@pytest.mark.parametrize(
    ("subjects", "category", "words"),
    [
        ((REBASE,), "STUCK_OPERATION", "web: rebase 3/7 stalled 16m00"),
        ((LOCKED,), "STALE_LOCK", "web: index.lock for 2m00, not held by any process"),
        ((DETACHED,), "UNREACHABLE_COMMITS", "web: detached HEAD with 3 commits on no branch"),
        ((PARENT, CHILD), "UNPUSHED_SUBMODULE", "web records lib at a commit that is on no remote"),
        ((WEB, LIVE, replace(LIVE, id="r2")), "SHARED_WORKTREE", "web: 2 runs work in one work tree"),
        ((AHEAD, RUN), "UNPUSHED_WORK", "web: 2 commits not pushed since fix completed"),
        (
            (replace(WEB, unstaged=1, changes_total=1), RUN),
            "UNPUSHED_WORK",
            "web: 1 file not committed since fix completed",
        ),
    ],
)
def test_each_rule(subjects: tuple[Repo | Run, ...], category: str, words: str) -> None:
    assert seen(*subjects) == {category: words}


@pytest.mark.parametrize(
    "subjects",
    [
        (WEB, RUN),
        (WEB, LIVE),
        (replace(REBASE, operation_since=NOW - MINUTE),),
        (replace(REBASE, operation_since=None),),
        (replace(LOCKED, lock_held=True),),
        (replace(LOCKED, lock_held=None),),
        (replace(LOCKED, lock_age_ms=5000),),
        (replace(DETACHED, only_here=0),),
        (replace(DETACHED, only_here=None),),
        (replace(DETACHED, operation=Operation.BISECT, operation_since=NOW),),
        (PARENT, replace(CHILD, only_here=0)),
        (replace(PARENT, changes=(FileChange("lib", ".M"),)), CHILD),
        (AHEAD, LIVE),
        (AHEAD,),
        (AHEAD, replace(RUN, ended_at=NOW - 1000)),
        (AHEAD, replace(RUN, host="another")),
        (replace(AHEAD, committed_at=NOW - 600 * MINUTE), RUN),
        (WEB, LIVE, replace(LIVE, id="r2", orphaned=True)),
        (
            WEB,
            replace(WEB, path="/p/web/tree", kind=RepoKind.WORKTREE),
            LIVE,
            replace(LIVE, cwd="/p/web/tree"),
        ),
    ],
)
def test_a_healthy_twin_raises_none(subjects: tuple[Repo | Run, ...]) -> None:
    assert seen(*subjects) == {}


def test_a_finding_has_a_life_and_a_number() -> None:
    tracker = FindingTracker(OPEN_AFTER_S)
    faulty, well = ReposSnapshot(NOW, "h", (LOCKED,)), ReposSnapshot(NOW, "h", (WEB,))
    for second in range(5):
        (found,) = tracker.update(repo_symptoms(faulty, NOW), NOW + second * 1000)
    assert (found.finding_id, found.status) == ("RPW-001", FindingStatus.OPEN)
    for second in range(5, 10):
        (found,) = tracker.update(repo_symptoms(well, NOW), NOW + second * 1000)
    assert found.status is FindingStatus.RESOLVED
