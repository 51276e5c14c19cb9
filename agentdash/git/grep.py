"""Finds names in the files of a work tree, without the ignored ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from agentdash.core.text import printable
from agentdash.git.commands import GitFailed, output

_GREP = (
    "grep", "-I", "-o", "-n", "-z", "--word-regexp", "--fixed-strings", "--untracked", "--no-textconv",
    "--no-color", "--threads=1",
)  # fmt: skip
_NOTHING_FOUND = 1


def first_occurrences(path: Path, names: Sequence[bytes], timeout: float) -> dict[bytes, str]:
    """The first occurrence of each of *names*, as printable ``file:line``; missing names are left out.

    Args:
        path: The work tree; submodules are not entered.
        names: Whole words, not empty, without line breaks and NULs.
        timeout: Seconds.

    Raises:
        GitFailed: where git fails.
    """
    wanted = [part for name in names for part in ("-e", os.fsdecode(name))]
    try:
        found_lines = output(path, (*_GREP, *wanted), timeout)
    except GitFailed as why:
        if why.code == _NOTHING_FOUND:
            return {}
        raise
    found: dict[bytes, str] = {}
    for line in found_lines.split(b"\n"):
        file, _, rest = line.partition(b"\0")
        number, _, name = rest.partition(b"\0")
        if name and name not in found:
            found[name] = f"{printable(os.fsdecode(file))}:{number.decode('ascii', 'replace')}"
    return found
