"""What is not committed as lines with their numbers, old and new."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from agentdash.core.repos.model import Repo
from agentdash.core.repos.queries import RepoDiff
from agentdash.core.text import printable
from tui.format.item import Cell, Column, Row
from tui.widgets.cells import crop

COLUMNS = (
    Column("old", "", 5, align="right", priority=2, sortable=False),
    Column("new", "", 5, align="right", priority=1, sortable=False),
    Column("line", "", 40, flex=1, min_width=10, sortable=False),
)
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
_QUIET = ("index ", "--- ", "+++ ", "old mode", "similarity ", "dissimilarity ")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class DiffText:
    """A diff as rows.

    Attributes:
        files: How many differ, and how many are untracked.
        summary: For the border.
    """

    rows: tuple[Row, ...]
    files: int
    summary: str


def diff_text(diff: RepoDiff, repo: Repo) -> DiffText:
    """The rows of *diff*, the untracked files of *repo* after them."""
    rows: list[Row] = []
    old = new = added = removed = files = 0
    in_hunk = False
    for number, line in enumerate(diff.lines):
        if line.startswith("diff --git "):
            files, in_hunk = files + 1, False
            if rows:
                rows.append(_row(f"gap{number}", "", "", selectable=False))
            rows.append(_row(number, _file_name(line), "bold"))
        elif (hunk := _HUNK.match(line)) is not None:
            in_hunk, old, new = True, int(hunk[1]), int(hunk[2])
            rows.append(_row(number, f"@@ {hunk[3]}".rstrip(), "info"))
        elif not in_hunk:
            if not line.startswith(_QUIET):
                rows.append(_row(number, f"  {line}", "dim"))
        elif line.startswith("+"):
            rows.append(_row(number, line, "good", new=new))
            new, added = new + 1, added + 1
        elif line.startswith("-"):
            rows.append(_row(number, line, "bad", old=old))
            old, removed = old + 1, removed + 1
        elif line.startswith("\\"):
            rows.append(_row(number, line, "dim"))
        else:
            rows.append(_row(number, line, "", old=old, new=new))
            old, new = old + 1, new + 1
    rows += _untracked(repo, bool(rows))
    if diff.cut:
        rows.append(_row("cut", "… cut here: there is more", "warn"))
    many = "≥ " if diff.cut else ""
    words = f"{many}{files} {'file' if files == 1 else 'files'} · {many}+{added} −{removed}"
    if repo.untracked:
        words += f" · {repo.untracked} untracked"
    return DiffText(tuple(rows), files, words)


def _untracked(repo: Repo, after: bool) -> list[Row]:
    paths = [change.path for change in repo.changes if change.xy == "??"]
    if not paths:
        return []
    rows = [_row("gap", "", "", selectable=False)] if after else []
    rows.append(_row("untracked", "untracked", "bold"))
    rows += [_row(("untracked", path), f"? {path}", "warn") for path in paths]
    left = (repo.untracked or 0) - len(paths)
    return [*rows, _row("more", f"… and {left} more", "dim")] if left > 0 else rows


def _file_name(line: str) -> str:
    """``src/a.py`` out of ``diff --git a/src/a.py b/src/a.py``; both names where they differ."""
    names = line.removeprefix("diff --git ")
    half = len(names) // 2
    first, second = names[:half], names[half + 1 :]
    if first[:2] == "a/" and second[:2] == "b/" and first[2:] == second[2:]:
        return first[2:]
    return names


def _row(
    key: Hashable,
    text: str,
    style: str,
    *,
    old: int | None = None,
    new: int | None = None,
    selectable: bool = True,
) -> Row:
    cells = (
        Cell("" if old is None else str(old), "faint"),
        Cell("" if new is None else str(new), "faint"),
        Cell(printable(text[:_LONGEST].replace("\t", "    ")), style),
    )
    return Row(key=key, cells=cells, selectable=selectable)


def hunk_around(rows: Sequence[Row], key: Hashable) -> list[Row]:
    """The rows of the hunk that the row *key* is in, for a page of its own."""
    at = next((index for index, row in enumerate(rows) if row.key == key), None)
    if at is None:
        return []
    first = at
    while first > 0 and rows[first].selectable and rows[first].cells[2].style != "info":
        first -= 1
    last = at + 1
    while last < len(rows) and rows[last].selectable and rows[last].cells[2].style != "info":
        last += 1
    return list(rows[first:last])


def widest(rows: Sequence[Row]) -> int:
    """Cells of the longest line."""
    return max((cell_len(row.cells[2].text) for row in rows), default=0)


def fitted(rows: Sequence[Row], room: int, *, wrap: bool = False, shift: int = 0) -> tuple[Row, ...]:
    """*rows* as they are shown in *room* cells: wrapped, or without the first *shift* cells of each line.

    Names of files and headings of hunks stay where they are.
    """
    if not wrap and not shift:
        return tuple(rows)
    return tuple(
        piece for row in rows for piece in (_wrapped(row, room) if wrap else (_shifted(row, shift),))
    )


def _wrapped(row: Row, room: int) -> Iterator[Row]:
    """Its line in pieces of *room* cells; the first has its key and its numbers."""
    text, style = row.cells[2].text, row.cells[2].style
    if cell_len(text) <= room:
        yield row
        return
    number = 0
    while text:
        head = crop(text, room) or text[:1]
        cell = Cell(head if number == 0 else f"  {head}", style)
        if number == 0:
            yield replace(row, cells=(row.cells[0], row.cells[1], cell))
        else:
            yield Row(key=("wrapped", row.key, number), cells=(Cell(""), Cell("↪", "faint"), cell))
        text, number = text[len(head) :], number + 1
        room = room if number > 1 else max(10, room - 2)


def _shifted(row: Row, shift: int) -> Row:
    text, style = row.cells[2].text, row.cells[2].style
    if style in {"bold", "info"} or not text:
        return row
    sign = text[:1]  # +, - or a blank stays: it says what the line is
    rest = text[1:]
    left = rest[len(crop(rest, shift)) :]
    return replace(row, cells=(row.cells[0], row.cells[1], Cell(sign + left, style)))
