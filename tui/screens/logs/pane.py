"""The pane of the log on the board, with what it asks a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.subjects import SubjectRow
from tui.widgets.log.pane import LogPane

if TYPE_CHECKING:
    from tui.dash import Dash


class BoardLogPane(LogPane):
    """All logs as one."""

    def __init__(self, subject: SubjectRow, dash: Dash) -> None:
        super().__init__(subject.heading, dash.store.logs, dash.zone)
        self._dash = dash

    def search(self, step: int) -> bool:
        """Go to the next match of the search, or of the filter."""
        if step > 0:
            self.log_view.action_search_next()
        else:
            self.log_view.action_search_prev()
        return True

    def on_log_pane_dialog_requested(self, message: LogPane.DialogRequested) -> None:
        """A search, a time, a file, a trace."""
        from tui.screens.logs import actions

        message.stop()
        match message.what:
            case "search":
                actions.search(self._dash, self.log_view)
            case "jump":
                actions.jump(self._dash, self.log_view)
            case "export":
                actions.export(self._dash, self.log_view)
            case _:
                actions.trace(self._dash, self.log_view.current_line)
