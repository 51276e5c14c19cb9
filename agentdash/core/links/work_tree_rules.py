"""The rules about runs in a work tree: two at once, and work left behind by one that has ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import shell_word
from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.repos.rules import repo_symptom
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.units import age, plural

FINISHED_MS = 60_000
"""A run that ended longer ago than this should have left nothing behind."""
FORGOTTEN_MS = 7 * 86_400_000
"""What a run left longer ago than this is history."""


def work_tree_symptoms(repos: ReposSnapshot, runs: RunsSnapshot | None, now: int) -> list[Symptom]:
    """The symptoms of runs in the work trees of *repos*; *now*: Unix ms."""
    index = RepoIndex(repos)
    by_repo: dict[str, tuple[Repo, list[Run]]] = {}
    for run in runs.runs if runs else ():
        if (repo := index.of_run(run)) is not None:
            by_repo.setdefault(repo.path, (repo, []))[1].append(run)
    return [
        symptom
        for repo, here in by_repo.values()
        for symptom in (*_two_runs(repo, here), *_left_by_run(repo, here, now))
    ]


def _two_runs(repo: Repo, runs: Sequence[Run]) -> Iterator[Symptom]:
    live = [
        run
        for run in runs
        if not run.status.terminal and not run.orphaned and run.status is not RunStatus.QUEUED
    ]
    if len(live) < 2:
        return
    names = " and ".join(run.title or run.id for run in live[:3])
    yield repo_symptom(
        "SHARED_WORKTREE",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: {len(live)} runs work in one work tree",
        see="status --short",
        clears="It clears when one run at most works in it.",
        run=live[0].id,
        evidence=tuple(f"{run.title or run.id} ({run.status}) in {run.cwd}" for run in live[:10]),
        hypothesis=f"{names} change the same files, and stage and commit each other's work.",
        recommendation=f"Give each a work tree of its own: git -C {shell_word(repo.path)} worktree add PATH",
    )


def _left_by_run(repo: Repo, runs: Sequence[Run], now: int) -> Iterator[Symptom]:
    if any(not run.status.terminal for run in runs) or repo.error is not None:
        return
    ended = max(
        (run for run in runs if run.ended_at is not None), key=lambda run: run.ended_at or 0, default=None
    )
    if ended is None or ended.ended_at is None or not FINISHED_MS < now - ended.ended_at < FORGOTTEN_MS:
        return
    begun = ended.started_at or ended.created_at
    its_own = begun is not None and repo.committed_at is not None and repo.committed_at >= begun - 1000
    left = []
    if repo.ahead and its_own:
        left.append(f"{plural(repo.ahead, 'commit')} not pushed")
    if repo.dirty:
        total = repo.changes_total or len(repo.changes)
        left.append(f"{plural(total, 'file')} not committed")
    if not left:
        return
    name = ended.title or ended.id
    yield repo_symptom(
        "UNPUSHED_WORK",
        repo,
        Severity.LOW,
        f"{repo.name}: {' and '.join(left)} since {name} {ended.status}",
        see="status --short --branch",
        clears="It clears when the work is committed and pushed, or another run begins there.",
        run=ended.id,
        evidence=(f"{name} {ended.status} {age(now - ended.ended_at)} ago in {ended.cwd}", *left),
        hypothesis="The run has ended without handing over its work.",
        recommendation="Check the diff; commit and push what is needed.",
    )
