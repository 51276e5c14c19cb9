"""The output and the log of a run: lines from its events, in two bounded rings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.logs.model import LogRing
from agentdash.core.runs.model import Run, RunEvent
from tui.format.runs.output import LineAssembler, is_about
from tui.format.state import LIVE, PaneKind, PaneState
from tui.widgets.document import Para
from tui.widgets.log.view import LogView
from tui.widgets.tabs import TabGroup

OUTPUT_LINES = 20_000
LOG_LINES = 5_000
_NOTHING = {
    "output": ("○ no output", "  in the loaded events"),
    "log": (
        "○ no log lines",
        "  add its log:  agentdash run --log PATH, or [logs] files in the settings",
    ),
}


class LineViews:
    """The two views.

    Attributes:
        output: The output.
        log: Log lines about the run.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._output_ring, self._log_ring = LogRing(OUTPUT_LINES), LogRing(LOG_LINES)
        self._output_maker, self._log_maker = LineAssembler(), LineAssembler()
        self._log_seen = 0
        self.output = LogView(self._output_ring, tz=zone, id="run-output")
        self.log = LogView(self._log_ring, tz=zone, id="run-log")

    def add_events(self, fresh: Sequence[RunEvent]) -> None:
        """Add new events, oldest first."""
        self._output_ring.extend(self._output_maker.output(fresh))
        self._log_ring.extend(self._log_maker.logged(fresh))

    def settle(self) -> None:
        """Show incomplete lines, as no new events came."""
        self._output_ring.extend(self._output_maker.settle())
        self._log_ring.extend(self._log_maker.settle())

    def add_logs(self, ring: LogRing, run: Run | None) -> None:
        """Add new lines of the followed logs that are about *run*."""
        if run is not None:
            fresh = ring.since(max(self._log_seen, ring.first))
            self._log_ring.extend(line for line in fresh if is_about(line, run))
        self._log_seen = ring.end

    def prepend(self, found: Sequence[RunEvent]) -> None:
        """Add older events before the others."""
        maker, ring = LineAssembler(), LogRing(OUTPUT_LINES)
        lines = maker.output(found) + maker.settle(everything=True)
        ring.extend([*lines, *self._output_ring])
        older, self._output_ring = len(lines) - self._output_ring.first, ring
        self.output.change_ring(ring, older)

    def present(self, tabs: TabGroup, *, whole: bool) -> None:
        """Show the current one; *whole*: all events are loaded."""
        view = self.output if tabs.current == "output" else self.log
        view.feed()
        partial = "" if whole or tabs.current == "log" else " · b: older"
        tabs.summary = f"{view.status} · {units.plural(view.shown, 'line')}{partial}"
        empty = _NOTHING[tabs.current]
        nothing = PaneState(PaneKind.EMPTY, tuple(Para.of(text, "dim", hang=2) for text in empty))
        tabs.state = LIVE if len(view.ring) else nothing
