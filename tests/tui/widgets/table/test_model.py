"""The rows of a table without a screen: where the cursor goes, what is repainted, which marks are lost."""

from __future__ import annotations

from collections.abc import Iterable

from agentdash.core.clock import ManualClock
from tui.widgets.cells import Cell
from tui.widgets.table.columns import Column
from tui.widgets.table.model import READ_S, Anchor, RowModel
from tui.widgets.table.rows import Row

COLUMNS = (Column("name", "", 5),)


def rows(names: Iterable[str], *, heads: str = "") -> list[Row]:
    return [Row(name, (Cell(name),), sort=(name,), selectable=name not in heads) for name in names]


def show(model: RowModel, given: list[Row], key: str | None = None, *, down: bool = False) -> int | None:
    return model.update(given, COLUMNS, key, down)


def test_the_cursor_stays_with_its_row_or_goes_to_the_nearest_left() -> None:
    model = RowModel()
    show(model, rows("abcd"))
    model.cursor = 2
    show(model, rows("xabcd"))
    assert model.cursor_key == "c"
    show(model, rows("xabd"))
    assert model.cursor_key == "d"
    show(model, rows("xa"))
    assert model.cursor_key == "a"
    show(model, rows(""))
    assert (model.cursor, model.cursor_key) == (-1, None)


def test_rows_that_cannot_be_selected_are_passed_over() -> None:
    model = RowModel()
    show(model, rows("HabK", heads="HK"))
    assert model.cursor_key == "a"
    assert [model.nearest(3, 1), model.nearest(0, -1)] == [2, 1]


def test_added_rows_are_told_from_moved_ones() -> None:
    model, first = RowModel(), rows("ab")
    assert show(model, first) is None
    assert show(model, first) == 2
    assert show(model, [*first, *rows("c")]) == 2
    assert [row.key for row in model.rows] == ["a", "b", "c"]
    assert show(model, rows("ba")) is None


def test_rows_are_sorted_and_only_the_different_ones_are_repainted() -> None:
    model, given = RowModel(), rows("bac")
    show(model, given)
    old = model.rows
    model.sort(COLUMNS, "name", False)
    assert [row.key for row in model.rows] == ["a", "b", "c"]
    assert model.cursor_key == "b"
    assert [*model.changed(old, 0, range(9))] == [0, 1]


def test_a_row_that_came_under_the_cursor_is_known_for_a_moment() -> None:
    clock = ManualClock()
    model = RowModel(clock.monotonic)
    show(model, rows("ab"))
    assert not model.row_changed
    show(model, rows("b"))
    assert model.row_changed
    clock.advance(READ_S)
    assert not model.row_changed


def test_marks_go_with_their_rows_and_a_row_in_view_keeps_its_line() -> None:
    model = RowModel()
    show(model, rows("abcdef"))
    model.marks, model.cursor = {"a", "f"}, 3
    assert model.anchor(0, 3) is None
    assert model.anchor(2, 3) == Anchor("d", 1)
    show(model, rows("abc"))
    assert model.drop_lost_marks()
    assert model.marks == {"a"}
    assert not model.drop_lost_marks()
