"""Lines of the activity log that the engine writes, which the log pane shows too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock
from agentdash.core.logs.model import OWN, Level, LogBatch, LogLine
from agentdash.core.snapshot import SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.text import printable

if TYPE_CHECKING:
    from agentdash.activity import Activity

_LEVELS = {True: Level.INFO, False: Level.ERROR, None: Level.WARN}
"""By whether a step succeeded; None: unknown."""


Note = Callable[..., None]
"""Writes a line to the activity log; see `Notes`."""


class Notes:
    """Writes to the activity log; the log pane shows what is not routine, if *shown*.

    Attributes:
        activity: The file; None while it is not open.
        add_line: Hands a line to the collector of logs, which sorts it in; None while there is none.
    """

    def __init__(self, store: Store, clock: Clock, host: str, *, shown: bool) -> None:
        self.activity: Activity | None = None
        self.add_line: Callable[[LogLine], None] | None = None
        self._store = store
        self._clock = clock
        self._host = host
        self._shown = shown

    def __call__(
        self,
        actor: str,
        step: str,
        ok: bool | None,
        duration_ms: float | None = None,
        routine: bool = False,
        level: Level | None = None,
    ) -> None:
        """Write a line.

        Args:
            actor: Who did it: a collector, a command.
            step: What, in a few words.
            ok: Whether it succeeded; None where that is unknown.
            duration_ms: How long it lasted.
            routine: Not shown in the log pane.
            level: Of the line in the log pane; by default derived from *ok*.
        """
        if self.activity is not None:
            self.activity.write(actor, step, ok=ok, duration_ms=duration_ms, routine=routine)
        if routine or not self._shown:
            return
        now = self._clock.now_ms()
        duration = f" in {duration_ms:.1f} ms" if duration_ms is not None else ""
        line = LogLine(
            source=OWN,
            offset=self._store.logs.end,
            seen_at=now,
            at=now,
            service=OWN,
            level=level or _LEVELS[ok],
            message=printable(f"{actor}: {step}{duration}"),
        )
        health = self._store.health.get(Topic.LOGS)
        if self.add_line is not None and health is not None and health.state is SourceState.LIVE:
            self.add_line(line)
        else:
            self._store.put_lines(LogBatch(taken_at=now, host=self._host, lines=(line,)))
