"""Refuses fetches that the repository's own configuration could use to send or overwrite something."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from agentdash.core.text import printable
from agentdash.git.config import ConfigSetting
from agentdash.git.config_keys import is_refused
from agentdash.git.git_dir import GitDir, UnusableRepo
from agentdash.git.write_checks import check_symbolic_refs

_REFSPEC = re.compile(r"remote\..*\.fetch", re.DOTALL)
_OLD = ("remotes", "branches")
"""Folders of remotes in git's format before 2005, which contain refspecs, too."""


def fetch_refusal(path: Path, found: Sequence[ConfigSetting]) -> str | None:
    """Why the repository at *path* is not fetched; None where it may be.

    Args:
        path: The work tree, or a bare repository.
        found: Its effective configuration.
    """
    for one in found:
        if one.own and is_refused(one.key):
            return (
                f"its own configuration sets {printable(one.key)}, which can weaken a fetch, send a password "
                "elsewhere or let it write files"
            )
        if one.own and _REFSPEC.fullmatch(one.key) and not _keeps_branches(one.value):
            return f"{printable(one.key)} is {printable(one.value)}, which can overwrite branches or tags"
    try:
        git_dir = GitDir.from_work_tree(path)
        check_symbolic_refs(git_dir)
    except UnusableRepo as why:
        return str(why)
    for folder in _OLD:
        if _has_entries(git_dir.shared / folder):
            return f"it has remotes in the old format ({folder}), which can overwrite branches"
    return None


def _keeps_branches(refspec: str) -> bool:
    """Whether a fetch by *refspec* changes remote-tracking branches only, and adds tags.

    See gitglossary(7), "refspec": ``^`` excludes, ``+`` overwrites; without a right side nothing is stored.
    """
    if refspec.startswith("^"):
        return True
    _, _, right = refspec.partition(":")
    return (
        not right
        or right.startswith("refs/remotes/")
        or (right.startswith("refs/tags/") and refspec[0] != "+")
    )


def _has_entries(folder: Path) -> bool:
    try:
        return bool(os.listdir(folder))  # noqa: PTH208 - names alone
    except FileNotFoundError:
        return False
    except OSError:
        return True
