"""Paths that match a pattern, as `glob` has it, but without going round in circles of symbolic links."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from glob import has_magic, iglob
from pathlib import Path


def matches(pattern: str, root: str | Path | None = None) -> Iterator[str]:
    """The files that match *pattern*, relative ones from *root*, and given as *pattern* is.

    ``**`` stands for any number of folders, which are not entered through symbolic links: with `glob`, two
    links to their own folder are 2⁴⁰ paths. Hidden names are matched only by a name that begins with a dot.
    """
    parts = pattern.split("/")
    if "**" not in parts:
        yield from iglob(pattern, root_dir=root)  # noqa: PTH207 - pathlib takes no absolute patterns
        return
    at = parts.index("**")
    head = "/".join(parts[:at]) or ("/" if at else "")
    rest = "/".join(parts[at + 1 :]) or "*"
    for base in _folders(head, root):
        for folder, names, files in os.walk(os.path.join(root or "", base) or "."):  # noqa: PTH118 - many texts
            names[:] = [name for name in names if not name.startswith(".")]
            for found in matches(rest, folder) if "/" in rest else _fitting(files, rest):
                path = os.path.join(folder, found)  # noqa: PTH118
                yield path if os.path.isabs(pattern) else os.path.relpath(path, root)  # noqa: PTH117


def _fitting(names: list[str], pattern: str) -> list[str]:
    found = fnmatch.filter(names, pattern)
    return found if pattern.startswith(".") else [name for name in found if not name.startswith(".")]


def _folders(head: str, root: str | Path | None) -> Iterator[str]:
    if head and has_magic(head):
        yield from iglob(head, root_dir=root)  # noqa: PTH207
    else:
        yield head
