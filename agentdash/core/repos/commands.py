"""Commands that change a repository. Each carries the state that the person saw."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class FetchRepo:
    """Fetch from the default remote: the only command that uses the network."""

    path: str


@dataclass(frozen=True, slots=True)
class StageRepo:
    """Stage everything, in the submodules first: new files, deletions, renames.

    Attributes:
        seen: HEAD's commit when it was confirmed; None where there was none.
        largest: Size limit of a file, bytes; None: `ReposSettings.stage_limit_mb`.
    """

    path: str
    seen: str | None
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class CommitRepo:
    """Commit what is staged, in the submodules first, under one message.

    Attributes:
        seen: As in `StageRepo`.
    """

    path: str
    message: str
    seen: str | None


RepoCommand = FetchRepo | StageRepo | CommitRepo


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A path that is not staged, with the reason: ``ignored``, ``a secret …``, ``too large …``."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class StagePart:
    """The plan for one repository; its submodules come before it.

    Attributes:
        files: Paths as bytes, relative to the work tree.
        left: Paths that are left out; ignored ones up to a limit.
        ignored: Number of ignored paths.
        staged: Number of paths that are staged already.
        blocked: Why nothing is staged in it; None where it is not blocked.
    """

    path: str
    name: str
    files: tuple[bytes, ...] = ()
    left: tuple[LeftOut, ...] = ()
    ignored: int = 0
    staged: int = 0
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class StagePlanQuery:
    """What `StageRepo` would do now. The answer is a `StagePlan`; nothing is changed."""

    path: str
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class StagePlan:
    """The answer to `StagePlanQuery`: children before parents."""

    parts: tuple[StagePart, ...]
