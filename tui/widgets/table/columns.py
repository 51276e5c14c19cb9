"""Which columns of a table are shown at a width, and how wide each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.widgets.cells import Align


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: Its name for sorting and messages.
        title: Shown in the header.
        width: Cells it has, and that a flexible one starts from.
        align: Alignment; numbers are aligned right.
        flex: Its share of the spare width; 0: none.
        priority: The columns with the highest number go first when the width does not suffice.
        min_width: Cells below which it is dropped rather than narrowed; 0: `width`.
        max_width: Cells that it never grows beyond; 0: no limit.
        sortable: Whether rows can be sorted by it.
    """

    key: str
    title: str
    width: int
    align: Align = "left"
    flex: int = 0
    priority: int = 0
    min_width: int = 0
    max_width: int = 0
    sortable: bool = True

    @property
    def least(self) -> int:
        """The fewest cells that it is shown in."""
        return min(self.min_width, self.width) if self.min_width else self.width


@dataclass(frozen=True, slots=True)
class Place:
    """A column that is shown: its *index* among all columns, and its *width* in cells."""

    index: int
    width: int


def lay_out(columns: Sequence[Column], width: int, gap: int = 1) -> tuple[Place, ...]:
    """Choose what is shown in *width* cells with *gap* cells between columns.

    Columns go by priority, highest number first, among equals the rightmost, until the rest fits at its least
    width; the last one is never dropped but narrowed. Then all get their width, or are narrowed (flexible
    ones first), and flexible ones share what is left over.
    """
    shown = list(range(len(columns)))
    while len(shown) > 1 and sum(columns[i].least for i in shown) + gap * (len(shown) - 1) > width:
        shown.remove(max(shown, key=lambda i: (columns[i].priority, i)))
    if not shown or width <= 0:
        return ()
    spare = width - gap * (len(shown) - 1) - sum(columns[i].width for i in shown)
    widths = {i: columns[i].width for i in shown}
    if spare < 0:
        _narrow(columns, widths, -spare)
    else:
        _widen(columns, widths, spare)
    return tuple(Place(i, max(1, min(widths[i], width))) for i in shown)


def _narrow(columns: Sequence[Column], widths: dict[int, int], over: int) -> None:
    for index in sorted(widths, key=lambda i: (columns[i].flex == 0, -columns[i].priority, -i)):
        take = min(over, widths[index] - columns[index].least)
        widths[index] -= take
        over -= take


def _widen(columns: Sequence[Column], widths: dict[int, int], spare: int) -> None:
    growing = [i for i in widths if columns[i].flex > 0]
    while spare > 0 and growing:
        shares = sum(columns[i].flex for i in growing)
        given = 0
        for index in list(growing):
            column = columns[index]
            more = max(1, spare * column.flex // shares)
            more = min(more, spare - given)
            if column.max_width and widths[index] + more >= column.max_width:
                more = max(0, column.max_width - widths[index])
                growing.remove(index)
            widths[index] += more
            given += more
        spare -= given
        if not given:
            break
