"""Toasts, and a bell if configured, for changes of runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from agentdash.core.snapshot import Topic

if TYPE_CHECKING:
    from tui.dash import Dash
    from tui.format.runs.news import RunNews


class Notices:
    """Notifies of what has happened to runs.

    Args:
        dash: The app.
    """

    def __init__(self, dash: Dash) -> None:
        self._dash = dash
        self._news: RunNews | None = None

    def notify(self, changed: frozenset[Topic]) -> None:
        """Show what is new; *changed* are the topics that changed."""
        if self._news is None:
            from tui.format.runs.news import RunNews

            self._news = RunNews()
        dash = self._dash
        if Topic.RUNS in changed:
            self._news.add(dash.store.runs)
        for news in self._news.take(time.perf_counter()):
            dash.say(news.message, good=not news.urgent)
            dash.engine.notify(news.message)
            if news.urgent and dash.engine.settings.ui.bell:
                dash.bell()
