"""Paths that match a pattern, as `glob` does it, without following loops of symbolic links."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from contextlib import suppress
from glob import has_magic, iglob
from pathlib import Path

from agentdash.files.small import OutsideError, steps_within


def matches(pattern: str, root: str | Path | None = None) -> Iterator[str]:
    """The files that match *pattern*, relative ones from *root*, and given as *pattern* is.

    ``**`` stands for any number of folders, not through symbolic links: with `glob`, two links to their own
    folder are 2⁴⁰ paths. Hidden names are matched only by a pattern that begins with a dot.
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
            for found in matches(rest, folder) if "/" in rest else _matching(files, rest):
                path = os.path.join(folder, found)  # noqa: PTH118
                yield path if os.path.isabs(pattern) else os.path.relpath(path, root)  # noqa: PTH117


def matches_within(pattern: str, folder: Path, left_out: set[str]) -> Iterator[str]:
    """As `matches`, but no folder outside of *folder* is listed, links resolved; a path may come twice.

    Args:
        pattern: Relative ones begin in *folder*.
        folder: The folder not to leave.
        left_out: The folders that were not listed are added to it.
    """
    parts = (folder / pattern).parts
    kept = [part for at, part in enumerate(parts) if (part, parts[at - 1]) != ("**", "**")]
    yield from _below(kept[0], kept[1:], folder, left_out)


def _below(at: str, parts: list[str], folder: Path, left_out: set[str]) -> Iterator[str]:
    while parts and not (parts[0] == "**" or has_magic(parts[0])):
        at, parts = os.path.join(at, parts[0]), parts[1:]  # noqa: PTH118 - many texts
    if not parts:
        if os.path.lexists(at):
            yield at
        return
    deep = parts[0] == "**"
    for name, is_folder in _listed(at, folder, left_out):
        if deep and is_folder and not name.startswith("."):
            yield from _below(os.path.join(at, name), parts, folder, left_out)  # noqa: PTH118
        if not deep and _matching([name], parts[0]):
            yield from _below(os.path.join(at, name), parts[1:], folder, left_out)  # noqa: PTH118
    if deep:
        yield from _below(at, parts[1:] or ["*"], folder, left_out)


def _listed(at: str, folder: Path, left_out: set[str]) -> list[tuple[str, bool]]:
    """The names in *at*, and whether each is a folder and no link; empty outside of *folder*."""
    try:
        steps_within(at, folder)
    except OutsideError:
        left_out.add(at)
        return []
    with suppress(OSError), os.scandir(at) as entries:
        return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    return []


def _matching(names: list[str], pattern: str) -> list[str]:
    found = fnmatch.filter(names, pattern)
    return found if pattern.startswith(".") else [name for name in found if not name.startswith(".")]


def _folders(head: str, root: str | Path | None) -> Iterator[str]:
    if head and has_magic(head):
        yield from iglob(head, root_dir=root)  # noqa: PTH207
    else:
        yield head
