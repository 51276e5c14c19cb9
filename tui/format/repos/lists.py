"""The lists of one repository: changed files, commits, stashes, worktrees, submodules, runs."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core import units
from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.repos.model import FileChange, Repo
from agentdash.core.repos.queries import CommitLine, SubmoduleLine, WorktreeLine
from agentdash.core.runs.model import Run
from agentdash.core.secrets.safe_text import safe_text
from tui.format.item import Cell, Column, Row
from tui.format.runs.listing import GLYPHS, activity_and_style, state_text

FILE_COLUMNS = (
    Column("xy", "", 2),
    Column("state", "STATE", 9, priority=1),
    Column("path", "FILE", 20, flex=1, min_width=10),
)
COMMIT_COLUMNS = (
    Column("sha", "COMMIT", 7, priority=2),
    Column("age", "AGE", 4, align="right"),
    Column("subject", "SUBJECT", 20, flex=1, min_width=10),
    Column("author", "BY", 12, priority=1),
)
STASH_COLUMNS = (
    Column("name", "STASH", 9),
    Column("age", "AGE", 4, align="right"),
    Column("subject", "SUBJECT", 20, flex=1, min_width=10),
)
WORKTREE_COLUMNS = (
    Column("mark", "", 1, sortable=False),
    Column("path", "WORKTREE", 20, flex=2, min_width=10),
    Column("branch", "BRANCH", 14, flex=1, min_width=8),
    Column("head", "COMMIT", 7, priority=1),
    Column("note", "", 8, priority=2),
)
SUBMODULE_COLUMNS = (
    Column("folder", "SUBMODULE", 16, flex=1, min_width=8),
    Column("recorded", "RECORDED", 8, priority=1),
    Column("head", "IS AT", 9, priority=2),
    Column("state", "STATE", 16, min_width=8),
    Column("url", "URL", 20, flex=1, priority=3),
)
RUN_COLUMNS = (
    Column("mark", "", 1, sortable=False),
    Column("run", "RUN", 18, flex=1, min_width=8),
    Column("state", "STATE", 10),
    Column("doing", "ACTIVITY", 16, flex=1, priority=1),
)
_ORDER = ("conflict", "staged", "both", "changed", "new")


def state_of(change: FileChange) -> str:
    """The state of a file in one word."""
    xy = change.xy
    if xy == "??":
        return "new"
    if "U" in xy or xy in {"AA", "DD"}:
        return "conflict"
    if xy[:1] != "." and xy[1:2] != ".":
        return "both"
    return "staged" if xy[1:2] == "." else "changed"


def sorted_changes(repo: Repo) -> list[FileChange]:
    """The changed files sorted by state, conflicts first."""
    return sorted(repo.changes, key=lambda change: (_ORDER.index(state_of(change)), change.path))


def file_rows(repo: Repo) -> list[Row]:
    """A row for each changed file; the last row counts those beyond the limit."""
    styles = {"conflict": "bad bold", "staged": "good", "both": "warn", "changed": "warn", "new": "info"}
    rows = []
    for change in sorted_changes(repo):
        state = state_of(change)
        path = safe_text(change.path)
        origin = ((f" ← {safe_text(change.renamed_from)}", "dim"),) if change.renamed_from else ()
        word = "staged+" if state == "both" else state
        cells = (
            Cell(change.xy, styles[state]),
            Cell(word, styles[state]),
            Cell(spans=((path, ""), *origin)),
        )
        rows.append(Row((change.exact, change.xy), cells, sort=(change.xy, _ORDER.index(state), path)))
    left = repo.changes_total - len(repo.changes)
    if left > 0:
        words = Cell(f"… and {left} more", "dim")
        rows.append(Row("more", (Cell(""), Cell(""), words), selectable=False))
    return rows


def commit_rows(commits: Sequence[CommitLine], now: int) -> list[Row]:
    """A row for each commit, newest first."""
    rows = []
    for commit in commits:
        age = None if commit.at is None else now - commit.at
        cells = (
            Cell(commit.sha[:7], "id"),
            Cell(_age(commit, age), "dim"),
            Cell(commit.subject),
            Cell(commit.author, "dim"),
        )
        rows.append(Row(commit.sha, cells, sort=(commit.sha, age, commit.subject, commit.author)))
    return rows


def stash_rows(stashes: Sequence[CommitLine], now: int) -> list[Row]:
    """A row for each stash, newest first."""
    rows = []
    for stash in stashes:
        age = None if stash.at is None else now - stash.at
        name = stash.name.removeprefix("refs/")
        cells = (Cell(name, "warn"), Cell(_age(stash, age), "dim"), Cell(stash.subject))
        rows.append(Row(stash.sha, cells, sort=(name, age, stash.subject)))
    return rows


def _age(commit: CommitLine, age: int | None) -> str:
    return OUT_OF_RANGE if commit.at_out_of_range else units.coarse(age)


def worktree_rows(worktrees: Sequence[WorktreeLine], repo: Repo) -> list[Row]:
    """A row for each worktree of the repository; the current one has a mark."""
    rows = []
    for tree in worktrees:
        here = tree.path == repo.path
        branch = tree.branch or ("detached" if tree.head else units.UNKNOWN)
        cells = (
            Cell("▸" if here else "", "accent"),
            Cell(tree.path, "" if here else "dim"),
            Cell(branch, "info" if tree.branch else "warn"),
            Cell((tree.head or "")[:7], "id"),
            Cell(tree.note, "warn" if tree.note == "prunable" else "dim"),
        )
        rows.append(Row(tree.path, cells, sort=(None, tree.path, branch, tree.head, tree.note)))
    return rows


def submodule_rows(submodules: Sequence[SubmoduleLine], known: dict[str, Repo]) -> list[Row]:
    """A row for each registered submodule.

    Args:
        submodules: As read.
        known: Followed repositories, by folder.
    """
    rows = []
    for one in submodules:
        words, style = _submodule_state(one, known.get(one.folder))
        folder = safe_text(one.folder)
        cells = (
            Cell(folder),
            Cell((one.recorded or units.UNKNOWN)[:7], "id"),
            Cell(f"→ {one.head[:7]}", "id") if one.head not in {None, one.recorded} else Cell(),
            Cell(words, style),
            Cell(one.url, "dim"),
        )
        rows.append(Row(one.folder, cells, sort=(folder, one.recorded, one.head, words, one.url)))
    return rows


def _submodule_state(one: SubmoduleLine, repo: Repo | None) -> tuple[str, str]:
    if not one.initialised:
        return "not initialised", "warn"
    words = ["moved"] if one.recorded is not None and one.head not in {None, one.recorded} else []
    if repo is not None and repo.dirty:
        words.append("changed")
    return (", ".join(words), "warn") if words else ("as recorded", "good")


def run_rows(runs: Sequence[Run], now: int) -> list[Row]:
    """A row for each run that works here."""
    del now
    rows = []
    for run in runs:
        glyph, style = ("?", "unknown") if run.orphaned else GLYPHS[run.status]
        name, state = safe_text(run.title or run.id), state_text(run)
        cells = (Cell(glyph, style), Cell(name), Cell(state, style), Cell(spans=(activity_and_style(run),)))
        rows.append(Row(run.id, cells, sort=(None, name, state, None)))
    return rows
