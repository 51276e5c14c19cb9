"""A diff as table rows, each line with its old and new number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from agentdash.core.repos.model import Repo
from agentdash.core.repos.queries import RepoDiff
from agentdash.core.text import printable
from agentdash.core.units import plural
from tui.format.diff import CUT, STYLES, LineKind, diff_lines
from tui.format.item import Cell, Column, Row
from tui.widgets.cells import crop

COLUMNS = (
    Column("old", "", 5, align="right", priority=2, sortable=False),
    Column("new", "", 5, align="right", priority=1, sortable=False),
    Column("line", "", 40, flex=1, min_width=10, sortable=False),
)
_HIDDEN = ("index ", "--- ", "+++ ", "old mode", "similarity ", "dissimilarity ")


@dataclass(frozen=True, slots=True)
class DiffText:
    """A diff as rows.

    Attributes:
        summary: For the border.
    """

    rows: tuple[Row, ...]
    summary: str


def diff_text(diff: RepoDiff, repo: Repo) -> DiffText:
    """The rows of *diff*, the untracked files of *repo* after them."""
    rows: list[Row] = []
    count = Counter[LineKind]()
    for number, line in enumerate(diff_lines(diff.lines)):
        count[line.kind] += 1
        if line.kind is LineKind.HUNK:
            rows.append(_row(number, f"@@{line.text.partition(' @@')[2]}", STYLES[line.kind]))
        elif line.kind is LineKind.HEADER:
            if not line.text.startswith(_HIDDEN):
                rows.append(_row(number, f"  {line.text}", STYLES[line.kind]))
        else:
            if line.kind is LineKind.FILE and rows:
                rows.append(_row(f"gap{number}", "", "", selectable=False))
            rows.append(_row(number, line.text, STYLES[line.kind], old=line.old, new=line.new))
    rows += _untracked(repo, bool(rows))
    if diff.cut:
        rows.append(_row("cut", CUT.text, CUT.style))
    least = "≥ " if diff.cut else ""
    summary = (
        f"{least}{plural(count[LineKind.FILE], 'file')}"
        f" · {least}+{count[LineKind.ADDED]} −{count[LineKind.REMOVED]}"
    )
    if repo.untracked:
        summary += f" · {repo.untracked} untracked"
    return DiffText(tuple(rows), summary)


def _untracked(repo: Repo, after: bool) -> list[Row]:
    paths = [change.path for change in repo.changes if change.xy == "??"]
    if not paths:
        return []
    rows = [_row("gap", "", "", selectable=False)] if after else []
    rows.append(_row("untracked", "untracked", "bold"))
    rows += [_row(("untracked", path), f"? {printable(path)}", "warn") for path in paths]
    left = (repo.untracked or 0) - len(paths)
    return [*rows, _row("more", f"… and {left} more", "dim")] if left > 0 else rows


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
        Cell(text, style),
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
    sign = text[:1]  # keep +, - or a blank
    rest = text[1:]
    left = rest[len(crop(rest, shift)) :]
    return replace(row, cells=(row.cells[0], row.cells[1], Cell(sign + left, style)))
