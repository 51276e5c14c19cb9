"""A run in depth: its facts beside its events, which go on as they come."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Hashable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from agentdash.core import units
from agentdash.core.queries import RunEvents, RunEventsOf
from agentdash.core.run_doing import event_line
from agentdash.core.runs import Run, RunEvent
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.text import printable
from tui.format import detail
from tui.format.item import Cell, Column, Row
from tui.format.runs import why_not
from tui.format.state import LIVE, PaneKind, PaneState
from tui.screens.base import FactScreen
from tui.screens.page import PageScreen
from tui.widgets.document import Document, Para, field
from tui.widgets.pane import Pane
from tui.widgets.table import LineTable

KEPT = 5000
COLUMNS = (
    Column("at", "TIME", 8, sortable=False),
    Column("turn", "TURN", 4, align="right", priority=1, sortable=False),
    Column("type", "EVENT", 20, priority=2, sortable=False),
    Column("what", "WHAT", 20, flex=1, min_width=12, sortable=False),
)


class RunScreen(FactScreen):
    """One run.

    Args:
        run_id: Its id.
        name: For the trail.
    """

    AUTO_FOCUS = "#events-table"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control('pause')", "Pause", id="runs.pause"),
        Binding("r", "control('resume')", "Resume", id="runs.resume"),
        Binding("X", "control('cancel')", "Cancel", id="runs.cancel"),
        Binding("f", "follow", "Follow", id="run.follow"),
        Binding("escape", "back", "Back", id="screen.back"),
    ]

    def __init__(self, run_id: str, name: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._run_name = name
        self._events: deque[RunEvent] = deque(maxlen=KEPT)
        self._rows: deque[Row] = deque(maxlen=KEPT)
        self._dropped = 0
        self._asking = False
        self._following = True
        self._notice: tuple[Para, ...] = ()
        self._table = LineTable(COLUMNS, id="events-table")

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here."""
        return ("Runs", printable(self._run_name))

    @property
    def run(self) -> Run | None:
        """Its newest record."""
        found = self.dash.store.runs
        return next((run for run in found.runs if run.id == self._run_id), None) if found else None

    def body(self) -> Iterable[Widget]:
        """Events at the left, facts at the right."""
        yield Pane("Events", self._table, id="run-events")
        yield Pane("Run", Document(id="run-page"), id="run-facts")

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show the record anew, and read on in the events."""
        run = self.run
        page = self.query_one("#run-page", Document)
        if run is None:
            page.show([Para.of("this run is not in the store any more", "unknown")])
        else:
            page.show(detail.run(run, now, self.dash.zone))
        self.query_one("#run-facts", Pane).state = LIVE
        if Topic.RUNS in topics and not self._asking:
            self._asking = True
            self.run_worker(self._read_on(), name="events", group="events", exit_on_error=False)

    async def _read_on(self) -> None:
        """Read what came since the last event that is known."""
        try:
            after = self._events[-1].id if self._events else None
            answer = await self.dash.engine.ask(RunEventsOf(self._run_id, after, 500))
            if isinstance(answer, RunEvents):
                self._take(answer)
        except SourceError as problem:
            self._notice = (Para.of(f"✗ {printable(problem.message)}", "bad", hang=2),)
        finally:
            self._asking = False
        self._show()

    def _take(self, answer: RunEvents) -> None:
        self._notice = ()
        if answer.trimmed:
            words = f"◌ events before {answer.trimmed} were trimmed from the stream"
            self._notice = (Para.of(words, "warn", hang=2),)
        self._dropped += max(0, len(self._events) + len(answer.events) - KEPT)
        self._events.extend(answer.events)
        self._rows.extend(event_row(event, self.dash.zone) for event in answer.events)

    def _show(self) -> None:
        if not self.is_mounted:
            return
        rows = self._rows
        self._table.set_rows(tuple(rows))
        if self._following and rows and self._table.cursor_row != len(rows) - 1:
            self._table.move_to(rows[-1].key)
        pane = self.query_one("#run-events", Pane)
        kind = PaneKind.EMPTY if not rows and not self._notice else PaneKind.LIVE
        notice = self._notice or ((Para.of("○ no event yet", "dim"),) if not rows else ())
        pane.state = PaneState(kind, notice, dim=bool(self._notice and rows))
        dropped = f" · {units.count(self._dropped)} older ones dropped" if self._dropped else ""
        pane.summary = (
            f"{'following' if self._following else 'held (f follows)'} · {len(rows)} events{dropped}"
        )

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Moving up holds the view; the last row follows again."""
        rows = self._table.rows
        self._following = not rows or message.key == rows[-1].key

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: the whole event."""
        event = next((event for event in self._events if event.id == message.key), None)
        if event is not None:
            page = event_page(event)
            self.dash.push_screen(PageScreen((*self.trail, event.type), lambda _store, _now: page))

    def blocked(self) -> set[str]:
        """By the state of the run."""
        verbs = ("pause", "resume", "cancel")
        return {
            f"control('{verb}')" for verb in verbs if self.dash.engine.read_only or why_not(self.run, verb)
        }

    def action_control(self, verb: str) -> None:
        """Pause, resume or cancel it."""
        run = self.run
        self.dash.control((run,) if run else (), verb)

    def action_follow(self) -> None:
        """Go to the newest event and stay there."""
        self._following = True
        self._show()


_STYLES = {"failed": "bad", "cancelled": "bad", "completed": "good", "paused": "warn", "pausing": "warn"}


def event_row(event: RunEvent, zone: object) -> Row:
    """One event as a row."""
    from datetime import datetime, tzinfo

    known = zone if isinstance(zone, tzinfo) else None
    at = (
        ""
        if event.at is None
        else datetime.fromtimestamp(event.at / 1000, tz=known).astimezone(known).strftime("%H:%M:%S")
    )
    style = next((style for word, style in _STYLES.items() if event.type == f"run_{word}"), "")
    quiet = event.type == "subprocess_output"
    cells = (
        Cell(at, "dim"),
        Cell("" if event.turn is None else str(event.turn), "dim"),
        Cell(printable(event.type), "dim" if quiet else style or "info"),
        Cell(event_line(event), "dim" if quiet else style),
    )
    key: Hashable = event.id
    return Row(key=key, cells=cells)


def event_page(event: RunEvent) -> list[Para]:
    """One event with its payload folded out."""
    page = [
        field("event", printable(event.type), "info"),
        field("id", event.id, "id"),
        field("turn", units.UNKNOWN if event.turn is None else str(event.turn)),
        Para(),
    ]
    text = event.data.get("text")
    if isinstance(text, str):
        page += [Para.of(printable(line)) for line in text.splitlines()]
        page.append(Para())
    rest = {name: value for name, value in event.data.items() if name != "text"}
    page += [
        Para.of(printable(line))
        for line in json.dumps(rest, indent=2, ensure_ascii=False, default=str).splitlines()
    ]
    return page
