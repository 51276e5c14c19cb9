"""Reads a git directory without git: operations, locks, fingerprints of change."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from agentdash.core.repos.model import Operation, Submodules
from agentdash.core.secrets.safe_text import safe_text
from agentdash.files.small import open_regular

_ID = re.compile(r"[0-9a-f]{40,64}")
_SMALL = 64 * 1024
_POINTER = 1024 * 1024
MAX_SUBMODULES = 1000
"""Registered submodules that are listed; all are counted."""
_OWN_FILES = (
    "HEAD", "index", "index.lock", "logs/HEAD", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD",
    "REVERT_HEAD", "BISECT_LOG", "rebase-merge/msgnum", "rebase-apply/next",
)  # fmt: skip
_PROGRESS_FILES = (
    "rebase-merge/msgnum", "rebase-merge", "rebase-apply/next", "rebase-apply", "MERGE_HEAD",
    "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG",
)  # fmt: skip
_OPERATIONS = (
    ("MERGE_HEAD", Operation.MERGE),
    ("CHERRY_PICK_HEAD", Operation.CHERRY_PICK),
    ("REVERT_HEAD", Operation.REVERT),
    ("BISECT_LOG", Operation.BISECT),
)
_SHARED_FILES = (
    "config",
    "packed-refs",
    "refs/heads",
    "refs/remotes",
    "refs/stash",
    "logs/refs/stash",
    "shallow",
)


Fingerprint = dict[str, tuple[int, int, int] | None]
"""By path: inode, size and modification time in ns; None where there is no file."""


def is_unchanged(before: Fingerprint, after: Fingerprint) -> bool:
    """Whether no file that is in both has changed."""
    return all(mark == after.get(path, mark) for path, mark in before.items())


class UnusableRepo(Exception):  # noqa: N818 - a fact about a folder, not an error of ours
    """A folder is no usable repository; the message says why."""


@dataclass(frozen=True, slots=True)
class GitDir:
    """The git directories of a work tree: `own` for itself, `shared` with other worktrees of the repository.

    A ``.git`` file and ``commondir`` are read as by git (gitrepository-layout(5), read_gitfile_gently in
    setup.c): the name ends before trailing line breaks and at a NUL; blanks belong to it.
    """

    own: Path
    shared: Path

    @classmethod
    def from_git_dir(cls, own: Path) -> GitDir:
        """Those of the git directory *own*; *own* itself is the shared one where its commondir is invalid."""
        try:
            return cls(own, _shared(own))
        except UnusableRepo:
            return cls(own, own)

    @classmethod
    def from_work_tree(cls, path: Path) -> GitDir:
        """Those of the work tree *path*, or of the bare repository there.

        Raises:
            UnusableRepo: where there is none.
        """
        git = f"{path}/.git"
        try:
            status = os.lstat(git)
        except FileNotFoundError:
            return cls(path, _shared(path)) if os.path.lexists(f"{path}/HEAD") else _gone(path)
        except (OSError, ValueError) as error:
            raise UnusableRepo(f"its folder cannot be entered: {_reason(error)}") from None
        own = path / ".git" if stat.S_ISDIR(status.st_mode) else _pointed(path, git)
        return cls(own, _shared(own))

    @property
    def shallow(self) -> bool:
        """Whether it is a shallow clone."""
        return (self.shared / "shallow").exists()

    def fingerprint(self, *refs: str) -> Fingerprint:
        """Inode, size and time of the files that git writes: equal where git has changed nothing.

        Args:
            refs: Full names of further references to include.
        """
        own, shared = str(self.own), str(self.shared)
        paths = [f"{own}/{name}" for name in _OWN_FILES]
        paths += [f"{shared}/{name}" for name in (*_SHARED_FILES, *refs)]
        return {path: _mark(path) for path in paths}

    def lock_age_ms(self, now_ms: int) -> int | None:
        """Age of an ``index.lock``; None where there is none."""
        try:
            return max(0, now_ms - (self.own / "index.lock").stat().st_mtime_ns // 1_000_000)
        except OSError:
            return None

    def operation(self) -> tuple[Operation | None, str | None]:
        """The unfinished operation and its progress."""
        try:
            there = set(os.listdir(self.own))  # noqa: PTH208 - names only, in one call
        except OSError:
            return None, None
        for folder, at, end in (("rebase-merge", "msgnum", "end"), ("rebase-apply", "next", "last")):
            if folder in there:
                mailbox = folder == "rebase-apply" and (self.own / folder / "applying").exists()
                done = read_small(self.own / folder / at)
                total = read_small(self.own / folder / end)
                step = f"{done.strip()}/{total.strip()}"[:20] if done and total else None
                return Operation.AM if mailbox else Operation.REBASE, step
        return next((operation for name, operation in _OPERATIONS if name in there), None), None

    def operation_since(self) -> int | None:
        """The last progress of the unfinished operation, Unix ms; None where there is none."""
        for name in _PROGRESS_FILES:
            if (mark := _mark(self.own / name)) is not None:
                return mark[2] // 1_000_000
        return None

    def operation_branch(self) -> str | None:
        """The branch on which a rebase or bisect was started; HEAD is detached until it ends."""
        for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
            if text := read_small(self.own / name, 1000):
                word = text.strip().removeprefix("refs/heads/")
                return None if word == "detached HEAD" or _ID.fullmatch(word) else safe_text(word)
        return None

    def branch(self) -> str | None:
        """The branch of HEAD; None where it is detached or unreadable."""
        text = read_small(self.own / "HEAD") or ""
        return (
            safe_text(text.strip().removeprefix("ref: refs/heads/"), 300)
            if text.startswith("ref: refs/heads/")
            else None
        )


def submodules(path: Path, moved: int) -> Submodules:
    """The submodules that ``.gitmodules`` registers; *moved* is passed on.

    All are counted, `MAX_SUBMODULES` are listed. Impossible paths and those that lead out of the work tree
    count as not checked out.
    """
    text = read_small(path / ".gitmodules", 4 * _SMALL)
    if text is None:
        return Submodules(moved=moved)
    total = 0
    folders: list[str] = []
    quiet: list[str] = []
    last: str | None = None
    for name, sign, value in (line.partition("=") for line in text.splitlines()):
        if sign and name.strip() == "path":
            total += 1
            folder = value.strip().strip('"').rstrip("/")
            last = folder if len(folders) < MAX_SUBMODULES and _possible(folder) else None
            if last is not None:
                folders.append(last)
        elif sign and name.strip() == "ignore" and value.strip() in {"all", "dirty"} and last is not None:
            quiet.append(last)
    there = sum(os.path.exists(f"{path}/{folder}/.git") for folder in folders)  # noqa: PTH110 - never raises
    return Submodules(total, total - there, moved, tuple(folders), tuple(quiet))


def _possible(folder: str) -> bool:
    """Whether a submodule can have that path: below the work tree, with valid file names."""
    names = folder.split("/")
    return "\0" not in folder and all(
        name not in {"", ".", "..", ".git"} and len(os.fsencode(name)) < 256 for name in names
    )


def _gone(path: Path) -> NoReturn:
    raise UnusableRepo("its .git is gone" if os.path.isdir(path) else "its folder is gone")  # noqa: PTH112 - never raises


def _pointed(path: Path, git: str) -> Path:
    """The git directory that *git*, a link or a file, points to."""
    try:
        if stat.S_ISDIR(os.stat(git).st_mode):  # noqa: PTH116 - as below
            return Path(os.path.realpath(git))
    except OSError as error:
        raise UnusableRepo(f"its .git cannot be followed: {_reason(error)}") from None
    raw = read_start(git, _POINTER)
    if raw is None or not raw.startswith(b"gitdir: "):
        raise UnusableRepo("its .git is neither a folder nor a pointer to one")
    own = _named(path, raw[len(b"gitdir: ") :])
    shown = safe_text(str(own), 300)
    try:
        if stat.S_ISDIR(os.stat(own).st_mode):  # noqa: PTH116 - as below
            return own
    except FileNotFoundError:
        raise UnusableRepo(f"its .git points to {shown}, which does not exist") from None
    except OSError as error:
        raise UnusableRepo(f"its .git points to {shown}: {_reason(error)}") from None
    raise UnusableRepo(f"its .git points to {shown}, which is not a folder")


def _shared(own: Path) -> Path:
    """The git directory that *own* shares with other worktrees."""
    raw = read_start(own / "commondir", _POINTER)
    if raw is None:
        if os.path.lexists(own / "commondir"):
            raise UnusableRepo("its commondir is not a regular file")
        return own
    shared = _named(own, raw)
    if not os.path.isdir(shared):  # noqa: PTH112 - never raises, unlike Path.is_dir
        raise UnusableRepo(f"its commondir names {safe_text(str(shared), 200)}, which is not a folder")
    return shared


def _named(base: Path, raw: bytes) -> Path:
    """The folder that a pointer in *base* names, resolved."""
    name = raw.rstrip(b"\r\n").partition(b"\0")[0]
    return Path(os.path.realpath(os.path.join(base, os.fsdecode(name))))  # noqa: PTH118 - never raises for loops


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def read_small(path: Path, most: int = _SMALL) -> str | None:
    """The first *most* bytes of a text file; None where it cannot be read."""
    raw = read_start(path, most)
    return None if raw is None else raw.decode("utf-8", "replace")


def read_start(path: str | Path, most: int) -> bytes | None:
    """The first *most* bytes of a regular file; None where there is none, or it cannot be read.

    Pipes and devices are not opened, because that alone can have effects.
    """
    with suppress(OSError):
        descriptor = open_regular(path)
        try:
            return os.read(descriptor, min(most, os.fstat(descriptor).st_size))
        finally:
            os.close(descriptor)
    return None


def _mark(path: str | Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - half the cost of Path.stat, called very often
    except (OSError, ValueError):  # a branch name can be too long, or contain a NUL
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
