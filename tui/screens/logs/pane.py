"""The pane of the log on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.subjects import SubjectRow
from tui.widgets.log.pane import LogPane

if TYPE_CHECKING:
    from tui.dash import Dash


def log_pane(subject: SubjectRow, dash: Dash) -> LogPane:
    """All logs as one."""
    return LogPane(subject.heading, dash.store.logs, dash.zone)
