"""A pane of the board with a table, made from the row of its subject."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.message import Message

from agentdash.core.snapshot import Topic
from tui.actions import HasActions
from tui.format.item import Listing, ListingView
from tui.subjects import SubjectRow, load
from tui.widgets.document import Para
from tui.widgets.table.pane import Lister, ListPane

if TYPE_CHECKING:
    from agentdash.core.store import Store
    from tui.dash import Dash


def _lister(topic: Topic, listing: Callable[[Any, int, ListingView], Listing]) -> Lister:
    """Lists the slice of *topic*; None before its first data."""

    def lister(store: Store, now: int, view: ListingView) -> Listing | None:
        snapshot = getattr(store, topic.value)
        return None if snapshot is None else listing(snapshot, now, view)

    return lister


class BoardPane(HasActions, ListPane):
    """One subject as a table.

    Args:
        subject: Its row.
        dash: The app.
    """

    class PageChanged(Message):
        """More is known for the page of the record under the cursor."""

    def __init__(self, subject: SubjectRow, dash: Dash) -> None:
        self.row = subject
        self.dash = dash
        columns = import_module(subject.listing)
        super().__init__(
            subject.topic,
            subject.heading,
            load(subject.lines)() if subject.lines else _lister(subject.topic, columns.listing),
            columns.COLUMNS,
            columns.WIDE,
            marks=subject.marks,
        )

    def page(self, now: int) -> list[Para]:
        """The page of the record under the cursor."""
        if self.subject is None:
            return [Para.of("nothing selected", "dim")]
        return self.row.page_of(self.dash.store, now, self.dash.zone, self.subject)
