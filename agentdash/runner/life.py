"""The state of a run as its worker holds it: each move is checked, recorded and told in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agentdash.core.runs.model import RunStatus
from agentdash.core.runs.state import Move, next_status
from agentdash.runner.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the work ends before its time.

    Attributes:
        cause: Somebody cancelled it; the lease was lost; or the worker itself has failed.
        message: One sentence for the record.
        actor: Who cancelled it.
    """

    cause: Literal["cancel", "lease", "fault"]
    message: str | None = None
    actor: str | None = None


class Life:
    """The state, and the wish to stop.

    Attributes:
        status: Where the run is.
        turn: The turn that events belong to; None outside of one.
        stop: Why the work is to end; None while it goes on.
        stopped: Set with `stop`.
        changed: Set after each move and each wish; cleared by who waits for it.
        hurry: Set when nobody wants to wait any more.
    """

    def __init__(self, journal: Journal, status: RunStatus = RunStatus.QUEUED) -> None:
        self._journal = journal
        self.status = status
        self.turn: int | None = None
        self.stop: Stop | None = None
        self.stopped = asyncio.Event()
        self.changed = asyncio.Event()
        self.hurry = asyncio.Event()

    def move(
        self,
        move: Move,
        event: str,
        data: Mapping[str, object] | None = None,
        *,
        note: Mapping[str, object] | None = None,
    ) -> None:
        """Go to the next state, record it with *note*, and tell it as *event*.

        Raises:
            InvalidTransition: when the state does not allow it; nothing is recorded then.
        """
        self.status = next_status(self.status, move)
        self._journal.note({"status": self.status, **(note or {})})
        self._journal.event(event, data, turn=self.turn)
        self.changed.set()

    def wish_to_stop(self, stop: Stop) -> None:
        """End the work. The first wish counts, unless the lease is lost: then nothing else matters."""
        if self.stop is None or stop.cause == "lease":
            self.stop = stop
        self.stopped.set()
        self.changed.set()

    async def change(self) -> None:
        """Wait for the next move or wish."""
        self.changed.clear()
        await self.changed.wait()
