"""A trace: the lines and entries of a correlation id in all logs and streams, by time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from agentdash.core.queries import TraceFound, TraceOf
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.snapshot import SourceError, Topic
from tui.actions import Action
from tui.format.logs import trace
from tui.screens.base import BACK, FactScreen
from tui.widgets.document import Document


class TraceScreen(FactScreen):
    """The trace of a correlation id.

    Args:
        wanted: The id.
    """

    WHERE = "a trace"
    ACTIONS: ClassVar[tuple[Action[TraceScreen], ...]] = (
        Action("trace.again", "r", "Read again", "ask_again"),
        Action("screen.copy", "y", "Copy", "copy"),
        BACK,
    )

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self._wanted = wanted
        self._answer: TraceFound | str | None = None
        self._seen: tuple[int, object] | None = None

    @property
    def trail(self) -> tuple[str, ...]:
        """The path to this screen."""
        return ("Log", f"trace {safe_text(self._wanted)}")

    def body(self) -> Iterable[Widget]:
        """The page."""
        yield Document(id="page")

    def on_mount(self) -> None:
        """Search the streams."""
        self.action_ask_again()

    def action_ask_again(self) -> None:
        """Read the newest entries of all streams again."""
        self.run_worker(self._ask(), name="trace", group="trace", exclusive=True)

    async def _ask(self) -> None:
        streams = self.dash.store.streams
        names = tuple(stream.name for stream in streams.streams) if streams else ()
        if not names:
            self._answer = "no streams"
            return
        try:
            answer = await self.dash.engine.ask(TraceOf(self._wanted, names))
        except SourceError as problem:
            self._answer = f"streams cannot be searched: {problem.message}"
        else:
            self._answer = answer if isinstance(answer, TraceFound) else None
        self.update(frozenset({Topic.LOGS}), self.dash.now())

    def facts(self, topics: frozenset[Topic], now: int) -> None:  # noqa: ARG002 - what has changed is seen here
        """Update the page if there are new lines, or the streams were searched."""
        ring = self.dash.store.logs
        seen = (ring.end, self._answer)
        if seen != self._seen:
            self._seen = seen
            lines = trace.lines_of(ring, self._wanted)
            self.query_one(Document).show(trace.page(self._wanted, lines, self._answer, self.dash.zone))

    def action_copy(self) -> None:
        """Copy the page as text."""
        paras = self.query_one(Document).paras
        self.dash.copy("\n".join("".join(text for text, _ in para.parts) for para in paras), "the trace")
