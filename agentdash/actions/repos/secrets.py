"""Finds secrets in files to stage: in all of a new file, in the added lines of a tracked one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from agentdash.core.secrets.files import first_secret
from agentdash.git import commands

MAX_BYTES = 5_000_000
_DIFF = (
    "--literal-pathspecs", "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "-U0",
    "-z",
    "--ignore-submodules=dirty",
)  # fmt: skip


def in_new_files(path: Path, names: Iterable[bytes]) -> dict[bytes, str]:
    """Those of the files *names* that contain a secret or cannot be read, with the reason."""
    found: dict[bytes, str] = {}
    for name in names:
        place = path / os.fsdecode(name)
        if place.is_symlink() or not place.is_file():
            continue
        try:
            with place.open("rb") as file:
                raw = file.read(MAX_BYTES)
        except OSError as error:
            found[name] = f"cannot be read: {error.strerror}"
            continue
        if b"\0" not in raw[:8000] and (secret := first_secret(raw.decode("utf-8", "replace").splitlines())):
            found[name] = f"a secret ({secret[1]}) in line {secret[0]}"
    return found


def in_changes(path: Path, names: list[bytes], timeout: float) -> dict[bytes, str]:
    """The tracked files among *names* with a secret in added lines, or unreadable, with the reason."""
    if not names:
        return {}
    # In a diff of several files, a name with a line break is ambiguous.
    apart = [name for name in names if b"\n" in name]
    groups = [[name for name in names if b"\n" not in name], *([name] for name in apart)]
    found: dict[bytes, str] = {}
    for group in (one for one in groups if one):
        try:
            raw = _diff(path, group, timeout)
        except commands.GitFailed as failure:
            found |= dict.fromkeys(group, f"cannot be checked: {failure}")
            continue
        shown = set()
        for name, lines in _by_file(raw, group):
            shown.add(name)
            if secret := first_secret(lines):
                found[name] = f"a secret ({secret[1]}) in its new lines"
        # An attribute (``* -diff``) can hide the lines of a file from a diff: read it as a new one.
        found |= in_new_files(path, [name for name in group if name not in shown])
        if len(raw) >= commands.MAX_OUTPUT:
            found |= {name: "not checked: too many changes at once" for name in group if name not in found}
    return found


def _diff(path: Path, names: list[bytes], timeout: float) -> bytes:
    # One process for all changes; names select among them.
    selected = tuple(os.fsdecode(name) for name in names) if len(names) <= 200 else ()
    return commands.output(path, (*_DIFF, "--", *selected), max(timeout, 60.0))


def _by_file(raw: bytes, names: list[bytes]) -> Iterator[tuple[bytes, list[str]]]:
    """(name, added lines) of each file that the diff shows lines of."""
    known = set(names)
    for piece in (b"\n" + raw).split(b"\ndiff --git ")[1:]:
        head, lines_follow, body = piece.partition(b"\n@@ ")
        name = names[0] if len(names) == 1 else head.rpartition(b"\n+++ b/")[2].rstrip(b"\t")
        if lines_follow and name in known:
            lines = body.decode("utf-8", "replace").split("\n")
            yield name, [line[1:] for line in lines if line.startswith("+")]
