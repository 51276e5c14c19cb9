"""The table under keys, mouse and new rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests.tui.widgets.test_cells import NASTY, stream_actions
from tui.widgets.cells import Cell
from tui.widgets.table.columns import Column
from tui.widgets.table.rows import LateRow, Row
from tui.widgets.table.table import LineTable

COLUMNS = (
    Column("name", "NAME", 12, flex=1, min_width=6),
    Column("state", "STATE", 8, priority=1),
    Column("count", "COUNT", 6, "right", priority=2),
)


def row(key: Hashable, count: int = 0, **more: object) -> Row:
    return Row(
        key,
        (Cell(f"row {key}"), Cell("ok", "good"), Cell(str(count))),
        sort=(f"row {key}", "ok", count),
        **more,
    )  # type: ignore[arg-type]


def rows(keys: Iterable[Hashable]) -> list[Row]:
    return [row(key) for key in keys]


class TableApp(App[None]):
    CSS = "LineTable { height: 1fr; }"

    def __init__(self, columns: Iterable[Column] = COLUMNS, **options: bool) -> None:
        super().__init__()
        self.table = LineTable(tuple(columns), **options)
        self.said: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        self.said.append(("on", message.key))

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        self.said.append(("chose", message.key))

    def on_line_table_marks_changed(self, message: LineTable.MarksChanged) -> None:
        self.said.append(("marks", set(message.marks)))

    def on_line_table_sort_changed(self, message: LineTable.SortChanged) -> None:
        self.said.append(("sort", message.key, message.descending))

    def screen_text(self) -> list[str]:
        size = self.table.size
        return [
            strip.text.rstrip() for strip in self.table.render_lines(Region(0, 0, size.width, size.height))
        ]

    def names(self) -> list[str]:
        return [line.split("  ")[0] for line in self.screen_text()[1:] if line]


async def test_keys_move_the_cursor() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows(range(30)))
        for key, at in [
            ("down", 1), ("j", 2), ("up", 1), ("k", 0), ("up", 0), ("pagedown", 9), ("pagedown", 18),
            ("pageup", 9), ("G", 29), ("down", 29), ("g", 0), ("end", 29), ("home", 0),
        ]:  # fmt: skip
            await pilot.press(key)
            assert app.table.cursor_key == at, key
            top = app.table.scroll_offset.y
            assert top <= at < top + 10
        await pilot.press("enter")
        await pilot.pause()
        assert app.said[0] == ("on", 0)
        assert app.said[-1] == ("chose", 0)


async def test_the_cursor_stays_with_its_row() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows("abcdef"))
        await pilot.press("down", "down", "down")
        await pilot.pause()
        app.said.clear()
        app.table.set_rows(rows("fedcba"))
        assert app.table.cursor_key == "d"
        app.table.set_rows(rows("xyfedcba"))
        assert (app.table.cursor_key, app.table.cursor_row) == ("d", 4)
        await pilot.pause()
        assert app.said == []
        app.table.set_rows(rows("xyfecba"))
        assert app.table.cursor_key == "c"
        app.table.set_rows(rows("xyfe"))
        assert app.table.cursor_key == "e"
        app.table.set_rows([])
        assert app.table.cursor_key is None
        await pilot.press("down", "enter", "G", "pageup")
        app.table.set_rows(rows("q"))
        await pilot.pause()
        assert app.said == [("on", "c"), ("on", "e"), ("on", None), ("on", "q")]


async def test_rows_that_come_above_do_not_move_what_is_seen() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows(range(50)))
        app.table.move_to(25)
        await pilot.press("up", "up")
        seen = app.names()
        app.table.set_rows(rows([*range(100, 107), *range(50)]))
        await pilot.pause()
        assert app.names() == seen
        app.table.set_rows(rows(range(3, 50)))
        await pilot.pause()
        assert app.names() == seen
        await pilot.press("g")
        app.table.set_rows(rows([99, *range(3, 50)]))
        await pilot.pause()
        assert app.names()[:2] == ["row 99", "row 3"], "a table at its top shows what comes on top"


async def test_only_what_has_changed_is_drawn() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows(range(500)))
        await pilot.pause()
        drawn = app.table._painter.painted
        refreshed: list[object] = []
        app.table.refresh = lambda *regions, **_: refreshed.extend(regions)  # type: ignore[method-assign,assignment]
        app.table.set_rows(rows(range(500)))
        await pilot.pause()
        assert (app.table._painter.painted, refreshed) == (drawn, [])
        changed = rows(range(500))
        changed[4], changed[300] = row(4, 7), row(300, 7)
        app.table.set_rows(changed)
        assert refreshed == [Region(0, 5, 40, 1)]
        del app.table.refresh
        changed[4] = row(4, 9)
        app.table.set_rows(changed)
        await pilot.pause()
        assert app.table._painter.painted == drawn + 1


async def test_cells_are_made_of_the_rows_that_are_seen() -> None:
    made: list[int] = []

    def late(key: int, count: int) -> Row:
        def make() -> tuple[Cell, ...]:
            made.append(key)
            return row(key, count).cells

        return LateRow(key, make, make_sort=lambda: (key, "ok", -key))

    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows([late(key, 0) for key in range(500)])
        await pilot.pause()
        assert (sorted(made), app.names()[0]) == (list(range(10)), "row 0")
        app.table.set_rows([late(key, 1 if key in {3, 400} else 0) for key in range(500)])
        await pilot.pause()
        assert len(made) == 20, "those in view, once each"
        assert [line.split()[-1] for line in app.screen_text()[1:]] == [*"000", "1", *"000000"]
        app.table.sort_key = "count"
        await pilot.pause()
        assert (app.table.rows[0].key, len(app.screen_text())) == (499, 11)
        assert len(made) <= 30, "sorting makes no cells but of those then seen"


async def test_columns_go_when_it_gets_narrow() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.table.set_rows(rows("a"))
        await pilot.pause()
        assert app.screen_text()[0].split() == ["NAME", "STATE", "COUNT"]
        await pilot.resize_terminal(20, 6)
        await pilot.pause()
        assert app.screen_text()[0].split() == ["NAME", "STATE"]
        await pilot.resize_terminal(10, 6)
        await pilot.pause()
        assert app.screen_text()[:2] == ["NAME", "row a"]
        app.table.set_columns([Column("other", "OTHER", 6)])
        assert app.screen_text()[0] == "OTHER"


async def test_marks() -> None:
    app = TableApp(marks_enabled=True)
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows("abcd"))
        await pilot.press("space", "space", "down", "space")
        assert app.table.marks == {"a", "b", "d"}
        assert [line[0] for line in app.screen_text()[1:5]] == ["✓", "✓", " ", "✓"]
        await pilot.press("space")
        assert app.table.marks == {"a", "b"}
        app.table.set_rows(rows("bcd"))
        await pilot.pause()
        assert app.said[-1] == ("marks", {"b"}), "what cannot be seen is not marked"
        app.table.clear_marks()
        assert not app.table.marks


async def test_no_marks_where_none_are_wanted() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows("abcd"))
        await pilot.press("space")
        assert app.table.marks == frozenset()
        assert app.table.cursor_key == "a"


async def test_sorting() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows([row("b", 1), row("c", 3), row("a", 2)])
        await pilot.press("s")
        assert app.names() == ["row a", "row b", "row c"]
        await pilot.press("s", "s", "S")
        assert app.names() == ["row c", "row a", "row b"]
        assert app.table.cursor_key == "b"
        assert "COUNT▾" in app.screen_text()[0]
        app.table.set_rows([row("b", 5), row("c", 3), row("a", 2)])
        assert app.names() == ["row b", "row c", "row a"]
        await pilot.press("s")
        assert app.table.sort_key is None
        await pilot.click(LineTable, offset=(36, 0))
        await pilot.click(LineTable, offset=(36, 0))
        await pilot.pause()
        assert app.said[-2:] == [("sort", "count", False), ("sort", "count", True)]


async def test_the_way_in_which_is_sorted_shows_in_a_column_as_narrow_as_its_title() -> None:
    app = TableApp([Column("name", "NAME", 4), Column("count", "COUNT", 5, "right")])
    async with app.run_test(size=(10, 4)) as pilot:
        app.table.set_rows([Row(1, (Cell("a"), Cell("1")), sort=("a", 1))])
        await pilot.press("s", "s")
        assert app.screen_text()[0] == "NAME COUN▴"
        await pilot.press("S")
        assert app.screen_text()[0] == "NAME COUN▾"


async def test_the_mouse() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows(range(30)))
        await pilot.click(LineTable, offset=(3, 4))
        assert app.table.cursor_key == 3
        await pilot.pause()
        assert ("chose", 3) not in app.said
        await pilot.click(LineTable, offset=(3, 4))
        await pilot.pause()
        assert app.said[-1] == ("chose", 3)
        await pilot.hover(LineTable, offset=(3, 6))
        assert app.table._hover == 5
        app.table.scroll_to(y=10, animate=False, immediate=True)
        await pilot.click(LineTable, offset=(3, 1))
        assert app.table.cursor_key == 10


async def test_the_cursor_passes_over_rows_that_only_say_something() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(
            [
                row("head", selectable=False),
                row("a"),
                row("more", selectable=False),
                row("b"),
                row("end", selectable=False),
            ]
        )
        assert app.table.cursor_key == "a"
        await pilot.press("down")
        assert app.table.cursor_key == "b"
        await pilot.press("down", "G")
        assert app.table.cursor_key == "b"
        await pilot.press("up", "up")
        assert app.table.cursor_key == "a"


async def test_matches_are_highlighted_and_children_indented() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows([row("a"), row("b", depth=1)])
        app.table.highlight = "ow b"
        await pilot.pause()
        strips = app.table.render_lines(Region(0, 0, 40, 3))
        assert strips[2].text.startswith("  row b")
        assert [segment.text for segment in strips[2] if segment.style and segment.style.underline] == [
            "ow b"
        ]


async def test_the_cursor_is_strong_in_focus_and_weak_outside() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.set_rows(rows("ab"))
        await pilot.pause()

        def background(line: int) -> object:
            return next(iter(app.table.render_lines(Region(0, line, 40, 1))[0])).style.bgcolor  # type: ignore[union-attr]

        strong, plain = background(1), background(2)
        app.screen.set_focus(None)
        await pilot.pause()
        weak = background(1)
        assert len({strong, plain, weak}) == 3
        app.theme = "textual-light"
        await pilot.pause()
        assert background(2) != plain


texts = st.text(max_size=60) | st.just(NASTY)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=12), st.integers(1, 60))
async def test_every_line_is_as_wide_as_the_table(cells: list[tuple[str, str, str]], width: int) -> None:
    app = TableApp(marks_enabled=True)
    async with app.run_test(size=(width, 8)) as pilot:
        app.table.set_rows(
            [
                Row(i, (Cell(a), Cell(spans=((b, "dim"), (c, "bad bold"))), Cell(c)), depth=i % 3)
                for i, (a, b, c) in enumerate(cells)
            ]
        )
        app.table.highlight = "a"
        await pilot.pause()
        for strip in app.table.render_lines(Region(0, 0, width, 8)):
            assert strip.cell_length == sum(cell_len(segment.text) for segment in strip) == width
            assert not stream_actions(strip.text)


async def test_a_cursor_that_nobody_moved_stays_on_the_first_row_where_that_is_wanted() -> None:
    app = TableApp()
    app.table.model.keeps_first = True
    async with app.run_test(size=(40, 6)) as pilot:
        app.table.set_rows(rows(range(10)))
        app.table.set_rows(rows((99, *range(10))))
        assert (app.table.cursor_key, app.table.cursor_row, app.table.scroll_offset.y) == (99, 0, 0)
        await pilot.press("j")
        app.table.set_rows(rows((100, 99, *range(10))))
        assert (app.table.cursor_key, app.table.cursor_row) == (0, 2)
        await pilot.press("g")
        app.table.set_rows(rows((101, 100, 99, *range(10))))
        assert app.table.cursor_key == 101
