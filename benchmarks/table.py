"""What a table of 500 rows × 10 columns costs, updated once a second: ours against Textual's DataTable.

Both are shown in turn by the same program, for the same number of updates, in one run; only the ratio means
something. Each update changes 20 cells, as a poll does; all rows are made anew each time, as a bridge does.

    python benchmarks/table.py [UPDATES]
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from tui.widgets.cells import Cell
from tui.widgets.table.columns import Column
from tui.widgets.table.rows import Row
from tui.widgets.table.table import LineTable

ROWS, COLUMNS, CHANGED = 500, 10, 20


def value(row: int, column: int, update: int) -> str:
    changed = (row * COLUMNS + column - update * 977) % (ROWS * COLUMNS) < CHANGED
    return f"{update if changed else 0}:{row}.{column}"


class LineApp(App[None]):
    CSS = "LineTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield LineTable([Column(f"c{n}", f"C{n}", 10) for n in range(COLUMNS)])

    def show(self, update: int) -> None:
        self.query_one(LineTable).set_rows(
            [
                Row(row, tuple(Cell(value(row, column, update), "dim") for column in range(COLUMNS)))
                for row in range(ROWS)
            ]
        )


class DataApp(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table: DataTable[Text] = self.query_one(DataTable)
        for column in range(COLUMNS):
            table.add_column(f"C{column}", key=str(column), width=10)
        self._shown: dict[tuple[int, int], str] = {}
        for row in range(ROWS):
            values = [value(row, column, -1) for column in range(COLUMNS)]
            table.add_row(*(Text(text, style="dim") for text in values), key=str(row))
            self._shown |= {(row, column): text for column, text in enumerate(values)}

    def show(self, update: int) -> None:
        """The kindest way there is: only cells that differ are touched."""
        table: DataTable[Text] = self.query_one(DataTable)
        for row in range(ROWS):
            for column in range(COLUMNS):
                text = value(row, column, update)
                if self._shown[row, column] != text:
                    self._shown[row, column] = text
                    table.update_cell(str(row), str(column), Text(text, style="dim"))


async def cost(app: LineApp | DataApp, updates: int) -> float:
    """CPU seconds of one update, the median; making the values counts for both."""
    costs = []
    async with app.run_test(size=(120, 40)) as pilot:
        app.show(0)
        await pilot.pause()
        for update in range(1, updates + 1):
            gc.collect()
            begun = time.process_time()
            app.show(update)
            await pilot.pause()
            costs.append(time.process_time() - begun)
    return statistics.median(costs)


async def idle(updates: int) -> float:
    """What a pause without an update costs, to be taken off."""
    costs = []
    async with LineApp().run_test(size=(120, 40)) as pilot:
        for _ in range(updates):
            begun = time.process_time()
            await pilot.pause()
            costs.append(time.process_time() - begun)
    return statistics.median(costs)


async def main(updates: int, rounds: int = 5) -> None:
    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "LineTable": lambda: cost(LineApp(), updates),
        "DataTable": lambda: cost(DataApp(), updates),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    rest = await idle(updates)
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(await way() - rest)
    ours = statistics.median(found["LineTable"])
    print(
        f"{ROWS} × {COLUMNS}, {CHANGED} cells changed in an update; {rounds} rounds of {updates}, interleaved"
    )
    for name, costs in found.items():
        middle = statistics.median(costs)
        share = f"{middle * 1000:7.2f} ms an update, {middle * 100:5.2f} % of a core at 1 Hz"
        print(f"{name:<10} {share}  {middle / ours:5.1f} ×")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
