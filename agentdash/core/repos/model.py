"""Git repositories, by the fields of `git status --porcelain=v2`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RepoKind(StrEnum):
    """The kind of a repository."""

    REPO = "repo"
    SUBMODULE = "submodule"
    WORKTREE = "worktree"
    NESTED = "nested"
    BARE = "bare"


class Operation(StrEnum):
    """An unfinished operation of git."""

    MERGE = "merge"
    REBASE = "rebase"
    AM = "am"
    CHERRY_PICK = "cherry-pick"
    REVERT = "revert"
    BISECT = "bisect"


@dataclass(frozen=True, slots=True)
class Submodules:
    """The submodules of a repository.

    Attributes:
        uninitialised: Number without a checkout.
        moved: Number whose checked-out commit is not the recorded one.
        folders: Their paths, relative to the work tree.
        links: Recorded repositories that are not registered in ``.gitmodules``.
        quiet: Those whose changes the parent ignores (``submodule.<name>.ignore``).
    """

    total: int = 0
    uninitialised: int = 0
    moved: int = 0
    folders: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed path, with git's two status letters (index, work tree).

    Attributes:
        path: Printable.
        raw: The path as bytes where `path` is not exact; see `exact`.
        raw_from: The same for `renamed_from`.
    """

    path: str
    xy: str
    renamed_from: str | None = None
    raw: bytes | None = None
    raw_from: bytes | None = None

    @property
    def exact(self) -> bytes:
        """The path as bytes."""
        return self.path.encode() if self.raw is None else self.raw

    @property
    def exact_from(self) -> bytes | None:
        """The former path as bytes; None where it was not renamed."""
        if self.renamed_from is None:
            return None
        return self.renamed_from.encode() if self.raw_from is None else self.raw_from


@dataclass(frozen=True, slots=True)
class Repo:
    """One repository. Counts are paths; None is *unknown*.

    Attributes:
        path: Its work tree (for a bare one, its git directory).
        branch: The branch's short name; None when detached or unknown.
        head: Commit id; None when there are no commits yet.
        committed_at: Of HEAD, Unix ms.
        committed_out_of_range: Whether HEAD's time is out of range (`committed_at` is None).
        operation: An unfinished operation.
        operation_step: Its progress, as ``3/7``.
        lock_age_ms: Age of a lasting ``index.lock``, in steps; None where there is none.
        lock_held: Whether a process holds that lock; None where that is unknown, or it is young.
        operation_since: When that operation last moved, Unix ms.
        operation_branch: The branch of the operation, while HEAD is detached.
        only_here: Commits of a detached HEAD that no branch, tag or remote contains, up to 100; of a
            submodule those that no remote contains. None where that is unknown, or there is no remote.
        error: Why it could not be read; a message.
    """

    path: str
    name: str
    kind: RepoKind = RepoKind.REPO
    branch: str | None = None
    detached: bool = False
    head: str | None = None
    subject: str | None = None
    author: str | None = None
    committed_at: int | None = None
    committed_out_of_range: bool = False
    upstream: str | None = None
    upstream_gone: bool = False
    ahead: int | None = None
    behind: int | None = None
    staged: int | None = None
    unstaged: int | None = None
    untracked: int | None = None
    conflicted: int | None = None
    renamed: int | None = None
    stash: int | None = None
    operation: Operation | None = None
    operation_step: str | None = None
    shallow: bool = False
    submodules: Submodules = Submodules()
    lock_age_ms: int | None = None
    changes: tuple[FileChange, ...] = ()
    changes_total: int = 0
    error: str | None = None
    lock_held: bool | None = None
    operation_since: int | None = None
    only_here: int | None = None
    operation_branch: str | None = None

    @property
    def unread(self) -> bool:
        """Whether it was found, but not read yet."""
        return self.error is None and self.branch is None and not self.detached

    @property
    def loose(self) -> int:
        """Commits that are lost when HEAD moves: no branch, tag or remote contains them. 0: none known."""
        child = self.kind is RepoKind.SUBMODULE or self.operation is not None
        return (self.only_here or 0) if self.detached and not child else 0

    @property
    def dirty(self) -> bool:
        """Whether anything is uncommitted."""
        return bool(
            (self.staged or 0) + (self.unstaged or 0) + (self.untracked or 0) + (self.conflicted or 0)
        )


@dataclass(frozen=True, slots=True)
class ReposSnapshot:
    """All repositories below the roots, in path order.

    Attributes:
        roots: The folders that were searched.
        complete: Whether the search for nested ones is complete.
        mode: ``watching`` (events) or ``polling``.
        git_processes: Number of git processes of this pass.
        reason: Why not everything is watched; a message.
        problems: Messages: roots that cannot be searched, repositories beyond the limits.
        unread: Number of repositories that are not read yet.
    """

    taken_at: int
    host: str
    repos: tuple[Repo, ...]
    roots: tuple[str, ...] = ()
    complete: bool = True
    mode: str = "polling"
    git_processes: int = 0
    reason: str | None = None
    problems: tuple[str, ...] = ()
    unread: int = 0
