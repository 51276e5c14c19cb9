"""The tables of a run's events, following or paused, and of its turns."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.runs.model import Run
from agentdash.core.text import printable
from tui.format.runs.events import COLUMNS
from tui.format.runs.turns import TURN_COLUMNS, turn_rows
from tui.format.state import LIVE, PaneKind, PaneState
from tui.screens.runs.feed import RunFeed
from tui.widgets.document import Para
from tui.widgets.pane import Pane
from tui.widgets.table.table import LineTable
from tui.widgets.tabs import TabGroup


class EventsView:
    """The events.

    Attributes:
        table: The widget.
        following: Whether the cursor follows the newest event.
    """

    def __init__(self) -> None:
        self.table = LineTable(COLUMNS, id="events-table")
        self.following = True

    def moved_to(self, key: Hashable) -> None:
        """Pause when the cursor moves up; follow again on the last row."""
        rows = self.table.rows
        self.following = not rows or key == rows[-1].key

    def present(self, tabs: TabGroup, feed: RunFeed, run: Run | None, failed: str) -> None:
        """Show the events, or why there are none."""
        rows = feed.rows
        self.table.set_rows(tuple(rows))
        if self.following and rows and self.table.cursor_row != len(rows) - 1:
            self.table.move_to(rows[-1].key)
        notice: list[Para] = []
        if failed:
            notice.append(Para.of(f"✗ {printable(failed)}", "bad", hang=2))
        if feed.trimmed:
            text = f"◌ events before {feed.trimmed} were trimmed from the stream"
            notice.append(Para.of(text, "warn", hang=2))
        if not rows and not notice:
            notice.append(Para.of("○ no events yet" if feed.begun else "◌ loading …", "dim"))
        kind = PaneKind.ERROR if failed else PaneKind.LIVE if rows else PaneKind.EMPTY
        tabs.state = PaneState(kind, tuple(notice), dim=bool(rows) and bool(notice))
        tabs.summary = " · ".join(self._summary(feed, run, len(rows)))

    def _summary(self, feed: RunFeed, run: Run | None, shown: int) -> list[str]:
        total = run.events if run is not None and run.events is not None else None
        more = not feed.whole and bool(shown)
        of = f" of {units.count(total)}" if more and total is not None and total > shown else ""
        noun = "event" if shown == 1 and not of else "events"
        parts = ["following" if self.following else "paused (f: follow)", f"{shown}{of} {noun}"]
        if feed.dropped:
            parts.append(f"{units.count(feed.dropped)} older dropped")
        elif more and not feed.full:
            parts.append("b: older")
        return parts


class TurnsPane(Pane):
    """The turns of a run, newest first."""

    def __init__(self) -> None:
        self.table = LineTable(TURN_COLUMNS, id="turns-table")
        super().__init__("Turns", self.table, id="run-turns")

    def present(self, feed: RunFeed, run: Run | None, now: int, zone: tzinfo | None) -> None:
        """Show the turns of the events read so far."""
        turns = feed.summary.turns
        self.table.set_rows(turn_rows(turns.values(), run, now, zone))
        known, total = len(turns), run.current_turn if run else None
        of = f"{known} of {total}" if total and total > known else str(known)
        partial = "" if feed.whole or not feed.begun else " · of loaded events"
        self.summary = f"{of} · newest first{partial}"
        nothing = Para.of("◌ loading …" if not feed.begun else "○ no turns yet", "dim")
        self.state = LIVE if turns else PaneState(PaneKind.EMPTY, (nothing,), dim=True)
