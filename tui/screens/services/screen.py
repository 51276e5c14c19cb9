"""The service screen: state, charts, processes and log; all properties at the side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any, ClassVar

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from agentdash.core import units
from agentdash.core.links.related import Link, of_service
from agentdash.core.logs.model import LogRing
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.model import Service
from agentdash.core.snapshot import Topic
from tui.actions import HIDDEN, Action
from tui.format.services import page as service_page
from tui.format.state import LIVE
from tui.screens.base import BACK, FactScreen
from tui.screens.logs import actions as log_acts
from tui.screens.services.controls import SERVICE_CONTROLS
from tui.widgets.document import Document, Para
from tui.widgets.linebar import LineBar
from tui.widgets.log.view import LogView
from tui.widgets.pane import Pane
from tui.widgets.table.table import LineTable

NARROW = 100
"""Width in cells below which the properties replace the rest while they are shown."""


class ServiceScreen(FactScreen):
    """One service."""

    AUTO_FOCUS = "LogView"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    WHERE = "a service"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        *SERVICE_CONTROLS,
        Action("services.facts", "v", "Facts", "turn"),
        Action("log.trace", "t", "Trace", "trace"),
        Action("log.export", "x", "Write to a file", "export", footer=HIDDEN),
        BACK,
    )

    def __init__(self, name: str, ring: LogRing, zone: tzinfo | None) -> None:
        super().__init__()
        self._service = name
        self._log_view = LogView(ring, tz=zone, id="service-log")
        self._log_view.source_filter = name

    @property
    def about(self) -> Service | None:
        """The service."""
        return self.service

    @property
    def service(self) -> Service | None:
        """Its newest record."""
        return self.dash.store.service(self._service)

    def links(self) -> Sequence[Link]:
        """Consumers of its name, its repository, and runs there."""
        service = self.service
        return of_service(self.dash.store, service) if service is not None else ()

    @property
    def trail(self) -> tuple[str, ...]:
        """The breadcrumbs."""
        return ("Services", safe_text(self._service))

    def body(self) -> Iterable[Widget]:
        """Two header lines; charts, processes and log at the left, properties at the right."""
        yield LineBar(id="service-state")
        yield LineBar(id="service-output")
        with Horizontal(id="service-body"):
            with Vertical(id="service-left"):
                yield Pane("Last 10 minutes", Document(id="service-chart"), id="service-course")
                yield Pane("Processes", LineTable(service_page.PROCESS_COLUMNS), id="service-processes")
                yield Pane("Log", self._log_view, id="service-lines")
            yield Pane("Service", Document(id="service-page"), id="service-facts")

    def on_mount(self) -> None:
        """Show all panes as live."""
        for pane in self.query(Pane):
            pane.state = LIVE

    def facts(self, topics: frozenset[Topic], now: int) -> None:  # noqa: ARG002 - all of it is cheap
        """Show the newest state."""
        service = self.service
        page = self.query_one("#service-page", Document)
        self._log_view.keep_up()
        lines = units.plural(self._log_view.shown, "line")
        self.query_one("#service-lines", Pane).summary = f"{self._log_view.status} · {lines}"
        if service is None:
            self.query_one("#service-state", LineBar).left = service_page.GONE
            self.query_one("#service-output", LineBar).left = ()
            page.show([Para.of("service no longer exists", "unknown")])
            self.query_one(LineTable).set_rows(())
            return
        self.query_one("#service-state", LineBar).left = service_page.state_line(service, now)
        self.query_one("#service-output", LineBar).left = service_page.output_line(service, now)
        page.show(service_page.page(service, now, self.dash.zone))
        self._draw_charts(service)
        self.query_one(LineTable).set_rows(service_page.process_rows(service, now))
        self.query_one("#service-processes", Pane).summary = service_page.processes_summary(service)

    def _draw_charts(self, service: Service) -> None:
        chart = self.query_one("#service-chart", Document)
        course = self.dash.store.service_history.of(service.name)
        chart.show(service_page.charts(service, course, chart.scrollable_content_region.width))

    def on_resize(self) -> None:
        """The chart is as wide as its pane."""
        if (service := self.service) is not None:
            self.call_after_refresh(self._draw_charts, service)

    def action_turn(self) -> None:
        """Show or hide the properties, beside the rest or in its place on a narrow screen."""
        self.toggle_class("-turned")
        if self.has_class("-narrow") and self.has_class("-turned"):
            self.query_one("#service-page").focus()
        else:
            self._log_view.focus()

    def action_trace(self) -> None:
        """Trace the correlation id of the line."""
        log_acts.trace(self.dash, self._log_view.current_line)

    def action_export(self) -> None:
        """Write its lines to a file."""
        log_acts.export(self.dash, self._log_view)

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        """Enter on a line."""
        self.dash.open(message.line)
