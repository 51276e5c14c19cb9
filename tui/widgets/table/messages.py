"""What a table tells the screen that it is on. Handlers are named ``on_line_table_…``."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget


class TableMessages:
    """The messages of `LineTable`."""

    @dataclass
    class RowHighlighted(Message, namespace="line_table"):
        """The cursor is on another row; `key` is None when no row is left to be on."""

        table: Widget
        key: Hashable | None

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class RowSelected(Message, namespace="line_table"):
        """Enter was pressed on a row, or it was clicked while the cursor was there."""

        table: Widget
        key: Hashable

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class MarksChanged(Message, namespace="line_table"):
        """Rows were marked or unmarked, or marked rows have gone."""

        table: Widget
        marks: frozenset[Hashable]

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class SortChanged(Message, namespace="line_table"):
        """The order was changed by the person."""

        table: Widget
        key: str | None
        descending: bool

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table
