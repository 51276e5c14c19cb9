"""The two lines above a repository: its state, and its problems."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core import units
from agentdash.core.repos.model import Operation, Repo, RepoKind
from agentdash.core.repos.queries import RepoDetail
from agentdash.core.runs.model import Run
from agentdash.core.secrets.safe_text import safe_text
from tui.format.repos.listing import branch_cell, change_cell, commit_age
from tui.widgets.cells import Part
from tui.widgets.linebar import Word

GONE = (Word((("this repository is no longer followed", "unknown"),)),)


def state_line(repo: Repo, detail: RepoDetail | None) -> tuple[Word, ...]:
    """Name, branch, upstream, changes and their size."""
    words = [Word(((safe_text(repo.name), "bold"),)), Word(branch_cell(repo).parts)]
    if repo.error is None and repo.upstream:
        words.append(
            Word((("of ", "dim"), (safe_text(repo.upstream), "warn" if repo.upstream_gone else "dim")))
        )
    if repo.kind is not RepoKind.BARE:
        words.append(Word(change_cell(repo).parts))
    if detail is not None and detail.added is not None and (detail.added or detail.deleted):
        words.append(Word(((f"+{detail.added}", "good"), (f" −{detail.deleted}", "bad"))))
    if repo.stash:
        words.append(Word(((f"stash {repo.stash}", "warn"),)))
    if repo.kind is not RepoKind.REPO:
        words.append(Word(((repo.kind.value, "dim"),)))
    if repo.shallow:
        words.append(Word((("shallow", "dim"),)))
    return tuple(words)


def trouble_line(repo: Repo, runs: Sequence[Run], now: int) -> tuple[Word, ...]:
    """Problems, live runs, and the last commit."""
    words: list[tuple[Part, ...]] = []
    if repo.error:
        words.append(((f"✗ {safe_text(repo.error)}", "bad"),))
    if repo.operation:
        words.append(((f"{operation_text(repo, now)}: {operation_remedy(repo)}", "bad"),))
    if repo.loose:
        many = units.plural(repo.loose, "commit")
        words.append(((f"{many} on no branch (keep: git branch NAME)", "warn"),))
    if repo.lock_age_ms is not None:
        words.append(((f"index.lock exists for {units.age(repo.lock_age_ms)}", "warn"),))
    live = [run for run in runs if not run.status.terminal]
    if live:
        names = ", ".join(safe_text(run.title or run.id) for run in live[:3])
        words.append((("runs here: ", "dim"), (names, "info")))
    if repo.head and not repo.error:
        age = commit_age(repo, now) if repo.committed_at is not None or repo.committed_out_of_range else ""
        words.append(((repo.head[:7], "id"), (f" {safe_text(repo.subject or '')} ", ""), (age, "dim")))
    elif not repo.error:
        words.append((("not read yet" if repo.unread else "no commits yet", "dim"),))
    return tuple(Word(parts) for parts in words)


def operation_text(repo: Repo, now: int) -> str:
    """``rebase 1/3 of feat, stalled 2m04``."""
    step = f" {repo.operation_step}" if repo.operation_step else ""
    on = f" of {safe_text(repo.operation_branch)}" if repo.operation_branch else ""
    since = None if repo.operation_since is None else now - repo.operation_since
    stalled = f", stalled {units.age(since)}" if since is not None and since >= 0 else ""
    return f"{repo.operation}{step}{on}{stalled}"


def operation_remedy(repo: Repo) -> str:
    """How to end it."""
    if repo.operation is Operation.BISECT:
        return "good, bad or reset"
    return "resolve, then continue, or abort" if repo.conflicted else "continue or abort"
