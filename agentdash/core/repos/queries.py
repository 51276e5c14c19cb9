"""Queries about one repository that are answered on demand, and their answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepoDiffQuery:
    """The uncommitted changes of a followed repository, as of `git diff`.

    Attributes:
        path: Its work tree.
        file: Only this file or folder, relative to the work tree; None: all tracked files.
        renamed_from: Its former path.
        untracked: Whether it is untracked; it is shown as a new file then.
    """

    path: str
    file: bytes | None = None
    renamed_from: bytes | None = None
    untracked: bool = False


@dataclass(frozen=True, slots=True)
class CommitDiffQuery:
    """The changes of a commit or a stash. The answer is a `RepoDiff`."""

    path: str
    sha: str


@dataclass(frozen=True, slots=True)
class RepoDiff:
    """The answer to `RepoDiffQuery` and `CommitDiffQuery`.

    Attributes:
        lines: Of git's output; decoded, may contain control characters.
        cut: Whether the output is incomplete.
        masked: Number of lines with a masked secret.
    """

    path: str
    lines: tuple[str, ...]
    cut: bool = False
    masked: int = 0


@dataclass(frozen=True, slots=True)
class RepoDetailQuery:
    """Commits, stashes, worktrees and submodules. The answer is a `RepoDetail`."""

    path: str


@dataclass(frozen=True, slots=True)
class CommitLine:
    """One commit, or one stash (then `name` is ``stash@{0}``); `at` is the committer's time, Unix ms.

    `at` is None where the time is out of range; `at_out_of_range` is set then.
    """

    sha: str
    at: int | None
    author: str
    subject: str
    name: str = ""
    at_out_of_range: bool = False


@dataclass(frozen=True, slots=True)
class WorktreeLine:
    """One worktree of the repository; `note`: ``bare``, ``locked``, ``prunable``."""

    path: str
    head: str | None
    branch: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SubmoduleLine:
    """One registered submodule: the commit that the index records, and the one that is checked out.

    Attributes:
        url: Where it is cloned from, secrets masked; empty where that is not known.
    """

    folder: str
    recorded: str | None
    head: str | None
    initialised: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class RepoDetail:
    """The answer to `RepoDetailQuery`; a part that could not be read is empty and named in `failed`.

    Attributes:
        added: Lines added to tracked files by uncommitted changes; None: unknown.
        deleted: Lines deleted by them.
    """

    path: str
    commits: tuple[CommitLine, ...] = ()
    stashes: tuple[CommitLine, ...] = ()
    worktrees: tuple[WorktreeLine, ...] = ()
    submodules: tuple[SubmoduleLine, ...] = ()
    added: int | None = None
    deleted: int | None = None
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RepoSizeQuery:
    """The size of the uncommitted change. The answer is a `RepoSize`."""

    path: str


@dataclass(frozen=True, slots=True)
class RepoSize:
    """The answer to `RepoSizeQuery`: changed lines of tracked files."""

    path: str
    added: int
    deleted: int


RepoQuery = RepoDiffQuery | CommitDiffQuery | RepoDetailQuery | RepoSizeQuery
RepoAnswer = RepoDiff | RepoDetail | RepoSize
