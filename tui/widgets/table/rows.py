"""Rows of a table and their order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from tui.widgets.cells import Cell


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        key: Its stable identity: the cursor and the marks stay with it.
        cells: One for each column, in the order of the columns, also of those that are not shown now.
        depth: How far its first cell is indented; rows that follow a row at greater depth are its children.
        dim: Whether all of it is drawn dim.
        selectable: Whether the cursor can be on it.
        sort: Raw values in the order of the columns (None: not known); None for rows that stay last.
    """

    key: Hashable
    cells: tuple[Cell, ...]
    depth: int = 0
    dim: bool = False
    selectable: bool = True
    sort: tuple[Any, ...] | None = None


class LateRow(Row):
    """A row whose cells are made when they are first read: of thousands of rows a screen shows a few.

    Args:
        key: As of any row.
        make: Gives `cells`; called once, when they are first read.
        depth: As of any row.
        make_sort: Gives `sort`; called once, when the row is first sorted, which makes no cells. None: the
            row has no raw values, and stays last.
    """

    __slots__ = ("_make", "_make_sort")
    _make: Callable[[], tuple[Cell, ...]]
    _make_sort: Callable[[], tuple[Any, ...]]

    def __init__(
        self,
        key: Hashable,
        make: Callable[[], tuple[Cell, ...]],
        depth: int = 0,
        make_sort: Callable[[], tuple[Any, ...]] | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "key", key)
        put(self, "depth", depth)
        put(self, "dim", False)
        put(self, "selectable", True)
        put(self, "_make", make)
        if make_sort is None:
            put(self, "sort", None)
        else:
            put(self, "_make_sort", make_sort)

    def __getattr__(self, name: str) -> Any:
        """What is not there yet; Python asks here for nothing else."""
        if name not in {"cells", "sort"}:
            raise AttributeError(name)
        made = self._make() if name == "cells" else self._make_sort()
        object.__setattr__(self, name, made)
        return made


def order(rows: Sequence[Row], column: int, *, reverse: bool = False) -> list[Row]:
    """*rows* by their raw values in *column*, stable; what is not known comes last either way.

    Children stay below their parent, and are sorted among themselves.
    """
    families: list[list[Row]] = []
    top = min((row.depth for row in rows), default=0)
    for row in rows:
        if row.depth == top or not families:
            families.append([row])
        else:
            families[-1].append(row)
    known = [family for family in families if _value(family[0], column) is not None]
    unknown = [family for family in families if _value(family[0], column) is None]
    known.sort(key=lambda family: _comparable(_value(family[0], column)), reverse=reverse)
    ordered: list[Row] = []
    for family in known + unknown:
        ordered.append(family[0])
        if len(family) > 1:
            ordered += order(family[1:], column, reverse=reverse)
    return ordered


def _value(row: Row, column: int) -> Any:
    return row.sort[column] if row.sort is not None and column < len(row.sort) else None


def _comparable(value: Any) -> tuple[int, Any]:
    """Numbers before texts, so that a column that holds both has an order."""
    return (0, value) if isinstance(value, int | float) else (1, str(value).casefold())
