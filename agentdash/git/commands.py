"""Asks git about a repository without trusting it: nothing that its own configuration names is ever run.

No lock is taken beyond what the command itself needs, nobody is asked for a password, no network is opened,
and a command that only reads changes no file, nor the time of one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agentdash.git.call import GitFailed, call, describe_failure
from agentdash.git.config import ConfigSetting, settings
from agentdash.git.git_dir import GitDir, UnusableRepo
from agentdash.git.opened_files import check_opened
from agentdash.git.overrides import filter_names, needs_overrides, overrides
from agentdash.git.shared_index import preserve_times
from agentdash.git.write_checks import check_links, check_ownership

__all__ = [
    "MAX_OUTPUT",
    "GitFailed",
    "bounded_output",
    "checked_git_dir",
    "describe_failure",
    "effective_settings",
    "output",
    "repository_filters",
    "run",
    "status",
    "top_level",
]

_STATUS = (
    "status", "--porcelain=v2", "--branch", "--show-stash", "-z",
    # A look into a submodule would be a git process of its own, under the submodule's own configuration.
    "--ignore-submodules=dirty",
)  # fmt: skip

MAX_OUTPUT = 8 * 1024 * 1024
"""Bytes that `output` takes at most."""


def status(path: Path, feed: Callable[[bytes], None], timeout: float, *, ignored: bool = False) -> int:
    """Run `git status` in *path* and hand its output to *feed* as it comes.

    Args:
        path: The work tree.
        feed: Takes the output.
        timeout: Seconds.
        ignored: Whether it tells the folders that are ignored, too.

    Returns:
        How many git processes it took.

    Raises:
        GitFailed: in words.
    """
    # "matching": a folder that a pattern names is told by its name, and not entered.
    more = ("--ignored=matching",) if ignored else ()
    return run(path, (*_STATUS, *more), feed, timeout)


def run(
    path: Path,
    arguments: tuple[str, ...],
    feed: Callable[[bytes], None],
    timeout: float,
    *,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
    writes: Sequence[tuple[str, str]] | None = None,
) -> int:
    """Run git in *path*, with all undone that its own configuration must not do.

    Args:
        path: The work tree, or a bare repository.
        arguments: Options and the command.
        feed: Takes the output.
        timeout: Seconds.
        stdin: What it is given to read.
        more: Environment beyond the usual one, or in place of it.
        writes: For a command that changes the repository: configuration that it is given besides, as full
            names and values, or none. None: it only reads.

    Returns:
        How many git processes it took.

    Raises:
        GitFailed: in words.
    """
    git_dir, processes = checked_git_dir(path, timeout)
    undone: dict[str, str] = {}
    if writes is not None:
        _check_writable(path, git_dir)
    if writes is not None or needs_overrides(git_dir):
        found, asked = settings(path, git_dir, timeout)
        undone, processes = overrides(path, found), processes + asked
    if writes is not None:
        call(
            path, git_dir, arguments, feed, timeout,
            overrides=(*undone.items(), *writes), stdin=stdin, more=more, limited=False,
        )  # fmt: skip
    else:
        with preserve_times(git_dir):
            call(path, git_dir, arguments, feed, timeout, overrides=undone.items(), stdin=stdin, more=more)
    return processes + 1


def output(path: Path, arguments: tuple[str, ...], timeout: float, **options: object) -> bytes:
    """What git says, at most a few megabytes of it; see `run`."""
    taken = bytearray()

    def feed(piece: bytes) -> None:
        if len(taken) < MAX_OUTPUT:
            taken.extend(piece)

    run(path, arguments, feed, timeout, **options)  # type: ignore[arg-type]
    return bytes(taken)


class _LimitReached(Exception):  # noqa: N818 - ends git, and is no error
    pass


def bounded_output(
    path: Path, arguments: tuple[str, ...], limit: int, timeout: float
) -> tuple[bytes, bool, int]:
    """The first *limit* bytes of a reading command, after which git is ended; see `run`.

    Returns:
        (output, there was more, number of git processes, at least).
    """
    received = bytearray()

    def feed(piece: bytes) -> None:
        received.extend(piece)
        if len(received) > limit:
            raise _LimitReached

    try:
        processes = run(path, arguments, feed, timeout)
    except _LimitReached:
        return bytes(received[:limit]), True, 1
    return bytes(received), False, processes


def effective_settings(path: Path, timeout: float) -> tuple[ConfigSetting, ...]:
    """All configuration that git heeds in *path*; see `config.settings`.

    Raises:
        GitFailed: in words.
    """
    return settings(path, checked_git_dir(path, timeout)[0], timeout)[0]


def repository_filters(path: Path, timeout: float) -> set[str]:
    """Names of the filters that the own configuration of the repository at *path* defines.

    Raises:
        GitFailed: in words.
    """
    git_dir, _ = checked_git_dir(path, timeout)
    if not needs_overrides(git_dir):
        return set()
    return filter_names(overrides(path, settings(path, git_dir, timeout)[0]))


def top_level(path: Path, timeout: float) -> Path:
    """The work tree that git uses in *path*, without links: another one where ``core.worktree`` says so.

    Raises:
        GitFailed: in words.
    """
    printed = output(path, ("rev-parse", "--show-toplevel"), timeout).removesuffix(b"\n")
    return Path(os.path.realpath(os.fsdecode(printed)))


def _check_writable(path: Path, git_dir: GitDir) -> None:
    try:
        check_ownership(path, git_dir)
        check_links(git_dir)
    except UnusableRepo as why:
        raise GitFailed(f"nothing is changed: {why}") from None


def checked_git_dir(path: Path, timeout: float) -> tuple[GitDir, int]:
    """The git directory at *path*, and how many git processes it took to know that it may be used.

    Git is handed this directory, so that what is checked is what it uses. It then asks no more whose the
    directory is: one of another user is used only where git, left to itself, uses it (``safe.directory``).

    Raises:
        GitFailed: in words.
    """
    try:
        git_dir = GitDir.from_work_tree(path)
        check_opened(git_dir)
    except UnusableRepo as why:
        raise GitFailed(str(why)) from None
    if _is_ours(path, git_dir):
        return git_dir, 0
    taken: list[bytes] = []
    # One that only looks like a repository must not make git go on to another.
    explicit = () if git_dir.own == path else (("safe.bareRepository", "explicit"),)
    call(path, None, ("rev-parse", "--absolute-git-dir"), taken.append, timeout, overrides=explicit)
    if os.path.realpath(os.fsdecode(b"".join(taken).removesuffix(b"\n"))) != os.path.realpath(git_dir.own):
        raise GitFailed("its .git is damaged or points nowhere")
    return git_dir, 1


def _is_ours(path: Path, git_dir: GitDir) -> bool:
    """Whether git would take it for the user's own (ensure_valid_ownership in its setup.c)."""
    users = {os.geteuid()}
    if users == {0} and (sudo := os.environ.get("SUDO_UID", "")).isdecimal() and len(sudo) < 12:
        users.add(int(sudo))
    places = {str(path), f"{path}/.git", str(git_dir.own)} if git_dir.own != path else {str(path)}
    try:
        return all(os.lstat(place).st_uid in users for place in places)
    except OSError:
        return False
