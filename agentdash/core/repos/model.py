"""Git repositories as `git status --porcelain=v2` tells them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RepoKind(StrEnum):
    """What sort of repository it is."""

    REPO = "repo"
    SUBMODULE = "submodule"
    WORKTREE = "worktree"
    NESTED = "nested"
    BARE = "bare"


class Operation(StrEnum):
    """An operation that git has begun and not ended."""

    MERGE = "merge"
    REBASE = "rebase"
    AM = "am"
    CHERRY_PICK = "cherry-pick"
    REVERT = "revert"
    BISECT = "bisect"


@dataclass(frozen=True, slots=True)
class Submodules:
    """How its submodules are.

    Attributes:
        moved: Those that are checked out at another commit than recorded.
        folders: Where they are, below the repository.
        links: Folders of repositories that were added as they are, and are registered nowhere.
        quiet: Folders of those whose changes the parent does not tell (``submodule.<name>.ignore``).
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
        raw: The path itself, where it is no printable text; see `exact`.
        raw_from: The same for `renamed_from`.
    """

    path: str
    xy: str
    renamed_from: str | None = None
    raw: bytes | None = None
    raw_from: bytes | None = None

    @property
    def exact(self) -> bytes:
        """The path as git has it."""
        return self.path.encode() if self.raw is None else self.raw

    @property
    def exact_from(self) -> bytes | None:
        """Where it was before, as git has it."""
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
        committed_out_of_range: Whether HEAD has a time that no calendar has; `committed_at` is None then.
        operation: An unfinished operation, and how far it is, as ``3/7``.
        lock_age_ms: Age of an ``index.lock`` that stays, in steps; None where there is none.
        lock_held: Whether a process holds that lock; None where it is not known, or not old enough to ask.
        operation_since: When that operation last moved, Unix ms.
        operation_branch: The branch that it will go back to, where HEAD is detached meanwhile.
        only_here: Commits of a detached HEAD that no branch, tag or remote holds, up to 100; of a submodule
            those that no remote holds. None where it was not asked, or there is no remote.
        error: Why it could not be read, in words.
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
        """Whether nothing is known of it yet: it was found, and git has not answered."""
        return self.error is None and self.branch is None and not self.detached

    @property
    def loose(self) -> int:
        """Commits that are lost once HEAD moves: no branch, tag or remote holds them. 0: none is known."""
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
        complete: Whether the search for nested ones is through.
        mode: ``watching`` or ``polling``: how changes are noticed.
        git_processes: How many git processes this pass started.
        reason: Why not all changes are noticed by events, in words.
        problems: Roots that cannot be searched, what is found and not listed, and why, in words.
        unread: How many were found and never read yet.
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
