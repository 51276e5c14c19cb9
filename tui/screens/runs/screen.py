"""A run in depth, with its keys: its views, ways on from it, and what can be done to it."""

from __future__ import annotations

from typing import Any, ClassVar

from agentdash.core import units
from agentdash.core.runs.model import Run
from agentdash.core.text import printable
from tui.actions import HIDDEN, Action
from tui.format.item import plain
from tui.format.runs.events import event_page
from tui.screens.base import BACK
from tui.screens.page import PageScreen
from tui.screens.runs import steering
from tui.screens.runs.controls import RUN_CONTROLS
from tui.screens.runs.feed import OLDER
from tui.screens.runs.view import RunView
from tui.widgets.document import Document
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable


class RunScreen(RunView):
    """One run."""

    WHERE = "a run"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        *RUN_CONTROLS,
        Action("run.view", "v", "View", "next_view"),
        Action("run.why", "m", "Why", "show('why')"),
        Action("run.diff", "d", "Diff", "show('diff')", why_not=lambda run: run.why_no_repo),
        Action("run.log", "l", "Log", "show('log')"),
        Action("run.repo", "o", "Repo", "repo", why_not=lambda run: run.why_no_repo),
        Action("run.older", "b", "Older", "older", why_not=lambda run: run.why_no_older),
        Action("run.follow", "f", "Follow", "follow"),
        Action("run.wrap", "w", "Wrap", "wrap", visible=lambda run: run.is_in_diff),
        Action("run.left", "left", "Left", "sideways(-1)", visible=lambda run: run.is_in_diff, footer=HIDDEN),
        Action(
            "run.right", "right", "Right", "sideways(1)", visible=lambda run: run.is_in_diff, footer=HIDDEN
        ),
        Action("run.zoom", "z", "Zoom", "zoom", footer=HIDDEN),
        Action("run.copy", "y", "Copy", "copy", footer=HIDDEN),
        BACK,
    )

    # What happens

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Moving up in the events holds the view; the last row follows again."""
        if message.table is self._events.table:
            self._events.moved_to(message.key)

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: the whole event, the events of a turn, the hunk of a line."""
        if message.table is self._turns.table:
            self._go_to_turn(message.key)
        elif message.table is self._events.table and (event := self._feed.event(message.key)) is not None:
            page = event_page(event, self.dash.zone)
            self.dash.push_screen(PageScreen((*self.trail, printable(event.type)), lambda _s, _n: page))
        elif message.table is self._diff.table:
            hunk = self._diff.hunk(message.key)
            self.dash.push_screen(PageScreen((*self.trail, "diff"), lambda _s, _n: hunk))

    def _go_to_turn(self, number: object) -> None:
        turn = next((t for t in self._feed.story.turns.values() if t.number == number), None)
        self.action_show("events")
        self._events.following = False
        if turn is not None and not self._events.table.move_to(turn.first):
            self.dash.say("the events of this turn are no longer held", good=False)

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        """Enter on a line of output or log."""
        self.dash.open(message.line)

    def on_log_view_changed(self) -> None:
        """Following or counts changed."""
        self._show_main(self.dash.now())

    def on_tab_group_switched(self) -> None:
        """Draw what is shown now."""
        self.facts(frozenset(), self.dash.now())
        self.refresh_bindings()
        self.draw_footer()

    # What a person does

    def action_wrap(self) -> None:
        """Long lines of the diff go on below, or are cut."""
        self._diff.wrap, self._diff.shift = not self._diff.wrap, 0
        self._show_main(self.dash.now())

    def action_sideways(self, step: int) -> None:
        """Shift the lines of the diff."""
        self._diff.move(step)
        self._show_main(self.dash.now())

    @property
    def is_in_diff(self) -> bool:
        """Whether the diff has the focus, which has keys of its own."""
        return self.ready and self.main.current == "diff" and self._diff.table.has_focus

    @property
    def why_no_repo(self) -> str | None:
        """Why neither its repository nor its diff can be shown; None where they can."""
        return None if self.around.repo else "its folder is in no repository that is followed here"

    @property
    def why_no_older(self) -> str | None:
        """Why no older events can be read; None where they can."""
        if self._feed.whole:
            return "there are no older events"
        return (
            "no more events fit: the oldest shown are dropped as new ones come" if self._feed.full else None
        )

    @property
    def chosen(self) -> tuple[Run, ...]:
        """The run, while it is in the store."""
        return (self.run,) if self.run else ()

    just_moved = None

    def action_repo(self) -> None:
        """Go to its repository."""
        steering.open_repo(self.dash, self.run)

    def action_older(self) -> None:
        """Read a page of older events."""
        self.dash.say(f"reading {units.count(OLDER)} older events", good=True)
        self._events.following = False
        self._start("older", self._read_older())

    def action_follow(self) -> None:
        """Go to the newest event and stay there, or hold what is seen."""
        self._events.following = not self._events.following
        self._show_main(self.dash.now())

    def action_copy(self) -> None:
        """Copy what the cursor is on, or the page."""
        match self.focused:
            case LineTable() as table:
                row = table.row_of(table.cursor_key)
                self.dash.copy(plain(row) if row else "", "the row")
            case LogView() as view:
                self.dash.copy(view.current_line.message if view.current_line else "", "the line")
            case Document() as page:
                text = "\n".join("".join(text for text, _ in para.parts) for para in page.paras)
                self.dash.copy(text, "the page")
