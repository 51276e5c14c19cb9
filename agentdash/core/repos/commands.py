"""What a person may ask to be changed in a repository. Each command carries what was seen when asking."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class FetchRepo:
    """Fetch from the remotes of a repository: the one thing that opens the network."""

    path: str


@dataclass(frozen=True, slots=True)
class StageRepo:
    """Stage everything, in the submodules first: new files, deletions, renames.

    Attributes:
        seen: The commit that HEAD named when the person decided; None where there was none yet.
        largest: Bytes of a file above which it is left out; None: as `ReposSettings.stage_limit_mb` has it.
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
    """A path that is not staged, and why: ``ignored``, ``a secret``, ``too large`` and such."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class StagePart:
    """What is to be staged in one repository, its submodules come before it.

    Attributes:
        files: Paths, as git has them.
        left: What is left out; `ignored` ones are counted too, and named up to a limit.
        blocked: Why nothing at all is staged in it, in words.
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
    """What `StageRepo` would do now. The answer is a `StagePlan`; nothing is changed by asking."""

    path: str
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class StagePlan:
    """The answer to `StagePlanQuery`: children before parents."""

    parts: tuple[StagePart, ...]
