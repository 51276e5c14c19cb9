"""Commits, stashes, work trees and submodules of one repository: read on demand, bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from agentdash.core.bounds import bounded_int, bounded_time_ms
from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.repos.queries import CommitLine, RepoDetail, RepoSize, SubmoduleLine, WorktreeLine
from agentdash.core.secrets.safe_text import as_text, safe_text
from agentdash.core.snapshot import SourceError
from agentdash.git import commands
from agentdash.git.git_dir import GitDir, read_small
from collectors.repos.search import repository_at

if TYPE_CHECKING:
    from git import Commit

COMMITS = 50
STASHES = 50
WORKTREES = 100
_PACKED = 1024 * 1024
_FORMAT = "--format=%H%x00%ct%x00%an%x00%s%x00%gd%x00"
_LOG = (
    "log", "-z", "--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate", "--no-color",
    "--no-patch", "--no-ext-diff", "--no-textconv", _FORMAT,
)  # fmt: skip
_STAT = re.compile(rb"(\d+) (insertion|deletion)")

T = TypeVar("T")


def read_detail(repo: Repo, timeout: float) -> RepoDetail:
    """Read all parts; one that fails is empty, and named in `RepoDetail.failed`. Blocks: call it in a thread.

    Args:
        repo: The newest record.
        timeout: Limit of each git process, seconds.
    """
    failed: list[str] = []

    def part(name: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (commands.GitFailed, OSError) as failure:
            failed.append(f"{name}: {failure}")
            return None

    path = Path(repo.path)
    reflog = ("-g", f"-n{STASHES}", "refs/stash", "--")
    commits = part("commits", lambda: _commits(repo, timeout)) if repo.head else None
    stashes = part("stashes", lambda: _log(path, timeout, *reflog)) if repo.stash else None
    has_work = repo.head is not None and repo.kind is not RepoKind.BARE
    size = part("changes", lambda: _size(path, timeout)) if has_work else None
    return RepoDetail(
        path=repo.path,
        commits=commits or (),
        stashes=stashes or (),
        worktrees=part("work trees", lambda: _worktrees(path, timeout)) or (),
        submodules=part("submodules", lambda: _submodules(repo, timeout)) or (),
        added=size[0] if size else None,
        deleted=size[1] if size else None,
        failed=tuple(failed),
    )


def read_size(repo: Repo, timeout: float) -> RepoSize:
    """The size of the uncommitted change: one git process. Blocks: call it in a thread.

    Raises:
        SourceError: where git fails, or there is no commit to compare with.
    """
    if repo.head is None or repo.kind is RepoKind.BARE:
        raise SourceError(f"{repo.name} has nothing to compare with")
    try:
        return RepoSize(repo.path, *_size(Path(repo.path), timeout))
    except (commands.GitFailed, OSError) as failure:
        raise SourceError(f"{repo.name} cannot be compared: {failure}") from failure


def _commits(repo: Repo, timeout: float) -> tuple[CommitLine, ...]:
    from agentdash.git.gitpython import CheckedRepo

    path = Path(repo.path)
    try:
        return tuple(map(_commit_line, CheckedRepo(path, timeout).commits("HEAD", COMMITS)))
    except ValueError:
        return _log(path, timeout, f"-n{COMMITS}", "HEAD")


def _commit_line(commit: Commit) -> CommitLine:
    when = bounded_time_ms(commit.committed_date * 1000)
    paragraph = str(commit.message).lstrip("\n").partition("\n\n")[0]
    return CommitLine(
        sha=commit.hexsha,
        at=when,
        author=safe_text(commit.author.name or "", 200),
        subject=safe_text(" ".join(paragraph.split()), 500),
        at_out_of_range=when is None,
    )


def _log(path: Path, timeout: float, *what: str) -> tuple[CommitLine, ...]:
    """Parse five fields and an empty one for each commit, each ended by NUL."""
    fields = commands.output(path, (*_LOG, *what), timeout).split(b"\0")
    lines = []
    for at in range(0, len(fields) - 5, 6):
        sha, seconds, author, subject, name = fields[at : at + 5]
        whole = bounded_int(seconds)
        when = None if whole is None else bounded_time_ms(whole * 1000)
        lines.append(
            CommitLine(
                sha=as_text(sha),
                at=when,
                author=as_text(author),
                subject=as_text(subject, 500),
                name=as_text(name),
                at_out_of_range=when is None,
            )
        )
    return tuple(lines)


def _worktrees(path: Path, timeout: float) -> tuple[WorktreeLine, ...]:
    lines = []
    for block in commands.output(path, ("worktree", "list", "--porcelain", "-z"), timeout).split(b"\0\0"):
        fields = dict(_pair(line) for line in block.split(b"\0") if line)
        if b"worktree" not in fields:
            continue
        branch = fields.get(b"branch")
        note = next((word for word in ("bare", "locked", "prunable") if word.encode() in fields), "")
        lines.append(
            WorktreeLine(
                path=as_text(fields[b"worktree"]),
                head=as_text(fields[b"HEAD"]) if b"HEAD" in fields else None,
                branch=as_text(branch).removeprefix("refs/heads/") if branch else None,
                note=note,
            )
        )
    return tuple(lines[:WORKTREES])


def _pair(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b" ")
    return name, value


def _submodules(repo: Repo, timeout: float) -> tuple[SubmoduleLine, ...]:
    if not repo.submodules.folders:
        return ()
    from agentdash.git.gitpython import CheckedRepo

    path = Path(repo.path)
    checked = CheckedRepo(path, timeout)
    urls: dict[str, str] = {}
    with suppress(commands.GitFailed):  # a SHA-256 repository, or a .gitmodules that GitPython cannot parse
        urls = {str(one.path): one.url for one in checked.submodules}
    lines = []
    for folder in repo.submodules.folders:
        recorded = checked.index.entries.get((folder, 0))
        found = repository_at(path / folder)
        there = found is not None and found.error is None
        lines.append(
            SubmoduleLine(
                folder=folder,
                recorded=recorded.hexsha if recorded else None,
                head=_head(found.git_dir) if found is not None and there else None,
                initialised=there,
                url=safe_text(urls.get(folder, ""), 200),
            )
        )
    return tuple(lines)


def _head(git_dir: Path) -> str | None:
    """The commit of HEAD, as far as regular files show it."""
    text = (read_small(git_dir / "HEAD") or "").strip()
    if text.startswith("ref: "):
        shared = GitDir.from_git_dir(git_dir).shared
        name = text.removeprefix("ref: ")
        loose = read_small(shared / name)
        packed = (read_small(shared / "packed-refs", _PACKED) or "").splitlines()
        text = (loose or next((line for line in packed if line.endswith(f" {name}")), "")).strip()
    word = text.partition(" ")[0]
    return word if re.fullmatch(r"[0-9a-f]{40,64}", word) else None


def _size(path: Path, timeout: float) -> tuple[int, int]:
    diff = (
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=dirty",
        "--shortstat",
        "HEAD",
        "--",
    )
    counts = {name: int(number) for number, name in _STAT.findall(commands.output(path, diff, timeout))}
    return counts.get(b"insertion", 0), counts.get(b"deletion", 0)
