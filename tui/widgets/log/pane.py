"""The pane of the log: says whether it follows, how much it holds, what came meanwhile, what was skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import ClassVar

from textual.message import Message

from agentdash.core import units
from agentdash.core.logs.model import Level, LogRing
from agentdash.core.snapshot import SourceHealth, Topic
from agentdash.core.store import Store
from agentdash.core.text import printable
from tui.actions import HIDDEN, Action, HasActions
from tui.format.state import pane_state
from tui.widgets.cells import sparkline
from tui.widgets.log.terms import WAYS
from tui.widgets.log.view import LogView
from tui.widgets.pane import TopicPane

COURSE = 30
"""Buckets of ten seconds of which the border shows the errors."""
WIDE = 100
"""Cells from which on there is room for that."""
EMPTY = ("no log is followed yet", "name files in the settings, [logs] files, or a service's log")


class LogPane(HasActions, TopicPane):
    """All logs as one.

    Args:
        title: In the border.
        ring: The lines.
        zone: Time zone of what is shown.
    """

    WHERE = "the log"
    ACTIONS: ClassVar[tuple[Action[LogPane], ...]] = (
        Action("log.trace", "t", "Trace", "ask('trace')"),
        Action("log.search", "asterisk", "Search", "ask('search')", footer=HIDDEN),
        Action("log.jump", "J", "Go to a time", "ask('jump')", footer=HIDDEN),
        Action("log.export", "x", "Write to a file", "ask('export')", footer=HIDDEN),
    )

    @dataclass
    class Asked(Message):
        """A person wants something of the log for which they must be asked more.

        Attributes:
            what: ``trace``, ``search``, ``jump`` or ``export``.
        """

        pane: LogPane
        what: str

        @property
        def control(self) -> LogPane:
            """The pane."""
            return self.pane

    def __init__(self, title: str, ring: LogRing, zone: tzinfo | None) -> None:
        self.log_view = LogView(ring, tz=zone, id="log-view")
        super().__init__(Topic.LOGS, title, self.log_view)
        self._behind_ms = 0
        self._skipped = 0
        self._lost = 0
        self._failing: tuple[str, ...] = ()
        self._awaited: tuple[str, ...] = ()
        self._said: tuple[SourceHealth | None, int, bool] | None = None
        self._course: tuple[float, ...] = ()

    @property
    def subject(self) -> object:
        """The line of the cursor."""
        return self.log_view.current_line

    @property
    def line(self) -> str:
        """The line of the cursor as text, for copying."""
        line = self.log_view.current_line
        return line.message if line else ""

    @property
    def needle(self) -> str:
        """The text that lines must hold."""
        return self.log_view.filter_text

    @property
    def problems(self) -> bool:
        """Whether only errors are shown."""
        return self.log_view.level_filter is not None

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out, or searched for."""
        return super().narrowed or bool(self.log_view.search_text)

    def show_all(self) -> None:
        """Leave nothing out, and highlight nothing."""
        self.log_view.search_text = ""
        super().show_all()
        self.caption()

    def narrow(self, *, needle: str | None = None, problems: bool | None = None) -> None:
        """Change what is shown."""
        if needle is not None:
            self.log_view.filter_text = needle
        if problems is not None:
            self.log_view.level_filter = Level.WARN if problems else None

    def present(self, store: Store, health: SourceHealth | None, now: int) -> None:
        """Show the lines that have come."""
        self._behind_ms, self._skipped = store.log_behind_ms, store.logs.skipped
        self._lost = sum(source.lost for source in store.log_sources)
        failing = [source for source in store.log_sources if source.error]
        self._awaited = tuple(source.name for source in failing if source.missing)
        self._failing = tuple(
            f"{source.name}: {source.path}: {source.error}" for source in failing if not source.missing
        )
        self._course = tuple(value or 0.0 for value in store.history.errors.recent(now)[-COURSE:])
        self.log_view.keep_up()
        begun = bool(len(store.logs) or store.log_sources)
        self._said = health, now, begun or (health is not None and health.last_success is not None)
        self._tell()
        self.caption()

    def _tell(self) -> None:
        """Say what stands above or in place of the lines."""
        if self._said is None:
            return
        health, now, begun = self._said
        rows = self.log_view.total if begun else None
        notes = self._failing
        if rows and not self.log_view.shown:
            notes = (f"none of {units.count(rows)} lines passes the filter: {WAYS}", *notes)
        empty = EMPTY
        if self._awaited:
            empty = (f"not there yet: {', '.join(self._awaited)}", "each is followed as soon as it appears")
        self.state = pane_state(health, now, rows=rows, empty=empty, notes=notes)

    def on_resize(self) -> None:
        """More or less fits into the border."""
        self.caption()

    def on_log_view_changed(self) -> None:
        """Following, counts or filter changed."""
        self._tell()
        self.caption()

    def caption(self) -> None:
        """Say in the border how the view stands."""
        view = self.log_view
        total = f"{view.total:,}".replace(",", " ")
        limit = f"{view.ring.limit:,}".replace(",", " ")
        parts = ["following" if view.following else f"held, {view.frozen_new} new below (f follows)"]
        words = [f"“{self.needle}”"] if self.needle else []
        words += ["warnings and errors"] if self.problems else []
        parts.append(f"{view.shown:,} of {total}".replace(",", " ") if words else f"{total} of {limit}")
        words += [f"n N: “{view.search_text}”"] if view.search_text else []
        if words:
            parts.append(" ".join(words) + " · esc clears")
        if any(self._course) and self.size.width >= WIDE:
            errors = round(sum(self._course))
            parts.append(f"{units.plural(errors, 'error')} {sparkline(self._course, COURSE)}")
        if self._behind_ms >= 1000:
            parts.append(f"{units.age(self._behind_ms)} behind")
        parts.append(f"{units.count(self._skipped)} skipped")
        if self._lost:
            parts.append(f"{units.size(self._lost)} lost to truncation")
        if self._failing:
            parts.append(f"{len(self._failing)} not readable")
        if self._awaited:
            one = printable(self._awaited[0]) if not self._awaited[1:] else f"{len(self._awaited)} files"
            parts.append(f"{one} not there yet")
        self.summary = " · ".join(parts)

    def action_ask(self, what: str) -> None:
        """Ask for more: a text, a time, a file; or open the trace of the line."""
        self.post_message(self.Asked(self, what))
