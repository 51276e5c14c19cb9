"""What a run has printed and what its logs say: lines made of its events, in two bounded rings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.logs.model import LogRing
from agentdash.core.runs.model import Run, RunEvent
from tui.format.runs.output import LineMaker, tells_of
from tui.format.state import LIVE, PaneKind, PaneState
from tui.widgets.document import Para
from tui.widgets.log.view import LogView
from tui.widgets.tabs import TabGroup

OUTPUT_LINES = 20_000
LOG_LINES = 5_000
_NOTHING = {
    "output": ("○ it has printed nothing", "  as far as its events were read"),
    "log": (
        "○ no line of a log is about it",
        "  name its log:  agentdash run --log PATH, or [logs] files in the settings",
    ),
}


class RunLines:
    """The two views of lines.

    Attributes:
        output: What it printed.
        log: What logs say of it.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._output_ring, self._log_ring = LogRing(OUTPUT_LINES), LogRing(LOG_LINES)
        self._output_maker, self._log_maker = LineMaker(), LineMaker()
        self._log_seen = 0
        self.output = LogView(self._output_ring, tz=zone, id="run-output")
        self.log = LogView(self._log_ring, tz=zone, id="run-log")

    def take(self, fresh: Sequence[RunEvent]) -> None:
        """New events, oldest first."""
        self._output_ring.extend(self._output_maker.output(fresh))
        self._log_ring.extend(self._log_maker.logged(fresh))

    def settle(self) -> None:
        """Nothing new has come: half a line waits no longer."""
        self._output_ring.extend(self._output_maker.settle())
        self._log_ring.extend(self._log_maker.settle())

    def take_logs(self, ring: LogRing, run: Run | None) -> None:
        """What is new in the logs that are followed, as far as it is about *run*."""
        if run is not None:
            fresh = ring.since(max(self._log_seen, ring.first))
            self._log_ring.extend(line for line in fresh if tells_of(line, run))
        self._log_seen = ring.end

    def put_before(self, found: Sequence[RunEvent]) -> None:
        """Older events: their lines stand before those that are there."""
        maker, ring = LineMaker(), LogRing(OUTPUT_LINES)
        lines = maker.output(found) + maker.settle(everything=True)
        ring.extend([*lines, *self._output_ring])
        older, self._output_ring = len(lines) - self._output_ring.first, ring
        self.output.change_ring(ring, older)

    def present(self, tabs: TabGroup, *, whole: bool) -> None:
        """Show the one of them that is on top; *whole*: all events were read."""
        view = self.output if tabs.current == "output" else self.log
        view.feed()
        partial = "" if whole or tabs.current == "log" else " · b older"
        tabs.summary = f"{view.status} · {units.plural(view.shown, 'line')}{partial}"
        words = _NOTHING[tabs.current]
        nothing = PaneState(PaneKind.EMPTY, tuple(Para.of(text, "dim", hang=2) for text in words))
        tabs.state = LIVE if len(view.ring) else nothing
