"""The worker's state machine: each transition is checked, recorded and published as an event in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agentdash.core.runs.model import RunStatus
from agentdash.core.runs.state import Move, next_status
from agentdash.runner.store.journal import Journal


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a run is stopped early.

    Attributes:
        cause: It was cancelled, the lease was lost, or the worker failed.
        message: One sentence for the record.
        actor: Who cancelled it.
    """

    cause: Literal["cancel", "lease", "fault"]
    message: str | None = None
    actor: str | None = None


class RunLifecycle:
    """The state of a run, and requests to stop it.

    Attributes:
        status: The state.
        turn: The current turn; None outside of one.
        stop: Why the run is being stopped; None while it is not.
        stopped: Set with `stop`.
        changed: Set after each transition and stop request; cleared by `wait_for_change`.
        no_wait: Set when all waiting (grace period, writing the end) is to be cut short.
    """

    def __init__(self, journal: Journal, status: RunStatus = RunStatus.QUEUED) -> None:
        self._journal = journal
        self.status = status
        self.turn: int | None = None
        self.stop: StopReason | None = None
        self.stopped = asyncio.Event()
        self.changed = asyncio.Event()
        self.no_wait = asyncio.Event()

    def move(
        self,
        move: Move,
        event: str,
        data: Mapping[str, object] | None = None,
        *,
        note: Mapping[str, object] | None = None,
    ) -> None:
        """Go to the next state, record it with the fields *note*, and append *event*.

        Raises:
            InvalidTransition: when the state does not allow it; nothing is recorded then.
        """
        self.status = next_status(self.status, move)
        self._journal.set_fields({"status": self.status, **(note or {})})
        self._journal.event(event, data, turn=self.turn)
        self.changed.set()

    def request_stop(self, stop: StopReason) -> None:
        """Stop the run. The first reason is kept, but the loss of the lease replaces it."""
        if self.stop is None or stop.cause == "lease":
            self.stop = stop
        self.stopped.set()
        self.changed.set()

    async def wait_for_change(self) -> None:
        """Wait for the next transition or stop request."""
        self.changed.clear()
        await self.changed.wait()
