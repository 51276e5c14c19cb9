"""The tasks of an engine: named, noted when they fail, cancelled together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from agentdash.runtime.notes import Note

CANCEL_TRIES = 10


class Tasks:
    """Tasks that run until the engine stops."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._tasks: list[asyncio.Task[None]] = []

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run *work*; an exception is noted under *name*."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._done)
        self._tasks.append(task)

    async def cancel(self) -> None:
        """Cancel all until they have ended: redis-py may swallow a cancellation while it connects."""
        left, self._tasks = set(self._tasks), []
        for _ in range(CANCEL_TRIES):
            for task in left:
                task.cancel()
            if left:
                _, left = await asyncio.wait(left, timeout=0.5)
        for task in left:
            self._note(task.get_name(), "did not end when it was cancelled", False)

    def _done(self, task: asyncio.Task[None]) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._note(task.get_name(), f"failed: {type(problem).__name__}: {problem}", False)
