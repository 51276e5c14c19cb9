"""The rules about repositories: what may be lost, stuck, or in each other's way, as symptoms. Pure.

What is not known raises nothing. Every rule names the repository, the read-only command that shows it, and
what would clear it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.repos.model import Operation, Repo, RepoKind, ReposSnapshot
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.runs.place import RepoIndex
from agentdash.core.symptom_text import shell_word
from agentdash.core.units import age, plural

WATCHER = "REPO_WATCHER"
OPEN_AFTER_S = 3.0
"""Seconds that a symptom lasts before it is said."""
FINISHED_MS = 60_000
"""A run that ended longer ago than this should have left nothing behind."""
FORGOTTEN_MS = 7 * 86_400_000
"""What a run left longer ago than this is history."""
STUCK_MS = 15 * 60_000
"""An operation that has not moved for longer than this is stuck."""
LOCK_MS = 60_000
"""An index.lock that nobody holds and that is older than this was left behind."""


def repo_symptoms(repos: ReposSnapshot, runs: RunsSnapshot | None, now: int) -> list[Symptom]:
    """What is the matter with the repositories of one snapshot.

    Args:
        repos: The snapshot.
        runs: Which runs work where; None where that is not known.
        now: Unix ms.
    """
    known = {repo.path: repo for repo in repos.repos}
    found: list[Symptom] = []
    for repo in repos.repos:
        found += [*_stuck(repo, now), *_lock(repo), *_unreachable(repo), *_unpushed_submodule(repo, known)]
    places = RepoIndex(repos)
    here: dict[str, list[Run]] = {}
    for run in runs.runs if runs else ():
        if (repo_of := places.of_run(run)) is not None:
            here.setdefault(repo_of.path, []).append(run)
    for path, working in here.items():
        found += [*_two_runs(known[path], working), *_left_by_run(known[path], working, now)]
    return found


def _symptom(
    category: str, repo: Repo, severity: Severity, summary: str, *, see: str, clears: str, **more: object
) -> Symptom:
    return Symptom(
        fingerprint=f"{category}/{repo.path}",
        agent_id=WATCHER,
        category=category,
        severity=severity,
        summary=summary,
        repo=repo.path,
        see=f"git -C {shell_word(repo.path)} {see}",
        clears=clears,
        **more,  # type: ignore[arg-type]
    )


def _stuck(repo: Repo, now: int) -> Iterator[Symptom]:
    if repo.operation is None or repo.operation_since is None or now - repo.operation_since < STUCK_MS:
        return
    step = f" {repo.operation_step}" if repo.operation_step else ""
    since = age(now - repo.operation_since)
    conflicts = f", {plural(repo.conflicted, 'conflict')}" if repo.conflicted else ""
    yield _symptom(
        "STUCK_OPERATION",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: {repo.operation}{step} stands still for {since}{conflicts}",
        see="status",
        clears=f"It clears when the {repo.operation} is continued or aborted.",
        evidence=(f"{repo.operation}{step}, last moved {since} ago{conflicts}",),
        hypothesis="It met a conflict, or whoever began it has gone.",
        recommendation=f"Resolve it and continue, or: git -C {shell_word(repo.path)} {repo.operation} --abort"
        if repo.operation is not Operation.BISECT
        else f"End it: git -C {shell_word(repo.path)} bisect reset",
    )


def _lock(repo: Repo) -> Iterator[Symptom]:
    if repo.lock_age_ms is None or repo.lock_age_ms < LOCK_MS or repo.lock_held is not False:
        return
    yield _symptom(
        "STALE_LOCK",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: index.lock for {age(repo.lock_age_ms)}, and no process holds it",
        see="rev-parse --git-path index.lock",
        clears="It clears when the file is gone.",
        evidence=(f"index.lock is {age(repo.lock_age_ms)} old; no process has it open, no git works there",),
        hypothesis="A git process was killed while it wrote the index.",
        recommendation="No git can write here until it is gone. See that none runs, then remove it.",
    )


def _unreachable(repo: Repo) -> Iterator[Symptom]:
    if not repo.loose:
        return
    many = plural(repo.loose, "commit")
    yield _symptom(
        "UNREACHABLE_COMMITS",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: detached HEAD with {many} on no branch",
        see="log --oneline HEAD --not --branches --tags --remotes",
        clears="It clears when a branch or a tag holds them, or HEAD is elsewhere.",
        evidence=(f"HEAD {(repo.head or '')[:10]} is detached; {many} can be reached from it alone",),
        hypothesis="Somebody has committed without a branch.",
        recommendation=f"Give them a name before HEAD moves: git -C {shell_word(repo.path)} branch NAME HEAD",
    )


def _unpushed_submodule(repo: Repo, known: dict[str, Repo]) -> Iterator[Symptom]:
    for folder in repo.submodules.folders:
        child = known.get(f"{repo.path}/{folder}")
        moved = any(change.path == folder and change.xy[1:2] != "." for change in repo.changes)
        if child is None or not child.only_here or child.kind is not RepoKind.SUBMODULE or moved:
            continue
        many = plural(child.only_here, "commit")
        yield _symptom(
            "UNPUSHED_SUBMODULE",
            child,
            Severity.MEDIUM,
            f"{repo.name} records {folder} at a commit that no remote has",
            see="log --oneline HEAD --not --remotes",
            clears="It clears when the submodule's commits are pushed.",
            evidence=(
                f"{folder} is recorded at {(child.head or '')[:10]}; {many} of it on no remote branch",
            ),
            hypothesis="The parent was committed before its submodule was pushed.",
            recommendation="Push the submodule first: whoever clones the parent cannot check it out.",
        )


def _two_runs(repo: Repo, runs: Sequence[Run]) -> Iterator[Symptom]:
    live = [
        run
        for run in runs
        if not run.status.terminal and not run.orphaned and run.status is not RunStatus.QUEUED
    ]
    if len(live) < 2:
        return
    names = " and ".join(run.title or run.id for run in live[:3])
    yield _symptom(
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
    yield _symptom(
        "UNPUSHED_WORK",
        repo,
        Severity.LOW,
        f"{repo.name}: {' and '.join(left)} since {name} {ended.status}",
        see="status --short --branch",
        clears="It clears when the work is committed and pushed, or another run begins there.",
        run=ended.id,
        evidence=(f"{name} {ended.status} {age(now - ended.ended_at)} ago in {ended.cwd}", *left),
        hypothesis="The run has ended without handing over its work.",
        recommendation="Look at the diff; commit and push what is worth it.",
    )
