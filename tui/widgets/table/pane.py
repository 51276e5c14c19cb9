"""A pane with a table: shows a listing the way the person wants it, and knows what the cursor is on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from agentdash.core.snapshot import SourceHealth, Topic
from agentdash.core.store import Store
from tui.format.item import Column, Listing, ListingView, plain, rows_of
from tui.format.state import pane_state
from tui.widgets.pane import TopicPane
from tui.widgets.table.table import LineTable

ROOMY = 100
"""Cells from which on a pane shows all its columns."""

Lister = Callable[[Store, int, ListingView], Listing | None]
"""(store, now, view) → what to list; None before the first data."""


class ListPane(TopicPane):
    """One subject as a table.

    Args:
        topic: Which subject.
        title: In the border.
        lister: Makes the listing.
        columns: Always.
        wide: In place of them, where there is room: the same, with more after them.
        marks: Whether rows can be marked.
    """

    def __init__(
        self,
        topic: Topic,
        title: str,
        lister: Lister,
        columns: Sequence[Column],
        wide: Sequence[Column],
        *,
        marks: bool = False,
    ) -> None:
        self.table = LineTable(columns, id=f"{topic.value}-table", show_header=bool(columns[1].title))
        super().__init__(topic, title, self.table)
        self.view = ListingView()
        self.marks = marks
        self._lister = lister
        self._columns = tuple(columns)
        self._wide = tuple(wide)
        self._subjects: dict[Hashable, object] = {}
        self._zoomed = False
        self._short = False

    @property
    def subject(self) -> object:
        """The record that the cursor is on; None where there is none."""
        return self._subjects.get(self.table.cursor_key)

    @property
    def subjects(self) -> tuple[object, ...]:
        """The marked records, in the order shown; where none is marked, that of the cursor."""
        marked = [self._subjects[row.key] for row in self.table.rows if row.key in self.table.marks]
        return tuple(marked) if marked else (() if self.subject is None else (self.subject,))

    @property
    def line(self) -> str:
        """The row of the cursor as text, for copying."""
        row = self.table.row_of(self.table.cursor_key)
        return plain(row) if row else ""

    def set_zoomed(self, zoomed: bool) -> None:
        """Take the whole screen, or one's place among the others."""
        self._zoomed = zoomed
        self._choose_columns()

    def set_short(self, short: bool) -> None:
        """Where lines are few, go without the titles of the columns."""
        self._short = short
        self._choose_columns()

    def on_resize(self) -> None:
        """More columns where there is room for them."""
        self._choose_columns()

    def _choose_columns(self) -> None:
        wide = self._zoomed or self.size.width >= ROOMY
        titled = bool(self._columns[1].title) and not self._short
        self.table.set_columns(self._wide if wide else self._columns)
        self.table.set_header(self._zoomed or titled)
        self.table.marks_enabled = self._zoomed and self.marks

    def present(self, store: Store, health: SourceHealth | None, now: int) -> None:
        """Show what the store has now."""
        listing = self._lister(store, now, self.view)
        if listing is None:
            self.table.set_rows(())
            self._subjects = {}
            self.summary = ""
            self.state = pane_state(health, now, rows=None, empty=("", ""))
            return
        rows, self._subjects, hidden = rows_of(listing, self.view)
        self.table.model.keeps_first = not self._zoomed  # there the page beside it is read
        self.table.set_rows(rows)
        if not self._zoomed and not self.table.has_focus:
            self.table.show_top()  # the most important rows
        self.table.highlight = self.view.needle
        self.summary = self._filter_summary(listing, len(rows), hidden)
        empty = listing.empty
        if not rows and hidden:
            empty = (f"0 of {hidden} shown: {self._filter_text()}", "esc: show all")
        self.state = pane_state(health, now, rows=len(rows), empty=empty, notes=listing.notes)

    def note_above(self, urgent: Iterable[Hashable]) -> None:
        """Say in the border how many of the rows with keys in *urgent* are above what is seen."""
        if number := self.table.above(urgent):
            self.summary = f"▲ {number} above need{'s' if number == 1 else ''} you (a) · {self.summary}"

    @property
    def needle(self) -> str:
        """The text that lines must hold."""
        return self.view.needle

    @property
    def problems(self) -> bool:
        """Whether only what is not fine is shown."""
        return self.view.problems

    def filter_rows(self, *, needle: str | None = None, problems: bool | None = None) -> None:
        """Change the view; None leaves that as it is."""
        self.view = replace(
            self.view,
            needle=self.view.needle if needle is None else needle,
            problems=self.view.problems if problems is None else problems,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything may be left out."""
        return self.view.is_filtered

    def show_all(self) -> None:
        """Leave nothing out."""
        self.view = replace(self.view, needle="", problems=False, kind="")

    def search(self, step: int) -> bool:
        """With a filter every row is a match."""
        if self.view.needle and step > 0:
            self.table.action_cursor_down()
        elif self.view.needle:
            self.table.action_cursor_up()
        return bool(self.view.needle)

    def toggle(self) -> None:
        """Fold or unfold what the cursor is on."""
        key = self.table.cursor_key
        name = key[0] if isinstance(key, tuple) else key
        if name is not None:
            self.view = replace(self.view, toggled=self.view.toggled ^ {name})

    def _filter_text(self) -> str:
        parts = [f"only {self.view.kind}"] if self.view.kind else []
        parts += [f"filter “{self.view.needle}”"] if self.view.needle else []
        return " · ".join([*parts, "only problems"] if self.view.problems else parts)

    def _filter_summary(self, listing: Listing, shown: int, hidden: int) -> str:
        if not self.view.is_filtered:
            return listing.summary
        return f"{shown} of {shown + hidden} · {self._filter_text()} · esc: clear"
