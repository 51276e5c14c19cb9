"""The pane of the last ten minutes, over all subjects."""

from __future__ import annotations

from agentdash.core.store import Store
from tui.format.board import history
from tui.format.state import LIVE
from tui.subjects import HISTORY
from tui.widgets.document import Document
from tui.widgets.pane import Pane


class HistoryPane(Pane):
    """Errors, tokens and messages per minute."""

    def __init__(self) -> None:
        self._lines = Document(id="past-lines")
        super().__init__(HISTORY, self._lines, id="past")
        self._lines.can_focus = False

    def present(self, store: Store, now: int) -> None:
        """Draw what the store has, where there is room."""
        if self._lines.size.width and self.display:
            self._lines.show(history.paras(store, now, self._lines.size.width))
        self.state = LIVE
