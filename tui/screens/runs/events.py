"""The events of a run in a table, and its turns above: as they come, or held where the cursor is."""

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
    """The view.

    Attributes:
        table: Its widget.
        following: Whether it stays at the newest event.
    """

    def __init__(self) -> None:
        self.table = LineTable(COLUMNS, id="events-table")
        self.following = True

    def moved_to(self, key: Hashable) -> None:
        """Moving up holds the view; the last row follows again."""
        rows = self.table.rows
        self.following = not rows or key == rows[-1].key

    def present(self, tabs: TabGroup, feed: RunFeed, run: Run | None, failed: str) -> None:
        """Show what was read, or why there is nothing."""
        rows = feed.rows
        self.table.set_rows(tuple(rows))
        if self.following and rows and self.table.cursor_row != len(rows) - 1:
            self.table.move_to(rows[-1].key)
        notice: list[Para] = []
        if failed:
            notice.append(Para.of(f"✗ {printable(failed)}", "bad", hang=2))
        if feed.trimmed:
            words = f"◌ events before {feed.trimmed} were trimmed from the stream"
            notice.append(Para.of(words, "warn", hang=2))
        if not rows and not notice:
            notice.append(Para.of("○ no event yet" if feed.begun else "◌ reading …", "dim"))
        kind = PaneKind.ERROR if failed else PaneKind.LIVE if rows else PaneKind.EMPTY
        tabs.state = PaneState(kind, tuple(notice), dim=bool(rows) and bool(notice))
        tabs.summary = " · ".join(self._words(feed, run, len(rows)))

    def _words(self, feed: RunFeed, run: Run | None, shown: int) -> list[str]:
        total = run.events if run is not None and run.events is not None else None
        more = not feed.whole and bool(shown)
        of = f" of {units.count(total)}" if more and total is not None and total > shown else ""
        noun = "event" if shown == 1 and not of else "events"
        words = ["following" if self.following else "held (f follows)", f"{shown}{of} {noun}"]
        if feed.dropped:
            words.append(f"{units.count(feed.dropped)} older ones dropped")
        elif more and not feed.full:
            words.append("b older")
        return words


class TurnsPane(Pane):
    """The turns of a run, newest first."""

    def __init__(self) -> None:
        self.table = LineTable(TURN_COLUMNS, id="turns-table")
        super().__init__("Turns", self.table, id="run-turns")

    def present(self, feed: RunFeed, run: Run | None, now: int, zone: tzinfo | None) -> None:
        """Show them as far as events were read."""
        turns = feed.story.turns
        self.table.set_rows(turn_rows(turns.values(), run, now, zone))
        known, total = len(turns), run.current_turn if run else None
        of = f"{known} of {total}" if total and total > known else str(known)
        partial = "" if feed.whole or not feed.begun else " · as far as events are read"
        self.summary = f"{of} · newest first{partial}"
        nothing = Para.of("◌ reading …" if not feed.begun else "○ no turn has begun yet", "dim")
        self.state = LIVE if turns else PaneState(PaneKind.EMPTY, (nothing,), dim=True)
