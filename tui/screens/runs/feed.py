"""Reads the events of one run: the newest first, then new ones, and older ones on request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import tzinfo
from itertools import chain, islice

from agentdash.core.queries import Answer, Query, RunEvents, RunEventsOf
from agentdash.core.runs.model import RunEvent
from agentdash.core.runs.summary import RunSummary
from tui.format.runs.events import event_row
from tui.widgets.table.rows import Row

Ask = Callable[[Query], Awaitable[Answer]]

FIRST = 500
"""Events read when a run is opened."""
NEXT = 1000
"""Events per query while following."""
OLDER = 2000
"""Older events per query."""
PAGES = 5
"""Queries per pass at most."""
KEPT = 20_000
"""Events kept at most; beyond it the oldest are dropped and counted."""


class RunFeed:
    """The loaded events of one run, oldest first.

    Args:
        run_id: Its id.
        zone: Time zone of the rows.
        folder: Paths below it are relative to it.

    Attributes:
        rows: One for each of `events`.
        summary: Of the events.
        dropped: Number of events dropped because of `KEPT`.
        trimmed: The first id left where the server had trimmed unread events; else None.
        begun: Whether the first pass is done.
        whole: Whether the first event of the run is loaded.
    """

    def __init__(self, run_id: str, zone: tzinfo | None, folder: str | None = None) -> None:
        self.events: deque[RunEvent] = deque()
        self.rows: deque[Row] = deque()
        self.summary = RunSummary()
        self.dropped = 0
        self.trimmed: str | None = None
        self.begun = False
        self.whole = False
        self._run_id = run_id
        self._zone = zone
        self._folder = folder

    @property
    def full(self) -> bool:
        """Whether no older ones can be kept."""
        return len(self.events) + OLDER > KEPT

    def event(self, entry_id: object) -> RunEvent | None:
        """The event with this id, if it is loaded."""
        return next((event for event in reversed(self.events) if event.id == entry_id), None)

    async def read_new(self, ask: Ask) -> list[RunEvent]:
        """Read the events since the last call.

        Returns:
            The new events, oldest first.

        Raises:
            SourceError: when the server cannot be read.
        """
        fresh: list[RunEvent] = []
        for _ in range(PAGES):
            after = self.events[-1].id if self.events else None
            count = NEXT if after else FIRST
            answer = await ask(RunEventsOf(self._run_id, after, count))
            if not isinstance(answer, RunEvents):
                break
            self.trimmed = answer.trimmed or self.trimmed
            if after is None:
                self.whole = len(answer.events) < count
            self._extend(answer.events)
            fresh += answer.events
            if after is None or len(answer.events) < count:
                break
        self.begun = True
        return fresh

    async def read_older(self, ask: Ask) -> tuple[RunEvent, ...]:
        """Read a page of events before the first one loaded.

        Returns:
            The older events, oldest first; () where there are none, or no more can be kept.

        Raises:
            SourceError: when the server cannot be read.
        """
        if not self.events or self.whole or self.full:
            return ()
        answer = await ask(RunEventsOf(self._run_id, before=self.events[0].id, count=OLDER))
        if not isinstance(answer, RunEvents):
            return ()
        older, known = answer.events, tuple(self.events)
        # In a thread: thousands at once would block the keys.
        rows, summary = await asyncio.to_thread(self._summarize, older, known)
        summary.add(islice(self.events, len(known), None))  # what has come meanwhile
        self.whole = len(older) < OLDER
        self.events.extendleft(reversed(older))
        self.rows.extendleft(reversed(rows))
        self.summary = summary
        return older

    def _summarize(
        self, older: tuple[RunEvent, ...], known: tuple[RunEvent, ...]
    ) -> tuple[list[Row], RunSummary]:
        return [self._row(event) for event in older], RunSummary(chain(older, known))

    def _row(self, event: RunEvent) -> Row:
        return event_row(event, self._zone, self._folder)

    def _extend(self, events: tuple[RunEvent, ...]) -> None:
        self.events.extend(events)
        self.rows.extend(self._row(event) for event in events)
        self.summary.add(events)
        if len(self.events) > KEPT:
            # Many at once, so that it is rare: a table whose first rows change is drawn completely.
            many = len(self.events) - KEPT + KEPT // 10
            for _ in range(many):
                self.events.popleft()
                self.rows.popleft()
            self.dropped += many
            self.whole = False
