"""What a screen asks about one repository when a person looks closer, and the answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepoDiffQuery:
    """What is not committed in a repository that is followed, as `git diff` tells it.

    Attributes:
        path: Its work tree.
        file: Only this file or folder, relative to the work tree; None: all that git tracks.
        renamed_from: Where that file was before.
        untracked: Whether git does not track it: then it is shown as all new.
    """

    path: str
    file: bytes | None = None
    renamed_from: bytes | None = None
    untracked: bool = False


@dataclass(frozen=True, slots=True)
class CommitDiffQuery:
    """What one commit, or a stash, has changed. The answer is a `RepoDiff`."""

    path: str
    sha: str


@dataclass(frozen=True, slots=True)
class RepoDiff:
    """The answer to `RepoDiffQuery` and `CommitDiffQuery`.

    Attributes:
        lines: As git gives them, from the first file on; decoded, not yet made printable.
        cut: Whether there is more than was read.
        masked: How many lines hold a secret, which is masked.
    """

    path: str
    lines: tuple[str, ...]
    cut: bool = False
    masked: int = 0


@dataclass(frozen=True, slots=True)
class RepoDetailQuery:
    """What else there is in a repository. The answer is a `RepoDetail`."""

    path: str


@dataclass(frozen=True, slots=True)
class CommitLine:
    """One commit, or one stash (then `name` is ``stash@{0}``); `at` is the committer's time, Unix ms.

    `at` is None where no calendar has that time; then `at_out_of_range` says so.
    """

    sha: str
    at: int | None
    author: str
    subject: str
    name: str = ""
    at_out_of_range: bool = False


@dataclass(frozen=True, slots=True)
class WorktreeLine:
    """One work tree of the repository; `note`: ``bare``, ``locked``, ``prunable``."""

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
    """The answer to `RepoDetailQuery`; a part that could not be read is empty, and `failed` says why.

    Attributes:
        added: Lines that the uncommitted changes add to what git tracks; None: not known.
        deleted: Lines that they take away.
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
    """How large the uncommitted change of a repository is. The answer is a `RepoSize`."""

    path: str


@dataclass(frozen=True, slots=True)
class RepoSize:
    """The answer to `RepoSizeQuery`: lines in what git tracks; new files are not among them."""

    path: str
    added: int
    deleted: int


RepoQuery = RepoDiffQuery | CommitDiffQuery | RepoDetailQuery | RepoSizeQuery
RepoAnswer = RepoDiff | RepoDetail | RepoSize
