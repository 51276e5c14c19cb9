"""The pane of the log: the view, and in its border following or paused, counts, delays and errors."""

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
from tui.widgets.log.terms import SYNTAX
from tui.widgets.log.view import LogView
from tui.widgets.pane import TopicPane

BUCKETS = 30
"""Buckets of ten seconds of which the border shows the errors."""
WIDE = 100
"""Cells from which on the border has room for that."""
EMPTY = ("no log files configured", "set files under [logs] in the settings, or the log of a service")


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
    class DialogRequested(Message):
        """An action on the log that needs a dialog.

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
        self._missing: tuple[str, ...] = ()
        self._presented: tuple[SourceHealth | None, int, bool] | None = None
        self._errors: tuple[float, ...] = ()

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
        """The text that lines must contain."""
        return self.log_view.filter_text

    @property
    def problems(self) -> bool:
        """Whether only errors are shown."""
        return self.log_view.level_filter is not None

    @property
    def is_filtered(self) -> bool:
        """Whether a filter or a search is set."""
        return super().is_filtered or bool(self.log_view.search_text)

    def show_all(self) -> None:
        """Clear the filter and the search."""
        self.log_view.search_text = ""
        super().show_all()
        self.caption()

    def filter_rows(self, *, needle: str | None = None, problems: bool | None = None) -> None:
        """Change the filter."""
        if needle is not None:
            self.log_view.filter_text = needle
        if problems is not None:
            self.log_view.level_filter = Level.WARN if problems else None

    def present(self, store: Store, health: SourceHealth | None, now: int) -> None:
        """Show new lines."""
        self._behind_ms, self._skipped = store.log_behind_ms, store.logs.skipped
        self._lost = sum(source.lost for source in store.log_sources)
        failing = [source for source in store.log_sources if source.error]
        self._missing = tuple(source.name for source in failing if source.missing)
        self._failing = tuple(
            f"{source.name}: {source.path}: {source.error}" for source in failing if not source.missing
        )
        self._errors = tuple(value or 0.0 for value in store.history.errors.recent(now)[-BUCKETS:])
        self.log_view.keep_up()
        begun = bool(len(store.logs) or store.log_sources)
        self._presented = health, now, begun or (health is not None and health.last_success is not None)
        self._set_state()
        self.caption()

    def _set_state(self) -> None:
        """Set what is shown above or in place of the lines."""
        if self._presented is None:
            return
        health, now, begun = self._presented
        rows = self.log_view.total if begun else None
        notes = self._failing
        if rows and not self.log_view.shown:
            notes = (f"none of {units.count(rows)} lines matches the filter: {SYNTAX}", *notes)
        empty = EMPTY
        if self._missing:
            empty = (f"no log file yet: {', '.join(self._missing)}", "each is followed as soon as it appears")
        self.state = pane_state(health, now, rows=rows, empty=empty, notes=notes)

    def on_resize(self) -> None:
        """More or less fits into the border."""
        self.caption()

    def on_log_view_changed(self) -> None:
        """Following, counts or filter changed."""
        self._set_state()
        self.caption()

    def caption(self) -> None:
        """Set the text of the border."""
        view = self.log_view
        total = f"{view.total:,}".replace(",", " ")
        limit = f"{view.ring.limit:,}".replace(",", " ")
        parts = [view.status]
        filters = [f"“{self.needle}”"] if self.needle else []
        filters += ["warnings and errors"] if self.problems else []
        parts.append(f"{view.shown:,} of {total}".replace(",", " ") if filters else f"{total} of {limit}")
        filters += [f"n N: “{view.search_text}”"] if view.search_text else []
        if filters:
            parts.append(" ".join(filters) + " · esc: clear")
        if any(self._errors) and self.size.width >= WIDE:
            errors = round(sum(self._errors))
            parts.append(f"{units.plural(errors, 'error')} {sparkline(self._errors, BUCKETS)}")
        if self._behind_ms >= 1000:
            parts.append(f"{units.age(self._behind_ms)} behind")
        parts.append(f"{units.count(self._skipped)} skipped")
        if self._lost:
            parts.append(f"{units.size(self._lost)} lost to truncation")
        if self._failing:
            parts.append(f"{len(self._failing)} unreadable")
        if self._missing:
            one = printable(self._missing[0]) if not self._missing[1:] else f"{len(self._missing)} logs"
            parts.append(f"{one}: no log file yet")
        self.summary = " · ".join(parts)

    def action_ask(self, what: str) -> None:
        """Open the dialog for a text, a time or a file, or the trace of the line."""
        self.post_message(self.DialogRequested(self, what))
