"""``agentdash repos``: the fields of its JSON, and its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import Operation, Repo, RepoKind
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.store import Store
from agentdash.core.text import printable
from agentdash.core.units import UNKNOWN, count, plural
from agentdash.headless.envelope import Moment, view_of
from agentdash.headless.grid import GridCell, Row, since
from agentdash.headless.json_object import Field, JsonObject

SUBMODULES = JsonObject(
    "Submodules",
    "The submodules of a repository.",
    (
        Field("total", int),
        Field("uninitialised", int),
        Field("moved", int, "checked out at another commit than recorded"),
        Field(
            "folders",
            list[str],
            "their folders, relative to the repository",
            lambda submodules, _: [safe_text(folder) for folder in submodules.folders],
        ),
    ),
)
REPO = JsonObject(
    "Repo",
    "One repository.",
    (
        Field("path", str, get=lambda repo, _: safe_text(repo.path)),
        Field("name", str),
        Field("kind", RepoKind),
        Field("branch", str | None),
        Field("detached", bool),
        Field("head", str | None),
        Field("subject", str | None),
        Field("author", str | None),
        Field("committedAt", int | None),
        Field("upstream", str | None),
        Field("upstreamGone", bool),
        Field("ahead", int | None),
        Field("behind", int | None),
        Field("staged", int | None, "paths; so are the next four"),
        Field("unstaged", int | None),
        Field("untracked", int | None),
        Field("conflicted", int | None),
        Field("renamed", int | None),
        Field("stash", int | None),
        Field("operation", Operation | None, "unfinished"),
        Field("operationStep", str | None),
        Field("operationBranch", str | None, "the branch that it returns to, while HEAD is detached"),
        Field("shallow", bool),
        Field("submodules", SUBMODULES),
        Field("error", str | None),
        Field(
            "changed",
            int | None,
            "paths with uncommitted changes",
            lambda repo, _: None if repo.unstaged is None else repo.changes_total,
        ),
        Field("operationSince", int | None, "when the operation last changed"),
        Field("lockAgeMs", int | None, "age of a lasting index.lock, in steps; null: there is none"),
        Field("lockHeld", bool | None, "whether a process holds that lock; null: unknown"),
        Field(
            "onlyHere",
            int | None,
            "commits of a detached HEAD on no branch, tag or remote; in a submodule: on no remote",
        ),
        Field(
            "runs",
            list[str] | None,
            "ids of running runs in it; null: runs are not read with this view, as in `agentdash repos`",
            lambda repo, runs: None if runs is None else runs.get(repo.path, []),
        ),
    ),
)


def _runs(moment: Moment, _: object) -> dict[str, list[str]] | None:
    """Ids of the runs in each repository, by its path; None where runs are not known."""
    store = moment.store
    if store.repos is None or store.runs is None:
        return None
    found: dict[str, list[str]] = {}
    places = RepoIndex(store.repos)
    for run in store.runs.runs:
        if not run.status.terminal and (repo := places.of_run(run)) is not None:
            found.setdefault(repo.path, []).append(run.id)
    return found


def _problems(moment: Moment, _: object) -> list[str] | None:
    repos = moment.store.repos
    return None if repos is None else [printable(one) for one in repos.problems]


VIEW = view_of(
    "repos",
    REPO,
    Field("roots", list[str] | None),
    Field("complete", bool | None, "whether the search for nested repositories has ended"),
    Field("unread", int | None, "how many were found and not read yet"),
    Field("mode", Literal["watching", "polling"] | None, "how changes are noticed"),
    Field("reason", str | None, "why not all changes are noticed by events"),
    Field("problems", list[str] | None, "folders that cannot be searched, and why", _problems),
    context=_runs,
)


def gaps(store: Store) -> tuple[str, ...]:
    """What could not be read."""
    repos = store.repos
    if repos is None:
        return ()
    unread = f"{repos.unread} of {len(repos.repos)} repositories are not read yet"
    reason, unread_yet = (repos.reason,) if repos.reason else (), (unread,) if repos.unread else ()
    return (*repos.problems, *reason, *unread_yet)


COLUMNS = "REPOSITORY | ~BRANCH | SYNC | >STAGED | >CHANGED | >NEW | >STASH | STATE | >COMMIT | ~SUBJECT"
EMPTY = "no repositories below {roots}"


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
    """The branch, or what replaces it, as in the pane: an operation, a detached HEAD."""
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
