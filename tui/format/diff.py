"""The lines of `git diff`: their kinds, and their numbers in the old and the new file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from agentdash.core.text import printable
from tui.format.item import Cell

CUT = Cell("… cut here: there is more", "warn")
"""Shown after the last line where there are more."""
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_LONGEST = 2000


class LineKind(Enum):
    """What a line of a diff is."""

    FILE = auto()
    HEADER = auto()
    HUNK = auto()
    ADDED = auto()
    REMOVED = auto()
    CONTEXT = auto()
    NOTE = auto()


STYLES = {
    LineKind.FILE: "bold",
    LineKind.HEADER: "dim",
    LineKind.HUNK: "info",
    LineKind.ADDED: "good",
    LineKind.REMOVED: "bad",
    LineKind.CONTEXT: "",
    LineKind.NOTE: "dim",
}
_SIGNS = {"+": LineKind.ADDED, "-": LineKind.REMOVED, " ": LineKind.CONTEXT, "": LineKind.CONTEXT}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line.

    Attributes:
        text: Printable, tabs as blanks; of FILE only the name.
        old: Its number in the old file, of HUNK that of the first line; None where it is not in it.
        new: The same in the new file.
    """

    kind: LineKind
    text: str
    old: int | None = None
    new: int | None = None


def diff_lines(lines: Iterable[str]) -> Iterator[DiffLine]:
    """The *lines* of a diff, one for one."""
    old = new = 0
    in_hunk = False
    for raw in lines:
        line = printable(raw[:_LONGEST].replace("\t", "    "))
        kind = _SIGNS.get(line[:1]) if in_hunk else None
        if kind is not None:
            removed, added = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
            yield DiffLine(kind, line, old if removed else None, new if added else None)
            old, new = old + removed, new + added
        elif (hunk := _HUNK.match(line)) is not None:
            in_hunk, old, new = True, int(hunk[1]), int(hunk[2])
            yield DiffLine(LineKind.HUNK, line, old, new)
        elif in_hunk and line.startswith("\\"):
            yield DiffLine(LineKind.NOTE, line)
        else:
            in_hunk = False
            is_file = line.startswith("diff --git ")
            yield DiffLine(LineKind.FILE, _file_name(line)) if is_file else DiffLine(LineKind.HEADER, line)


def _file_name(line: str) -> str:
    """``src/a.py`` out of ``diff --git a/src/a.py b/src/a.py``; both names where they differ."""
    names = line.removeprefix("diff --git ")
    first, second = names[: len(names) // 2], names[len(names) // 2 + 1 :]
    same = first[:2] == "a/" and second[:2] == "b/" and first[2:] == second[2:]
    return first[2:] if same else names
