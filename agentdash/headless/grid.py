"""Rows in aligned columns, as plain text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from agentdash.core.text import printable
from agentdash.core.units import age

GAP = "  "
_TONES = {"good": "32", "warn": "33", "bad": "31", "dim": "2"}
_MIN_WIDTH = 8
_MAX_WIDTH = 100
"""Maximum padding of a column where there is no terminal; longer text overflows and is not cut."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """Text with a tone: ``good``, ``warn``, ``bad``, ``dim`` or none."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column; numbers are aligned right, and flexible columns shrink where the terminal is narrow."""

    title: str
    right: bool = False
    flexible: bool = False


def columns_of(titles: str) -> tuple[GridColumn, ...]:
    """Columns from ``NAME | >COUNT | ~TEXT``: ``>`` is aligned right, ``~`` is flexible."""
    return tuple(
        GridColumn(title.lstrip(">~"), right=title.startswith(">"), flexible=title.startswith("~"))
        for title in titles.split(" | ")
    )


Row = Sequence[GridCell | str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table, and the message where it has no rows."""

    columns: tuple[GridColumn, ...]
    rows: tuple[Row, ...]
    empty: str


def since(at: int | None, now: int) -> str:
    """The time from *at* to *now*, both Unix ms; unknown where *at* is None."""
    return age(None if at is None else now - at)


def render(grid: Grid, *, width: int | None = None, color: bool = False) -> Iterator[str]:
    """The lines of *grid*.

    Args:
        grid: The table; its text may come from outside and is made printable here.
        width: Cells of the terminal; None cuts no text, as programs expect.
        color: Whether tones become ANSI colors.
    """
    if not grid.rows:
        return
    cells = [[_cell(cell) for cell in row] for row in grid.rows]
    widths = [
        max(cell_len(column.title), *(cell_len(row[at].text) for row in cells))
        for at, column in enumerate(grid.columns)
    ]
    if width is not None:
        _narrow(grid.columns, widths, width)
    else:
        widths = [min(size, _MAX_WIDTH) for size in widths]
    titles = [GridCell(column.title, "dim") for column in grid.columns]
    for row in [titles, *cells]:
        parts = [
            _fit(cell, size, column.right, color, whole=width is None)
            for cell, size, column in zip(row, widths, grid.columns, strict=True)
        ]
        yield GAP.join(parts).rstrip()


def _cell(cell: GridCell | str) -> GridCell:
    return GridCell(printable(cell)) if isinstance(cell, str) else GridCell(printable(cell.text), cell.tone)


def _narrow(columns: Sequence[GridColumn], widths: list[int], width: int) -> None:
    """Shrink the flexible columns, widest first, until the table fits or they have their minimum width."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    giving = [at for at, column in enumerate(columns) if column.flexible]
    while over > 0 and giving:
        widest = max(giving, key=lambda at: widths[at])
        if widths[widest] <= _MIN_WIDTH:
            return
        widths[widest] -= 1
        over -= 1


def _fit(cell: GridCell, size: int, right: bool, color: bool, *, whole: bool) -> str:
    text, length = cell.text, cell_len(cell.text)
    if length > size and not whole:
        text = set_cell_size(text, size - 1) + "…"
    pad = " " * max(0, size - length)
    if color and cell.tone:
        text = f"\x1b[{_TONES[cell.tone]}m{text}\x1b[0m"
    return pad + text if right else text + pad
