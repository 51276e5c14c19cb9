"""Whether a process holds an ``index.lock``: it has the file open, or is a git working there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def is_held(lock: Path, work_tree: Path) -> bool | None:
    """Whether a process holds *lock*; None where that is unknown.

    A git that waits for an editor keeps its lock without an open file, so any git in *work_tree* counts.
    A git of another user, whose folder is not readable, makes the answer unknown.
    """
    if not (_PROC / "self/fd").is_dir():
        return None
    unknown = False
    name, tree = os.fsencode(lock), os.fsencode(work_tree)
    for entry in _processes():
        git = _is_git(entry)
        try:
            cwd = os.fsencode((_PROC / entry / "cwd").readlink())
        except FileNotFoundError:
            continue
        except OSError:
            unknown = unknown or git
            continue
        if git and (cwd == tree or cwd.startswith(tree + b"/") or cwd == os.path.dirname(name)):  # noqa: PTH120 - bytes
            return True
        if _has_open(entry, name):
            return True
    return None if unknown else False


def _processes() -> list[str]:
    try:
        return [name for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - names alone are wanted
    except OSError:
        return []


def _is_git(entry: str) -> bool:
    with suppress(OSError):
        return (_PROC / entry / "comm").read_bytes().strip().startswith(b"git")
    return False


def _has_open(entry: str, name: bytes) -> bool:
    with suppress(OSError):
        folder = f"/proc/{entry}/fd"
        for descriptor in os.listdir(folder):  # noqa: PTH208 - names alone are wanted
            with suppress(OSError):
                if os.readlink(os.fsencode(f"{folder}/{descriptor}")) == name:  # noqa: PTH115 - bytes
                    return True
    return False
