"""A service in depth: its facts, and its log beneath."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from agentdash.core.logs import LogRing
from agentdash.core.services import Service
from agentdash.core.snapshot import Topic
from agentdash.core.text import printable
from tui.format import detail
from tui.format.state import LIVE
from tui.screens import log_acts, service_acts
from tui.screens.base import FactScreen
from tui.widgets.document import Document, Para
from tui.widgets.logview import LogView
from tui.widgets.pane import Pane


class ServiceScreen(FactScreen):
    """One service.

    Args:
        name: As the services view has it.
        ring: The lines of all logs; those of this service are shown.
        zone: Time zone of what is shown.
    """

    AUTO_FOCUS = "LogView"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("U", "control('start')", "Start", id="services.start"),
        Binding("X", "control('stop')", "Stop", id="services.stop"),
        Binding("B", "control('restart')", "Restart", id="services.restart"),
        Binding("t", "trace", "Trace", id="log.trace"),
        Binding("x", "export", "Write to a file", show=False, id="log.export"),
        Binding("escape", "back", "Back", show=False, id="screen.back"),
    ]

    def __init__(self, name: str, ring: LogRing, zone: tzinfo | None) -> None:
        super().__init__()
        self._service = name
        self._log_view = LogView(ring, tz=zone, id="service-log")
        self._log_view.source_filter = name

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here."""
        return ("Services", printable(self._service))

    def body(self) -> Iterable[Widget]:
        """Facts above, log below."""
        yield Pane("Service", Document(id="service-page"), id="service-facts")
        yield Pane("Log", self._log_view, id="service-lines")

    def facts(self, topics: frozenset[Topic], now: int) -> None:  # noqa: ARG002 - both halves are cheap
        """Show both anew."""
        service = self._found()
        page = self.query_one("#service-page", Document)
        if service is None:
            page.show([Para.of("this service is not there any more", "unknown")])
        else:
            page.show(detail.service(service, now, self.dash.zone))
        self._log_view.keep_up()
        for pane in self.query(Pane):
            pane.state = LIVE
        lines = self.query_one("#service-lines", Pane)
        how = (
            "following"
            if self._log_view.following
            else f"held, {self._log_view.frozen_new} new below (f follows)"
        )
        lines.summary = f"{how} · {self._log_view.shown} lines"

    def _found(self) -> Service | None:
        found = self.dash.store.services
        return next((s for s in found.services if s.name == self._service), None) if found else None

    def blocked(self) -> set[str]:
        """What cannot be done to it now."""
        service, read_only = self._found(), self.dash.engine.read_only
        verbs = ("start", "stop", "restart")
        return {f"control('{v}')" for v in verbs if service_acts.why_not(service, v, read_only=read_only)}

    def action_control(self, verb: str) -> None:
        """Start, stop or restart it."""
        service_acts.control(self.dash, self._found(), verb)

    def action_trace(self) -> None:
        """All that logs and streams say of the id of the line."""
        log_acts.trace(self.dash, self._log_view.current_line)

    def action_export(self) -> None:
        """Write its lines to a file."""
        log_acts.export(self.dash, self._log_view)

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        """Enter on a line."""
        self.dash.open(message.line)
