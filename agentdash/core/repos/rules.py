"""The rules for repositories: work that may be lost, stuck operations, stale locks. Pure.

Unknown values raise no symptom. Each one names the repository, a read-only command that shows it, and its
condition to clear.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import shell_word
from agentdash.core.repos.model import Operation, Repo, RepoKind, ReposSnapshot
from agentdash.core.units import age, plural

WATCHER = "REPO_WATCHER"
OPEN_AFTER_S = 3.0
"""Seconds that a symptom lasts before it becomes a finding."""
STUCK_MS = 15 * 60_000
"""An operation without progress for longer than this is stuck."""
LOCK_MS = 60_000
"""An index.lock that is not held and older than this is stale."""


def repo_symptoms(repos: ReposSnapshot, now: int) -> list[Symptom]:
    """The symptoms of the repositories of one snapshot.

    Args:
        repos: The snapshot.
        now: Unix ms.
    """
    known = {repo.path: repo for repo in repos.repos}
    found: list[Symptom] = []
    for repo in repos.repos:
        found += [*_stuck(repo, now), *_lock(repo), *_unreachable(repo), *_unpushed_submodule(repo, known)]
    return found


def repo_symptom(
    category: str, repo: Repo, severity: Severity, summary: str, *, see: str, clears: str, **more: object
) -> Symptom:
    """A symptom of *repo*; *see*: arguments of a read-only git command that shows it."""
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
    yield repo_symptom(
        "STUCK_OPERATION",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: {repo.operation}{step} stalled {since}{conflicts}",
        see="status",
        clears=f"It clears when the {repo.operation} is continued or aborted.",
        evidence=(f"{repo.operation}{step}, last moved {since} ago{conflicts}",),
        hypothesis="It met a conflict, or was abandoned.",
        recommendation=f"Resolve it and continue, or: git -C {shell_word(repo.path)} {repo.operation} --abort"
        if repo.operation is not Operation.BISECT
        else f"End it: git -C {shell_word(repo.path)} bisect reset",
    )


def _lock(repo: Repo) -> Iterator[Symptom]:
    if repo.lock_age_ms is None or repo.lock_age_ms < LOCK_MS or repo.lock_held is not False:
        return
    yield repo_symptom(
        "STALE_LOCK",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: index.lock for {age(repo.lock_age_ms)}, not held by any process",
        see="rev-parse --git-path index.lock",
        clears="It clears when the file is removed.",
        evidence=(f"index.lock is {age(repo.lock_age_ms)} old; no process has it open, no git runs there",),
        hypothesis="A git process was killed while it wrote the index.",
        recommendation="No git can write here until it is removed. Check that no git runs, and remove it.",
    )


def _unreachable(repo: Repo) -> Iterator[Symptom]:
    if not repo.loose:
        return
    many = plural(repo.loose, "commit")
    yield repo_symptom(
        "UNREACHABLE_COMMITS",
        repo,
        Severity.MEDIUM,
        f"{repo.name}: detached HEAD with {many} on no branch",
        see="log --oneline HEAD --not --branches --tags --remotes",
        clears="It clears when a branch or a tag holds them, or HEAD is elsewhere.",
        evidence=(f"HEAD {(repo.head or '')[:10]} is detached; {many} reachable from it only",),
        hypothesis="A commit was made without a branch.",
        recommendation=f"Give them a name before HEAD moves: git -C {shell_word(repo.path)} branch NAME HEAD",
    )


def _unpushed_submodule(repo: Repo, known: dict[str, Repo]) -> Iterator[Symptom]:
    for folder in repo.submodules.folders:
        child = known.get(f"{repo.path}/{folder}")
        moved = any(change.path == folder and change.xy[1:2] != "." for change in repo.changes)
        if child is None or not child.only_here or child.kind is not RepoKind.SUBMODULE or moved:
            continue
        many = plural(child.only_here, "commit")
        yield repo_symptom(
            "UNPUSHED_SUBMODULE",
            child,
            Severity.MEDIUM,
            f"{repo.name} records {folder} at a commit that is on no remote",
            see="log --oneline HEAD --not --remotes",
            clears="It clears when the submodule's commits are pushed.",
            evidence=(
                f"{folder} is recorded at {(child.head or '')[:10]}; {many} of it on no remote branch",
            ),
            hypothesis="The parent was committed before its submodule was pushed.",
            recommendation="Push the submodule first: clones of the parent cannot check it out.",
        )
