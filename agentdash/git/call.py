"""Starts every git process: its environment, its overrides and its bounds are built here and nowhere else.

What a repository's own configuration may not do is kept off by overrides (`agentdash.git.config_keys`). They
travel as ``GIT_CONFIG_COUNT``, which git-config(1) defines for names of any form; ``-c`` splits at the first
``=``. They outrank every file of configuration and reach each process that git starts in the same repository.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from agentdash.core.secrets.safe_text import safe_message
from agentdash.git import child
from agentdash.git.config_keys import FIXED
from agentdash.git.git_dir import GitDir

READ_MEMORY = 1024 * 1024 * 1024
"""Bytes of memory that a reading git may take: a link to an endless file ends it, not the machine."""

_KEPT = frozenset({
    "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR",
})  # fmt: skip


class GitFailed(Exception):  # noqa: N818 - it is git's answer, not a fault of ours
    """Git could not tell; the text says why, in words.

    Attributes:
        code: The exit code of git; None where it did not come to its end.
    """

    def __init__(self, words: str, code: int | None = None) -> None:
        super().__init__(safe_message(words))
        self.code = code


def call(
    path: Path,
    git_dir: GitDir | None,
    arguments: tuple[str, ...],
    feed: Callable[[bytes], None],
    timeout: float,
    *,
    overrides: Iterable[tuple[str, str]] = (),
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
    limited: bool = True,
) -> None:
    """One git process in *path*.

    Args:
        path: The work tree, or a bare repository.
        git_dir: Its git directory: git uses this one and searches for none. None: git finds it by itself.
        arguments: Options and the command.
        feed: Takes the output.
        timeout: Seconds.
        overrides: Configuration after `config_keys.FIXED`: full names and values.
        stdin: What it is given to read; held in memory, and sent through a file that has no name.
        more: Environment beyond `environment`, or in place of it.
        limited: Whether it may take no more than `READ_MEMORY`.

    Raises:
        GitFailed: in words.
    """
    env = environment(path, git_dir, (*FIXED.items(), *overrides)) | dict(more or {})
    memory = READ_MEMORY if limited else None
    if not stdin:
        _run(path, arguments, feed, timeout, None, env, memory)
        return
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        _run(path, arguments, feed, timeout, given.fileno(), env, memory)


def environment(path: Path, git_dir: GitDir | None, overrides: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The environment for git in the repository at *path*: that one only, never one around it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    env |= {
        "PATH": _search(os.environ.get("PATH", os.defpath)),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_EDITOR": "false",
        "GIT_SSH_COMMAND": "false",
        "GIT_SSH_VARIANT": "auto",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_CEILING_DIRECTORIES": str(path.parent),
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
    if git_dir is not None:
        env["GIT_DIR"] = str(git_dir.own)
        # Where the pointer to it goes round by links, git would follow it from where it stands itself.
        if git_dir.shared != git_dir.own or os.path.lexists(f"{git_dir.own}/commondir"):
            env["GIT_COMMON_DIR"] = str(git_dir.shared)
    for number, (name, value) in enumerate(overrides):
        env[f"GIT_CONFIG_KEY_{number}"] = name
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    env["GIT_CONFIG_COUNT"] = str(len(overrides))
    return env


def _search(path: str) -> str:
    """PATH without folders relative to where one stands: git works in folders of others."""
    return (
        os.pathsep.join(folder for folder in path.split(os.pathsep) if folder.startswith("/")) or os.defpath
    )


def _program(env: Mapping[str, str]) -> str:
    """Where git is."""
    for folder in env["PATH"].split(os.pathsep):
        program = f"{folder}/git"
        if os.access(program, os.X_OK) and os.path.isfile(program):  # noqa: PTH113 - quicker, done for each process
            return program
    raise GitFailed("git is not installed")


def _run(
    path: Path,
    arguments: tuple[str, ...],
    feed: Callable[[bytes], None],
    timeout: float,
    stdin: int | None,
    env: dict[str, str],
    memory: int | None,
) -> None:
    words = (_program(env), "-C", str(path), "--no-pager", *arguments)
    try:
        code, complaint = child.run(words, env, feed, timeout, stdin, memory)
    except FileNotFoundError as error:
        raise GitFailed("git is not installed") from error
    except TimeoutError:
        raise GitFailed(f"git did not answer within {timeout:g} s") from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror}") from error
    except ValueError as error:  # a NUL in a name from outside
        raise GitFailed(f"git cannot be asked: {error}") from error
    if code:
        raise GitFailed(describe_failure(complaint.decode("utf-8", "backslashreplace").strip(), code), code)


def describe_failure(complaint: str, code: int) -> str:
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


def _first(complaint: str) -> str:
    lines = [line for line in complaint.splitlines() if line.startswith(("fatal:", "error:"))] or [complaint]
    return lines[-1].removeprefix("fatal: ").removeprefix("error: ").strip()[:200]
