"""The real fleet, the real app, and waiting for what a picture is to show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from agentdash.core.logs.model import Level
from agentdash.core.queries import Answer, Query
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Snapshot, Topic
from agentdash.demo.fleet import Fleet
from agentdash.runtime.engine import Engine
from agentdash.runtime.notes import Notes
from screenshots.names import HOST, anonymous
from screenshots.svg import finished
from tui.app import AgentDash

WIDE = (120, 40)
PATIENCE = 240.0
"""Seconds for any one condition; the slowest is a group that falls behind."""
CALM = 4
"""Polls to wait for before each picture: latency and CPU are then those of a program that is watched."""


class StageNotes(Notes):
    """Notes with this machine's names taken out."""

    anonymous: Callable[[Any], Any]

    def __call__(
        self,
        actor: str,
        step: str,
        ok: bool | None,
        duration_ms: float | None = None,
        routine: bool = False,
        level: Level | None = None,
    ) -> None:
        """Write a line to the activity log."""
        super().__call__(actor, self.anonymous(step), ok, duration_ms, routine, level)


class StageEngine(Engine):
    """The engine as it is, with this machine's names taken out of what it passes on."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(settings, host=HOST, cwd=folder)
        self._anonymous: Callable[[Any], Any] = anonymous(folder)
        self.note: StageNotes = StageNotes(self.store, self.clock, self.host, shown=True)
        self.note.anonymous = self._anonymous

    async def ask(self, query: Query) -> Answer:
        """Read closer."""
        answer: Answer = self._anonymous(await super().ask(query))
        return answer

    def receive(self, topic: Topic, snapshot: Snapshot) -> None:
        """Store what a collector has read, made anonymous."""
        super().receive(topic, self._anonymous(snapshot))


class Stage:
    """The app on a terminal of its own, and the hand that presses its keys.

    Attributes:
        app: For looking at what it knows.
    """

    def __init__(self, app: AgentDash, pilot: Pilot[int], folder: Path) -> None:
        self.app = app
        self._pilot = pilot
        self._folder = folder

    async def press(self, *keys: str) -> None:
        """Press keys, and let the app do what they ask for."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        await self._pilot.resize_terminal(width, height)
        await self._pilot.pause()

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until *condition* is true.

        Raises:
            TimeoutError: naming *what*, when it does not become so.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {PATIENCE:.0f} s: {what}")
            await asyncio.sleep(0.1)

    async def picture(self, name: str) -> None:
        """Export what is on the screen as NAME.svg, once the cost of the change before has passed."""
        for _ in range(CALM):
            await self._next_poll()
        self.app.clear_notifications()
        await self._pilot.pause()
        svg = finished(self.app.export_screenshot(title="agentdash"))
        path = self._folder / f"{name}.svg"
        await asyncio.to_thread(path.write_text, svg, encoding="utf-8")
        print(path.name, flush=True)

    async def _next_poll(self) -> None:
        """Wait until the streams were read once more."""
        store = self.app.store
        last = store.streams
        await self.until(lambda: store.streams is not last, "a poll of the streams")


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Start the fleet and the app on it; take both down at the end.

    Args:
        folder: Where pictures go.
    """
    fleet = Fleet()
    try:
        settings = await fleet.start()
        app = AgentDash(StageEngine(settings, fleet.folder), label="demo", zone=UTC)
        async with app.run_test(size=WIDE) as pilot:
            yield Stage(app, pilot, folder)
    finally:
        await fleet.stop()
