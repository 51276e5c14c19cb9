"""Runs git commands in a repository without trusting it: no program of its own configuration is ever run.

There are no locks beyond those of the command itself, no prompts and no network, and a reading command
changes no file, nor the time of one.
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
    # Git would start another process in each submodule, with that one's configuration.
    "--ignore-submodules=dirty",
)  # fmt: skip

MAX_OUTPUT = 8 * 1024 * 1024
"""Bytes that `output` returns at most."""


def status(path: Path, feed: Callable[[bytes], None], timeout: float, *, ignored: bool = False) -> int:
    """Run `git status` in *path*.

    Args:
        path: The work tree.
        feed: Receives the output, piece by piece.
        timeout: Seconds.
        ignored: Whether to list ignored folders, too.

    Returns:
        The number of git processes.

    Raises:
        GitFailed: where git fails, or the repository is refused.
    """
    # "matching": an ignored folder is listed by its name, and not entered.
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
    """Run git in *path*, with the dangerous part of its own configuration overridden.

    Args:
        path: The work tree, or a bare repository.
        arguments: Options and the command.
        feed: Receives the output, piece by piece.
        timeout: Seconds.
        stdin: Its input.
        more: Environment variables in addition to `call.environment`; they replace those of the same name.
        writes: None for a command that only reads; else additional configuration, as full names and values.

    Returns:
        The number of git processes.

    Raises:
        GitFailed: where git fails, or the repository is refused.
    """
    git_dir, processes = checked_git_dir(path, timeout)
    neutral: dict[str, str] = {}
    if writes is not None:
        _check_writable(path, git_dir)
    if writes is not None or needs_overrides(git_dir):
        found, listed = settings(path, git_dir, timeout)
        neutral, processes = overrides(path, found), processes + listed
    if writes is not None:
        call(
            path, git_dir, arguments, feed, timeout,
            overrides=(*neutral.items(), *writes), stdin=stdin, more=more, limited=False,
        )  # fmt: skip
    else:
        with preserve_times(git_dir):
            call(path, git_dir, arguments, feed, timeout, overrides=neutral.items(), stdin=stdin, more=more)
    return processes + 1


def output(path: Path, arguments: tuple[str, ...], timeout: float, **options: object) -> bytes:
    """The output of a command, at most `MAX_OUTPUT` bytes; see `run`."""
    received = bytearray()

    def feed(piece: bytes) -> None:
        if len(received) < MAX_OUTPUT:
            received.extend(piece)

    run(path, arguments, feed, timeout, **options)  # type: ignore[arg-type]
    return bytes(received)


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
    """The effective configuration in *path*; see `config.settings`.

    Raises:
        GitFailed: where it cannot be read or checked.
    """
    return settings(path, checked_git_dir(path, timeout)[0], timeout)[0]


def repository_filters(path: Path, timeout: float) -> set[str]:
    """Names of the filters that the repository's own configuration defines.

    Raises:
        GitFailed: where it cannot be read or checked.
    """
    git_dir, _ = checked_git_dir(path, timeout)
    if not needs_overrides(git_dir):
        return set()
    return filter_names(overrides(path, settings(path, git_dir, timeout)[0]))


def top_level(path: Path, timeout: float) -> Path:
    """The work tree that git uses in *path*, without links; ``core.worktree`` can set another one.

    Raises:
        GitFailed: where git fails.
    """
    printed = output(path, ("rev-parse", "--show-toplevel"), timeout).removesuffix(b"\n")
    return Path(os.path.realpath(os.fsdecode(printed)))


def _check_writable(path: Path, git_dir: GitDir) -> None:
    try:
        check_ownership(path, git_dir)
        check_links(git_dir)
    except UnusableRepo as why:
        raise GitFailed(f"refused: {why}") from None


def checked_git_dir(path: Path, timeout: float) -> tuple[GitDir, int]:
    """The git directory at *path*, and the number of git processes used to check it.

    Git gets this directory as ``GIT_DIR``, so that it uses what was checked. It then skips its own check of
    the owner: a directory of another user is accepted only where git itself accepts it (``safe.directory``).

    Raises:
        GitFailed: where there is none that may be used.
    """
    try:
        git_dir = GitDir.from_work_tree(path)
        check_opened(git_dir)
    except UnusableRepo as why:
        raise GitFailed(str(why)) from None
    if _is_ours(path, git_dir):
        return git_dir, 0
    printed: list[bytes] = []
    # A folder that only looks like a repository must not make git use one around it.
    explicit = () if git_dir.own == path else (("safe.bareRepository", "explicit"),)
    call(path, None, ("rev-parse", "--absolute-git-dir"), printed.append, timeout, overrides=explicit)
    if os.path.realpath(os.fsdecode(b"".join(printed).removesuffix(b"\n"))) != os.path.realpath(git_dir.own):
        raise GitFailed("its .git is damaged or points nowhere")
    return git_dir, 1


def _is_ours(path: Path, git_dir: GitDir) -> bool:
    """Whether git would accept its owner (ensure_valid_ownership in setup.c)."""
    users = {os.geteuid()}
    if users == {0} and (sudo := os.environ.get("SUDO_UID", "")).isdecimal() and len(sudo) < 12:
        users.add(int(sudo))
    places = {str(path), f"{path}/.git", str(git_dir.own)} if git_dir.own != path else {str(path)}
    try:
        return all(os.lstat(place).st_uid in users for place in places)
    except OSError:
        return False
