"""The first frame: the panes of the board, still empty. It loads next to nothing, to be there at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Static

from tui.subjects import HISTORY, SubjectRow, placed

if TYPE_CHECKING:
    from textual import events

NARROW, TINY, SHORT = 110, 20, 32
"""Columns and lines at which the board is laid out otherwise: see `Board`."""
AT_ONCE = {"q", "ctrl+c", "ctrl+q"}
"""Keys that do not wait for the board."""


class Opening(Screen[None]):
    """Shown until the board is loaded; keys that are pressed meanwhile are kept for it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (TINY, "-short"), (SHORT, "-tall")]  # noqa: RUF012 - as Textual declares it
    DEFAULT_CSS: ClassVar[str] = """
    Opening #opening-header, Opening #opening-footer { height: 1; background: $bar; padding: 0 1; }
    Opening #opening-header { color: $primary; text-style: bold; }
    Opening .pane Static { color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[str] | None = []  # None: the board is there

    def compose(self) -> ComposeResult:
        """The board, without what it shows."""
        yield Static("agentdash", id="opening-header")
        yield Container(*map(self._pane, placed()), id="board")
        yield Static(id="opening-footer")

    def _pane(self, subject: SubjectRow | None) -> Vertical:
        notice = Static("◌ reading …" if subject else "")
        pane = Vertical(notice, id=subject.topic.value if subject else "past", classes="pane")
        pane.border_title = subject.heading if subject else HISTORY
        return pane

    def on_key(self, event: events.Key) -> None:
        """Keep it for the board, or pass it on where that has come meanwhile."""
        if event.key in AT_ONCE:
            return
        event.stop()
        event.prevent_default()
        if self._keys is None:
            self.app.simulate_key(event.key)
        else:
            self._keys.append(event.key)

    def replay_keys(self) -> None:
        """The board is there: give it the keys that were pressed so far, in order."""
        for key in self._keys or ():
            self.app.simulate_key(key)
        self._keys = None
