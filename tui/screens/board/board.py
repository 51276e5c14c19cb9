"""The first screen: six panes at a glance; one of them alone, with its detail, when zoomed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input

from agentdash.core.findings.model import Finding
from agentdash.core.fleet import attention
from agentdash.core.links.related import Link
from agentdash.core.snapshot import Topic
from tui.actions import HIDDEN, Action
from tui.format.state import LIVE
from tui.screens.base import FactScreen
from tui.screens.board.history import HistoryPane
from tui.screens.findings.controls import finding_controls
from tui.screens.pane import BoardPane
from tui.subjects import SUBJECTS, load, placed
from tui.widgets.document import Document, Para
from tui.widgets.log.view import LogView
from tui.widgets.pane import Pane, TopicPane
from tui.widgets.table.pane import ListPane
from tui.widgets.table.table import LineTable

NARROW = 110
"""Columns from which the page is beside a zoomed pane; it is below it in a narrower one."""
SHORT = 32
"""Lines below which panes go without titles."""
BELOW = 22
"""Lines from which there is room for that page below the pane."""
TINY = 20
"""Lines below which services give their room to the others."""
LEAST = (60, 15)
"""Columns and lines that the board needs."""


class Board(FactScreen):
    """The overview, and each pane alone."""

    AUTO_FOCUS = "#runs-table"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (TINY, "-short"), (SHORT, "-tall")]  # noqa: RUF012 - as Textual declares it

    WHERE = "the overview and its panes"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("pane.filter", "slash", "Filter", "filter"),
        Action("pane.problems", "exclamation_mark", "Problems", "problems"),
        Action("pane.zoom", "z", "Zoom", "zoom", footer=HIDDEN),
        Action("pane.details", "d", "Details", "details", footer=HIDDEN),
        Action("pane.fold", "left,right", "Fold", "fold", footer=HIDDEN),
        Action("pane.copy", "y", "Copy", "copy", footer=HIDDEN),
        Action("pane.next", "n", "Next match", "search(1)", footer=HIDDEN),
        Action("pane.previous", "N", "Previous match", "search(-1)", footer=HIDDEN),
        *finding_controls(HIDDEN),
        Action("screen.back", "escape", "All panes", "back", footer=lambda board: board.zoomed is not None),
    )

    zoomed: Topic | None = None
    details = True

    def body(self) -> Iterable[Widget]:
        """The panes, the detail beside a zoomed one, the line for the filter."""
        panes = [HistoryPane() if row is None else load(row.pane)(row, self.dash) for row in placed()]
        yield Container(*panes, Pane("Detail", Document(id="detail-page"), id="detail"), id="board")
        yield Document(id="too-small")
        yield Input(id="filter")

    @property
    def trail(self) -> tuple[str, ...]:
        """The zoomed pane."""
        return (SUBJECTS[self.zoomed].title,) if self.zoomed else ()

    @property
    def panes(self) -> list[TopicPane]:
        """The six panes, in the order of their numbers."""
        return [self.pane(row.topic) for row in SUBJECTS.values()]

    def pane(self, topic: Topic) -> TopicPane:
        """The pane of *topic*."""
        found = self.query_one(f"#{topic.value}")
        assert isinstance(found, TopicPane)
        return found

    @property
    def current(self) -> TopicPane:
        """The pane that has the focus, else the zoomed one, else the first."""
        for node in self.focused.ancestors if self.focused else ():
            if isinstance(node, TopicPane):
                return node
        return self.pane(self.zoomed or Topic.RUNS)

    def on_mount(self) -> None:
        """Hide the filter line and the page."""
        self.query_one("#filter", Input).display = False
        self.query_one("#detail").display = False

    def on_resize(self) -> None:
        """Show what is needed where the terminal is too small; no titles where lines are few."""
        width, height = self.app.size
        small = width < LEAST[0] or height < LEAST[1]
        self.query_one("#board").display = not small
        notice = self.query_one("#too-small", Document)
        notice.display = small
        needs = f"agentdash needs {LEAST[0]}×{LEAST[1]} cells to show its panes"
        notice.show([Para.of(f"{needs}; this terminal has {width}×{height}.", "warn")])
        for pane in self.panes:
            if isinstance(pane, ListPane):
                pane.set_short(height < SHORT)
        self._place_detail()

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Update the panes whose topic changed."""
        for pane in self.panes:
            if pane.topic in topics and pane.display:
                self.attempt(pane, partial(self._show_pane, pane, now))
        history = self.query_one(HistoryPane)
        self.attempt(history, partial(history.present, self.dash.store, now))
        self.show_detail(now)

    def _show_pane(self, pane: TopicPane, now: int) -> None:
        store = self.dash.store
        pane.present(store, store.health.get(pane.topic), now)
        if isinstance(pane, ListPane) and (pane.topic is self.zoomed or pane.table.has_focus):
            pane.note_above(need.key for need in attention(store, now) if need.topic is pane.topic)

    def show_detail(self, now: int) -> None:
        """Update the page beside a zoomed pane."""
        if not self.ready:
            return
        side = self.query_one("#detail", Pane)
        if side.display:
            self.attempt(side, partial(self._show_detail, side, now))

    def _show_detail(self, side: Pane, now: int) -> None:
        self.query_one("#detail-page", Document).show(
            pane.page(now) if isinstance(pane := self.current, BoardPane) else ()
        )
        side.state = LIVE

    def links(self) -> Sequence[Link]:
        """Links from what the cursor is on."""
        pane = self.current
        if pane.subject is None:
            return ()
        return SUBJECTS[pane.topic].links_of(self.dash.store, pane.subject)

    def zoom(self, topic: Topic | None) -> None:
        """Show one pane alone, or all."""
        self.zoomed = topic
        self.query_one("#board").set_class(topic is not None, "-zoomed")
        for pane in self.panes:
            pane.set_class(topic is not None and pane.topic is not topic, "-away")
            if isinstance(pane, ListPane):
                pane.set_zoomed(topic is pane.topic)
        self._place_detail()
        if topic is not None:
            self.set_focus(self.pane(topic).body)  # at once: keys that were typed ahead are for it
            self.pane(topic).body.focus()  # where it was away until now
        self.refresh_bindings()
        self.call_after_refresh(self._catch_up)

    def _catch_up(self) -> None:
        self.update(frozenset(Topic), self.dash.now())

    def _place_detail(self) -> None:
        wide, height = self.app.size.width >= NARROW, self.app.size.height
        room = wide or height >= BELOW
        shown = self.zoomed is not None and self.zoomed is not Topic.LOGS and self.details and room
        self.query_one("#detail").display = shown
        if shown:
            self.call_after_refresh(lambda: self.show_detail(self.dash.now()))

    def action_zoom(self) -> None:
        """The pane with the focus alone, or all panes again."""
        self.zoom(None if self.zoomed else self.current.topic)

    def action_details(self) -> None:
        """Show or hide the page beside a zoomed pane; zoom where none is."""
        self.details = self.zoomed is None or not self.details
        if self.zoomed is None:
            self.zoom(self.current.topic)
        else:
            self._place_detail()

    async def action_back(self) -> None:
        """Clear the filter, else show all panes again. Never quits."""
        line, pane = self.query_one("#filter", Input), self.current
        if line.has_focus:
            self._filter(self._filtered, needle="")
            self._close_filter()
        elif isinstance(pane, ListPane) and pane.table.marks:
            pane.table.clear_marks()
        elif pane.is_filtered:
            self._show_all(pane)
        elif self.zoomed is not None:
            self.zoom(None)

    # Filters

    def _filter(self, pane: TopicPane, *, needle: str | None = None, problems: bool | None = None) -> None:
        pane.filter_rows(needle=needle, problems=problems)
        self.present(pane)

    def present(self, pane: TopicPane) -> None:
        """Update one pane."""
        store = self.dash.store
        self.attempt(pane, lambda: pane.present(store, store.health.get(pane.topic), self.dash.now()))

    def _show_all(self, pane: TopicPane) -> None:
        pane.show_all()
        self.present(pane)

    def action_filter(self) -> None:
        """Prompt for the text to filter by."""
        line = self.query_one("#filter", Input)
        self._filtered = self.current
        line.display = True
        line.value = self._filtered.needle
        line.placeholder = f"filter {SUBJECTS[self._filtered.topic].title.lower()} by text"
        self.set_focus(line)  # at once: what was typed ahead is for it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        if event.input.display:
            self._filter(self._filtered, needle=event.value)

    def on_input_submitted(self) -> None:
        """Keep the filter and go back to the pane."""
        self._close_filter()

    def _close_filter(self) -> None:
        self.query_one("#filter", Input).display = False
        self._filtered.body.focus()

    def action_problems(self) -> None:
        """Show only problems, or all."""
        self._filter(self.current, problems=not self.current.problems)

    def action_fold(self) -> None:
        """Fold or unfold what the cursor is on."""
        pane = self.current
        if isinstance(pane, ListPane):
            pane.toggle()
            self._filter(pane)

    def action_copy(self) -> None:
        """Copy the row or the line."""
        self.dash.copy(self.current.line, "the row")

    def action_search(self, step: int) -> None:
        """Go to the next match, or to the previous one."""
        if not self.current.search(step):
            self.dash.say("no filter (/: filter)", good=False)

    @property
    def finding(self) -> Finding | None:
        """The one under the cursor."""
        subject = self.current.subject
        return subject if isinstance(subject, Finding) else None

    def go_to(self, topic: Topic, key: Hashable) -> None:
        """Zoom to the pane of *topic* and put the cursor on *key*."""
        self.zoom(topic)
        pane = self.pane(topic)
        if isinstance(pane, ListPane):
            if pane.is_filtered:
                self._show_all(pane)
            pane.table.move_to(key)

    # Messages of the panes

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """The page beside follows the cursor; the footer follows what can be done to it."""
        if self.is_current:
            self.show_detail(self.dash.now())
            self.draw_footer()
        message.stop()

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: open the record."""
        for pane in self.panes:
            if isinstance(pane, ListPane) and pane.table is message.table and pane.subject is not None:
                self.dash.open(pane.subject)

    def on_board_pane_page_changed(self) -> None:
        """Update the page."""
        self.show_detail(self.dash.now())

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        """Enter on a line of the log."""
        self.dash.open(message.line)
