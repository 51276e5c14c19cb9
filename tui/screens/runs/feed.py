"""Reads the events of one run: the newest first, what comes as it comes, older ones when asked for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import tzinfo
from itertools import chain, islice

from agentdash.core.queries import Answer, Query, RunEvents, RunEventsOf
from agentdash.core.runs.model import RunEvent
from agentdash.core.runs.story import RunStory
from tui.format.runs.events import event_row
from tui.widgets.table.rows import Row

Ask = Callable[[Query], Awaitable[Answer]]

FIRST = 500
"""Events that are read when a run is opened."""
NEXT = 1000
"""Events in one answer while following."""
OLDER = 2000
"""Events that one step back reads."""
PAGES = 5
"""Answers in one pass at most: what is left comes with the next pass."""
KEPT = 20_000
"""Events that are held at most; beyond it the oldest go, and are counted."""


class RunFeed:
    """The events of one run that were read, oldest first.

    Args:
        run_id: Its id.
        zone: Time zone of the rows.
        folder: Paths below it are shown without it.

    Attributes:
        rows: One for each of `events`.
        story: What they add up to.
        dropped: Events that were let go, to keep the bound.
        trimmed: The first id that was left when the server had trimmed some that were not read; else None.
        begun: Whether the first pass is done.
        whole: Whether the first event of the run is among them.
    """

    def __init__(self, run_id: str, zone: tzinfo | None, folder: str | None = None) -> None:
        self.events: deque[RunEvent] = deque()
        self.rows: deque[Row] = deque()
        self.story = RunStory()
        self.dropped = 0
        self.trimmed: str | None = None
        self.begun = False
        self.whole = False
        self._run_id = run_id
        self._zone = zone
        self._folder = folder

    @property
    def full(self) -> bool:
        """Whether no older ones can be held."""
        return len(self.events) + OLDER > KEPT

    def event(self, entry_id: object) -> RunEvent | None:
        """The event with this id, if it is held."""
        return next((event for event in reversed(self.events) if event.id == entry_id), None)

    async def read_on(self, ask: Ask) -> list[RunEvent]:
        """Read what came since the last time.

        Returns:
            The new events, oldest first.

        Raises:
            SourceError: when the server cannot be asked, in words.
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
        """Read a page of those before the first one that is held.

        Returns:
            The older events, oldest first; () where there are none, or no more can be held.

        Raises:
            SourceError: likewise.
        """
        if not self.events or self.whole or self.full:
            return ()
        answer = await ask(RunEventsOf(self._run_id, before=self.events[0].id, count=OLDER))
        if not isinstance(answer, RunEvents):
            return ()
        older, known = answer.events, tuple(self.events)
        # Thousands at once would hold up the keys.
        rows, story = await asyncio.to_thread(self._retell, older, known)
        story.take(islice(self.events, len(known), None))  # what has come meanwhile
        self.whole = len(older) < OLDER
        self.events.extendleft(reversed(older))
        self.rows.extendleft(reversed(rows))
        self.story = story
        return older

    def _retell(self, older: tuple[RunEvent, ...], known: tuple[RunEvent, ...]) -> tuple[list[Row], RunStory]:
        return [self._row(event) for event in older], RunStory(chain(older, known))

    def _row(self, event: RunEvent) -> Row:
        return event_row(event, self._zone, self._folder)

    def _extend(self, events: tuple[RunEvent, ...]) -> None:
        self.events.extend(events)
        self.rows.extend(self._row(event) for event in events)
        self.story.take(events)
        if len(self.events) > KEPT:
            # Many at once and so seldom: a table whose first rows change is drawn anew.
            many = len(self.events) - KEPT + KEPT // 10
            for _ in range(many):
                self.events.popleft()
                self.rows.popleft()
            self.dropped += many
            self.whole = False
