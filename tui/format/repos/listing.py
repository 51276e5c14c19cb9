"""Repositories as rows."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.fleet import repo_in_trouble
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.secrets.safe_text import safe_text
from tui.format.item import Cell, Column, Item, Listing, ListingView, Row

COLUMNS = (
    Column("mark", "", 1, sortable=False),
    Column("repo", "REPO", 10, flex=1, min_width=8),
    Column("branch", "BRANCH", 12, flex=1, min_width=8),
    Column("change", "CHANGE", 9, priority=0, min_width=7),
    Column("last", "LAST", 4, align="right", priority=1),
)
WIDE = (
    COLUMNS[0],
    Column("repo", "REPO", 14, flex=1, min_width=12),
    Column("branch", "BRANCH", 18, flex=1, min_width=16),
    *COLUMNS[3:],
    Column("subject", "LAST COMMIT", 20, flex=2, priority=2),
    Column("upstream", "UPSTREAM", 14, priority=4),
    Column("stash", "STASH", 5, align="right", priority=5),
    Column("kind", "KIND", 9, priority=6),
    Column("path", "PATH", 20, flex=1, priority=7),
)


def listing(snapshot: ReposSnapshot, now: int, _view: ListingView | None = None) -> Listing:
    """All repositories: those with problems first, then changed ones, then clean ones."""
    repos = sorted(snapshot.repos, key=_order)
    changed = sum(repo.dirty for repo in repos)
    parts = [str(len(repos)), f"{changed} changed", "live" if snapshot.mode == "watching" else snapshot.mode]
    if not snapshot.complete:
        parts.append("searching")
    if snapshot.unread:
        parts.append(f"reading, {len(repos) - snapshot.unread} of {len(repos)} done")
    if snapshot.reason:
        parts.append(safe_text(snapshot.reason))
    roots = ", ".join(snapshot.roots)
    return Listing(
        items=(*map(_problem, snapshot.problems), *(item(repo, now) for repo in repos)),
        summary=" · ".join(parts),
        notes=(*snapshot.problems, *((snapshot.reason,) if snapshot.reason else ())),
        empty=(
            f"no git repositories below {safe_text(roots)}",
            "name another folder:  agentdash --projects DIR",
        ),
    )


def _problem(words: str) -> Item:
    """A root that cannot be searched: a row above all others."""
    text = safe_text(words)
    cells = (Cell("✗", "bad"), Cell(text, "bad"), Cell("error", "bad bold"), Cell("?", "unknown"), Cell(""))
    filled = (*cells, Cell(text, "bad"), *(Cell(""),) * 4)
    return Item(Row(key=("problem", words), cells=filled, selectable=False), None, problem=True)


def _order(repo: Repo) -> tuple[int, str]:
    if repo_in_trouble(repo):
        return 0, repo.path
    apart = repo.ahead or repo.behind or repo.upstream_gone
    return (1 if repo.dirty or repo.loose else 2 if apart else 3), repo.path


def commit_age(repo: Repo, now: int) -> str:
    """The age of HEAD's commit: ``3d``, ``–`` where it is unknown, or ``out of range``."""
    if repo.committed_out_of_range:
        return OUT_OF_RANGE
    return units.coarse(None if repo.committed_at is None else now - repo.committed_at)


def item(repo: Repo, now: int) -> Item:
    """The row of one repository; the same object where nothing shown has changed."""
    age = commit_age(repo, now)
    cached = _CACHE.get(repo.path)
    if cached is None or cached[0] is not repo or cached[1] != age:
        if len(_CACHE) >= _MAX_CACHED:
            _CACHE.clear()
        cached = _CACHE[repo.path] = (repo, age, _item(repo, age))
    return cached[2]


_CACHE: dict[str, tuple[Repo, str, Item]] = {}
"""Rows by path, cached for the same record and age text: thousands are requested every second."""
_MAX_CACHED = 10_000


def _item(repo: Repo, age: str) -> Item:
    trouble = repo_in_trouble(repo)
    busy = repo.dirty or trouble or repo.loose > 0 or repo.lock_held is False
    mark = Cell("✗", "bad") if repo.error else Cell("●", "info") if busy else Cell("")
    last = -repo.committed_at if repo.committed_at is not None else None  # sorts as the age does
    cells = (
        mark,
        _name_cell(repo, busy),
        branch_cell(repo),
        change_cell(repo),
        Cell(age, "dim"),
        Cell(safe_text(repo.error or repo.subject or units.UNKNOWN), "bad" if repo.error else "dim"),
        Cell(safe_text(repo.upstream or units.UNKNOWN), "dim"),
        Cell("" if not repo.stash else str(repo.stash), "warn"),
        Cell(repo.kind.value, "dim"),
        Cell(safe_text(repo.path), "dim"),
    )
    total = (repo.staged or 0) + (repo.unstaged or 0) + (repo.untracked or 0)
    sort = (
        None, repo.name, repo.branch, total, last, repo.subject, repo.upstream, repo.stash, repo.kind.value,
        repo.path,
    )  # fmt: skip
    return Item(Row(key=repo.path, cells=cells, sort=sort), repo, problem=busy)


def _name_cell(repo: Repo, busy: bool) -> Cell:
    """``leaf in top/vendor``: the distinctive part first, because the end is cut."""
    around, _, name = safe_text(repo.name).rpartition("/")
    style = "" if busy else "dim"
    return (
        Cell(spans=((name, style), (f" in {around}", "dim"))) if around and name else Cell(repo.name, style)
    )


def branch_cell(repo: Repo) -> Cell:
    """The branch, an unfinished operation, or a detached HEAD with its unreachable commits."""
    if repo.error:
        return Cell("error", "bad bold")
    if repo.operation:
        step = f" {repo.operation_step}" if repo.operation_step else ""
        on = repo.operation_branch or repo.branch
        under = ((f" {safe_text(on)}", "dim"),) if on else ()
        return Cell(spans=((f"{repo.operation}{step}", "bad bold"), *under))
    if repo.detached:
        loose = ((f" ↑{repo.loose}", "bad"),) if repo.loose else ()
        return Cell(spans=((f"({(repo.head or 'detached')[:7]})", "warn"), *loose))
    main = repo.branch in {"main", "master", "trunk"}
    spans = [
        (
            safe_text(repo.branch or units.UNKNOWN),
            "dim" if main and not repo.dirty else "" if main else "info",
        )
    ]
    if repo.ahead:
        spans.append((f" ↑{repo.ahead}", "unknown"))
    if repo.behind:
        spans.append((f" ↓{repo.behind}", "unknown"))
    if repo.upstream_gone:
        spans.append((" gone", "warn"))
    return Cell(spans=tuple(spans))


def change_cell(repo: Repo) -> Cell:
    """``+3 ~5 ?2``: staged, unstaged, untracked; ``U2``: conflicts; ``lock``: not held by any process."""
    if repo.error:
        return Cell("?", "unknown")
    if repo.unstaged is None:
        return Cell(units.UNKNOWN, "dim")
    parts = [("lock", "bad bold")] if repo.lock_held is False else []
    for mark, number, style in (
        ("U", repo.conflicted, "bad bold"),
        ("+", repo.staged, "good"),
        ("~", repo.unstaged, "warn"),
        ("?", repo.untracked, "warn"),
    ):
        if number:
            parts.append((f"{' ' if parts else ''}{mark}{number}", style))
    if not parts and repo.submodules.moved:
        return Cell("moved", "warn")
    return Cell(spans=tuple(parts)) if parts else Cell("clean", "good")
