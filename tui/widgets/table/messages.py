"""What a table reports to the screen that it is on. Handlers are named ``on_line_table_…``."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget


@dataclass
class TableMessage(Message):
    """A message of a table."""

    table: Widget

    @property
    def control(self) -> Widget:
        """The table."""
        return self.table


class TableMessages:
    """The messages of `LineTable`."""

    @dataclass
    class RowHighlighted(TableMessage, namespace="line_table"):
        """The cursor is on another row; `key` is None when no row is left to be on."""

        key: Hashable | None

    @dataclass
    class RowSelected(TableMessage, namespace="line_table"):
        """Enter was pressed on a row, or it was clicked while the cursor was there."""

        key: Hashable

    @dataclass
    class MarksChanged(TableMessage, namespace="line_table"):
        """Rows were marked or unmarked, or marked rows have gone."""

        marks: frozenset[Hashable]

    @dataclass
    class SortChanged(TableMessage, namespace="line_table"):
        """The order was changed by the person."""

        key: str | None
        descending: bool
