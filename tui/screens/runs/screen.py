"""A run in depth, with its keys: its views, ways on from it, and what can be done to it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from agentdash.core import units
from agentdash.core.runs.model import Run
from agentdash.core.text import printable
from tui.format.item import plain
from tui.format.runs import plan as run_plan
from tui.format.runs.events import event_page
from tui.format.runs.listing import why_not
from tui.screens.page import PageScreen
from tui.screens.runs import steering
from tui.screens.runs.feed import OLDER
from tui.screens.runs.view import RunView
from tui.widgets.document import Document
from tui.widgets.linebar import Word
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable


class RunScreen(RunView):
    """One run."""

    CHANGES = frozenset({"control", "mark_failed", "end_child"})

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control('pause')", "Pause", id="runs.pause"),
        Binding("r", "control('resume')", "Resume", id="runs.resume"),
        Binding("X", "control('cancel')", "Cancel", id="runs.cancel"),
        Binding("F", "mark_failed", "Mark failed", show=False, id="runs.mark_failed"),
        Binding("K", "end_child", "End its process", show=False, id="runs.end_child"),
        Binding("v", "next_view", "View", id="run.view"),
        Binding("m", "show('why')", "Why", id="run.why"),
        Binding("d", "show('diff')", "Diff", id="run.diff"),
        Binding("l", "show('log')", "Log", id="run.log"),
        Binding("o", "repo", "Repo", id="run.repo"),
        Binding("b", "older", "Older", id="run.older"),
        Binding("f", "follow", "Follow", id="run.follow"),
        Binding("w", "wrap", "Wrap", id="run.wrap"),
        Binding("left", "sideways(-1)", "Left", show=False, id="run.left"),
        Binding("right", "sideways(1)", "Right", show=False, id="run.right"),
        Binding("z", "zoom", "Zoom", show=False, id="run.zoom"),
        Binding("y", "copy", "Copy", show=False, id="run.copy"),
        Binding("escape", "back", "Back", id="screen.back"),
    ]

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

    def on_deck_turned(self) -> None:
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The diff has keys of its own."""
        if action in {"wrap", "sideways"}:
            return self.ready and self.main.current == "diff" and self._diff.table.has_focus
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str | None:
        """Why a run cannot be paused, resumed, cancelled now; and the like."""
        if action == "older" and (self._feed.whole or self._feed.full):
            return "there are no older events" if self._feed.whole else "no more events can be held"
        if action in {"repo", "show('diff')"} and self.around.repo is None:
            return "its folder is in no repository that is followed here"
        verb = action.removeprefix("control('").removesuffix("')")
        return why_not(self.run, verb) if verb in {"pause", "resume", "cancel"} else None

    def blocked(self) -> set[str]:
        """By the state of the run."""
        actions = (
            "control('pause')",
            "control('resume')",
            "control('cancel')",
            "repo",
            "show('diff')",
            "older",
        )
        return {action for action in actions if self.why_not(action)}

    def more_keys(self) -> tuple[Word, ...]:
        """Those of an orphan, where it is one."""
        return () if self.dash.engine.read_only else run_plan.orphan_keys(self.run)

    @property
    def _this(self) -> tuple[Run, ...]:
        return (self.run,) if self.run else ()

    def action_control(self, verb: str) -> None:
        """Pause, resume or cancel it."""
        self.dash.control(self._this, verb)

    def action_mark_failed(self) -> None:
        """Record it as failed, where no worker holds it."""
        steering.mark_failed(self.dash, self._this)

    def action_end_child(self) -> None:
        """End the process that it left behind."""
        steering.end_child(self.dash, self._this)

    def action_repo(self) -> None:
        """Go to its repository."""
        steering.open_repo(self.dash, self.run)

    def action_older(self) -> None:
        """Read a page of older events."""
        if self._feed.whole:
            self.dash.say("there are no older events", good=True)
        elif self._feed.full:
            self.dash.say("no more events can be held: the oldest ones shown go as new ones come", good=False)
        else:
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
