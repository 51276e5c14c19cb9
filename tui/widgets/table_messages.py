"""What a table tells the screen that it is on. Handlers are named ``on_line_table_…``."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tui.widgets.table import LineTable


class TableMessages:
    """The messages of `LineTable`."""

    @dataclass
    class RowHighlighted(Message, namespace="line_table"):
        """The cursor is on another row; `key` is None when no row is left to be on."""

        table: LineTable
        key: Hashable | None

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    @dataclass
    class RowSelected(Message, namespace="line_table"):
        """Enter was pressed on a row, or it was clicked while the cursor was there."""

        table: LineTable
        key: Hashable

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    @dataclass
    class MarksChanged(Message, namespace="line_table"):
        """Rows were marked or unmarked, or marked rows have gone."""

        table: LineTable
        marks: frozenset[Hashable]

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    @dataclass
    class SortChanged(Message, namespace="line_table"):
        """The order was changed by the person."""

        table: LineTable
        key: str | None
        descending: bool

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table
