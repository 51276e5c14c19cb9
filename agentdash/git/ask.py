"""Asks git about a repository without trusting it: nothing that its own configuration names is ever run.

No lock is taken beyond what the command itself needs, nobody is asked for a password, no network is opened.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from agentdash.core.safe_text import safe_message
from agentdash.git import child
from agentdash.git.folder import beginning

_SAFE = (
    "-c", "core.fsmonitor=false",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "core.pager=cat",
    "-c", "credential.helper=",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
)  # fmt: skip
_STATUS = (
    "status", "--porcelain=v2", "--branch", "--show-stash", "-z",
    # A look into a submodule would be a git process of its own, under the submodule's own configuration.
    "--ignore-submodules=dirty",
)  # fmt: skip
_MAY_FILTER = re.compile(rb"\[\s*(?:filter|include|includeif)\b", re.IGNORECASE)
_CONFIG_SIZE = 1024 * 1024


TEXT_SIZE = 8 * 1024 * 1024
"""Bytes that `text` takes at most."""


class GitFailed(Exception):  # noqa: N818 - it is git's answer, not a fault of ours
    """Git could not tell; the text says why, in words.

    Attributes:
        code: The exit code of git; None where it did not come to its end.
    """

    def __init__(self, words: str, code: int | None = None) -> None:
        super().__init__(safe_message(words))
        self.code = code


def environment(path: Path) -> dict[str, str]:
    """The environment for git in the repository at *path*: that one only, never one around it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "false",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_CEILING_DIRECTORIES": str(path.parent),
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }


_KEPT = frozenset({
    "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR",
})  # fmt: skip


def status(
    path: Path, config: Path, feed: Callable[[bytes], None], timeout: float, *, ignored: bool = False
) -> int:
    """Run `git status` in *path* and hand its output to *feed* as it comes.

    Args:
        path: The work tree.
        config: The repository's own configuration file.
        feed: Takes the output.
        timeout: Seconds.
        ignored: Whether it tells the folders that are ignored, too.

    Returns:
        How many git processes it took.

    Raises:
        GitFailed: in words.
    """
    undone, processes = filters(path, config, timeout)
    # "matching": a folder that a pattern names is told by its name, and not entered.
    more = ("--ignored=matching",) if ignored else ()
    run(path, (*undone, *_STATUS, *more), feed, timeout)
    return processes + 1


def run(
    path: Path,
    arguments: tuple[str, ...],
    feed: Callable[[bytes], None],
    timeout: float,
    *,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
) -> None:
    """Run git in *path*; see `status`.

    Args:
        path: The work tree, or a bare repository.
        arguments: Options and the command.
        feed: Takes the output.
        timeout: Seconds.
        stdin: What it is given to read; held in memory, and sent through a file that has no name.
        more: Environment beyond `environment`, or in place of it.

    Raises:
        GitFailed: in words.
    """
    env = environment(path) | dict(more or {})
    if not stdin:
        _run(path, arguments, feed, timeout, None, env)
        return
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        _run(path, arguments, feed, timeout, given.fileno(), env)


def _run(
    path: Path,
    arguments: tuple[str, ...],
    feed: Callable[[bytes], None],
    timeout: float,
    stdin: int | None,
    env: dict[str, str],
) -> None:
    try:
        code, complaint = child.run(("git", "-C", str(path), *_SAFE, *arguments), env, feed, timeout, stdin)
    except FileNotFoundError as error:
        raise GitFailed("git is not installed") from error
    except TimeoutError:
        raise GitFailed(f"git did not answer within {timeout:g} s") from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror}") from error
    if code:
        raise GitFailed(in_words(complaint.decode("utf-8", "backslashreplace").strip(), code), code)


def in_words(complaint: str, code: int) -> str:
    """What git's last words mean, and what to do."""
    if "dubious ownership" in complaint:
        return (
            "it belongs to another user; if you trust it: git config --global --add safe.directory <its path>"
        )
    if "cannot change to" in complaint:
        reason = complaint.rpartition(": ")[2]
        gone = reason.startswith("No such file")
        return "its folder is gone" if gone else f"its folder cannot be entered: {reason}"
    if "not a git repository" in complaint:
        return "its .git is damaged or points nowhere"
    if "index file" in complaint or "bad index" in complaint or "index uses" in complaint:
        return f"its index is damaged; git says: {_first(complaint)}"
    if "ermission denied" in complaint:
        return f"you may not read it; git says: {_first(complaint)}"
    if "auto-detect email" in complaint or "empty ident name" in complaint:
        return "git does not know who commits: git config --global user.name NAME, and user.email ADDRESS"
    if code < 0:
        return f"git was ended by signal {-code}"
    return f"git says: {_first(complaint)}" if complaint else f"git ended with {code}"


def text(path: Path, arguments: tuple[str, ...], timeout: float, **options: object) -> bytes:
    """What git says, at most a few megabytes of it; see `run`."""
    taken = bytearray()

    def feed(piece: bytes) -> None:
        if len(taken) < TEXT_SIZE:
            taken.extend(piece)

    run(path, arguments, feed, timeout, **options)  # type: ignore[arg-type]
    return bytes(taken)


def _first(complaint: str) -> str:
    lines = [line for line in complaint.splitlines() if line.startswith(("fatal:", "error:"))] or [complaint]
    return lines[-1].removeprefix("fatal: ").removeprefix("error: ").strip()[:200]


def filters(path: Path, config: Path, timeout: float) -> tuple[tuple[str, ...], int]:
    """Arguments that undo the filters which the repository's own configuration defines.

    Those of the user's own configuration stay: they are what `git status` in a shell would run. Only where
    the repository's configuration may define some is git asked for them.

    Returns:
        The arguments, and how many git processes it took to know them.
    """
    files = (config, f"{config}.worktree")
    if not any(_MAY_FILTER.search(beginning(file, _CONFIG_SIZE) or b"") for file in files):
        return (), 0
    pieces: list[bytes] = []
    try:
        run(path, ("config", "--show-scope", "-z", "--get-regexp", r"^filter\."), pieces.append, timeout)
    except GitFailed:
        return (), 1  # git config ends with 1 where there is nothing to list
    words = b"".join(pieces).split(b"\0")
    theirs: dict[str, str] = {}
    users: dict[str, str] = {}
    for scope, entry in zip(words[::2], words[1::2], strict=False):
        name, _, value = entry.decode("utf-8", "surrogateescape").partition("\n")
        if scope in {b"local", b"worktree"}:
            theirs[name] = "false" if name.endswith(".required") else ""
        elif scope in {b"system", b"global"}:
            users[name] = value
    undone: list[str] = []
    for name, nothing in theirs.items():
        undone += ["-c", f"{name}={users.get(name, nothing)}"]
    return tuple(undone), 1
