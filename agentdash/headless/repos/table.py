"""The table of ``agentdash repos``."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.repos.model import Repo
from agentdash.core.store import Store
from agentdash.core.units import UNKNOWN, count, plural
from agentdash.headless.grid import GridCell, Row, since

COLUMNS = "REPOSITORY | ~BRANCH | SYNC | >STAGED | >CHANGED | >NEW | >STASH | STATE | >COMMIT | ~SUBJECT"


def rows(store: Store, now: int) -> Iterator[Row]:
    """One row per repository."""
    for repo in store.repos.repos if store.repos else ():
        yield _repo(repo, now)


def _repo(repo: Repo, now: int) -> Row:
    return (
        repo.name,
        _branch(repo),
        _sync(repo),
        count(repo.staged),
        count(repo.unstaged),
        count(repo.untracked),
        count(repo.stash),
        _state(repo),
        OUT_OF_RANGE if repo.committed_out_of_range else since(repo.committed_at, now),
        repo.error
        or repo.subject
        or ("not read yet" if repo.unread else "" if repo.head else "no commits yet"),
    )


def _branch(repo: Repo) -> GridCell:
    """The branch, or what stands in its place, as in the pane: an operation, a detached HEAD."""
    if repo.operation:
        words = (repo.operation, repo.operation_step, repo.operation_branch or repo.branch)
        return GridCell(" ".join(word for word in words if word), "bad")
    return GridCell(f"({(repo.head or '')[:7]})" if repo.detached else repo.branch or UNKNOWN)


def _sync(repo: Repo) -> str:
    if repo.upstream_gone:
        return "gone"
    if repo.upstream is None:
        return f"↑{repo.loose}" if repo.loose else UNKNOWN
    marks = [f"{sign}{number}" for sign, number in (("↑", repo.ahead), ("↓", repo.behind)) if number]
    return " ".join(marks) or "="


def _state(repo: Repo) -> GridCell:
    if repo.error:
        return GridCell("error", "bad")
    if repo.conflicted:
        return GridCell(plural(repo.conflicted, "conflict"), "bad")
    if repo.staged is None:
        return GridCell(UNKNOWN, "dim")
    return GridCell("dirty", "warn") if repo.dirty else GridCell("clean", "good")
