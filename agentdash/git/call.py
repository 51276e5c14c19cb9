"""Starts every git process: environment, configuration overrides and limits are set here and nowhere else.

Overrides (`agentdash.git.config_keys`) are passed by ``GIT_CONFIG_COUNT``, which accepts names of any form;
``-c`` splits at the first ``=``. They outrank every configuration file, also in processes that git starts.
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
"""Memory limit of a reading git, bytes: protects the machine from a link to an endless file."""

_KEPT = frozenset({
    "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR",
})  # fmt: skip


class GitFailed(Exception):  # noqa: N818 - an answer of git, not an error of ours
    """Git failed, or the repository was refused; the message says why.

    Attributes:
        code: The exit code of git; None where it was ended.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(safe_message(message))
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
    """Run one git process in *path*.

    Args:
        path: The work tree, or a bare repository.
        git_dir: Its git directory, passed as ``GIT_DIR``. None: git searches for it.
        arguments: Options and the command.
        feed: Receives the output, piece by piece.
        timeout: Seconds.
        overrides: Configuration after `config_keys.FIXED`: full names and values.
        stdin: Its input, passed by an unnamed temporary file.
        more: Variables in addition to `environment`; they replace those of the same name.
        limited: Whether `READ_MEMORY` limits it.

    Raises:
        GitFailed: where git cannot be started, fails, or exceeds its time.
    """
    env = environment(path, git_dir, (*FIXED.items(), *overrides)) | dict(more or {})
    memory = READ_MEMORY if limited else None
    if not stdin:
        _run(path, arguments, feed, timeout, None, env, memory)
        return
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        _run(path, arguments, feed, timeout, file.fileno(), env, memory)


def environment(path: Path, git_dir: GitDir | None, overrides: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The environment of git in the repository at *path*; it never uses one around it."""
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
        # Git would resolve a relative commondir from its own working folder.
        if git_dir.shared != git_dir.own or os.path.lexists(f"{git_dir.own}/commondir"):
            env["GIT_COMMON_DIR"] = str(git_dir.shared)
    for number, (name, value) in enumerate(overrides):
        env[f"GIT_CONFIG_KEY_{number}"] = name
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    env["GIT_CONFIG_COUNT"] = str(len(overrides))
    return env


def _search(path: str) -> str:
    """PATH without relative folders, because git works in folders of others."""
    return (
        os.pathsep.join(folder for folder in path.split(os.pathsep) if folder.startswith("/")) or os.defpath
    )


def _program(env: Mapping[str, str]) -> str:
    """The path of git."""
    for folder in env["PATH"].split(os.pathsep):
        program = f"{folder}/git"
        if os.access(program, os.X_OK) and os.path.isfile(program):  # noqa: PTH113 - quicker, run for each process
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
    argv = (_program(env), "-C", str(path), "--no-pager", *arguments)
    try:
        code, stderr = child.run(argv, env, feed, timeout, stdin, memory)
    except FileNotFoundError as error:
        raise GitFailed("git is not installed") from error
    except TimeoutError:
        raise GitFailed(f"git did not answer within {timeout:g} s") from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror}") from error
    except ValueError as error:  # a NUL in a name from outside
        raise GitFailed(f"git cannot be started: {error}") from error
    if code:
        raise GitFailed(describe_failure(stderr.decode("utf-8", "backslashreplace").strip(), code), code)


def describe_failure(stderr: str, code: int) -> str:
    """A message for git's error output and exit code, with the remedy where there is one."""
    if "dubious ownership" in stderr:
        return (
            "it belongs to another user; if you trust it: git config --global --add safe.directory <its path>"
        )
    if "cannot change to" in stderr:
        reason = stderr.rpartition(": ")[2]
        gone = reason.startswith("No such file")
        return "its folder is gone" if gone else f"its folder cannot be entered: {reason}"
    if "not a git repository" in stderr:
        return "its .git is damaged or points nowhere"
    if "index file" in stderr or "bad index" in stderr or "index uses" in stderr:
        return f"its index is damaged; git says: {_first(stderr)}"
    if "ermission denied" in stderr:
        return f"permission denied; git says: {_first(stderr)}"
    if "auto-detect email" in stderr or "empty ident name" in stderr:
        return "git has no committer identity: git config --global user.name NAME, and user.email ADDRESS"
    if code < 0:
        return f"git was killed by signal {-code}"
    return f"git says: {_first(stderr)}" if stderr else f"git exited with {code}"


def _first(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith(("fatal:", "error:"))] or [stderr]
    return lines[-1].removeprefix("fatal: ").removeprefix("error: ").strip()[:200]
