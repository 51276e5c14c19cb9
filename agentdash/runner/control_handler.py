"""Handles control messages and signals to a worker."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from agentdash.core.runs import event as ev
from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.core.runs.state import InvalidTransition, Move
from agentdash.runner.child_process import ChildProcess
from agentdash.runner.lifecycle import RunLifecycle, StopReason
from agentdash.runner.spec import PauseMode
from agentdash.runner.store.control import ControlMessage
from agentdash.runner.store.journal import Journal

DOUBLED_S = 0.5
"""A second signal within this time counts as the first: ``timeout`` signals the process and its group."""


@dataclass(slots=True)
class ControlHandler:
    """Applies control messages where the state allows it, and ignores the others.

    Attributes:
        lifecycle: The state.
        journal: Records the last message handled.
        pause: What a pause does to a running command.
        child: Returns the running command, if any.
        log: Receives a line, and whether it is good, for each message.
        signal: The number of the first signal received.
    """

    lifecycle: RunLifecycle
    journal: Journal
    pause: PauseMode
    child: Callable[[], ChildProcess | None]
    log: Callable[[str, bool], None]
    signal: int | None = None
    _signalled_at: float = -DOUBLED_S

    def handle(self, control: ControlMessage) -> None:
        """Apply a control message, or ignore it where the state does not allow it."""
        self.journal.set_fields({"control.id": control.id})
        data = {"actor": control.actor, "reason": control.reason}
        try:
            match control.action:
                case ControlAction.PAUSE:
                    self.lifecycle.move(Move.PAUSE, ev.RUN_PAUSING, data, note={"reason": control.reason})
                    self._freeze()
                case ControlAction.RESUME:
                    self.lifecycle.move(Move.RESUME, ev.RUN_RESUMED, data, note={"reason": None})
                    self._thaw()
                case ControlAction.CANCEL:
                    self._cancel(control.reason, control.actor)
                case None:
                    self.log(f"unknown control action {control.word!r}", False)
                    return
        except InvalidTransition as refused:
            self.log(f"ignored {control.action}: {refused}", False)
        else:
            self.log(f"{control.action} by {control.actor or 'unknown'}", True)

    def child_started(self) -> None:
        """Apply a freeze that was requested while the command was starting."""
        if self.lifecycle.status is RunStatus.PAUSING:
            self._freeze()

    def interrupt(self, number: int) -> None:
        """Cancel the run on the first signal; cut all waiting short on the second."""
        now = time.monotonic()
        if self.signal is not None or self.lifecycle.status.terminal:
            if now - self._signalled_at >= DOUBLED_S:
                self.lifecycle.no_wait.set()
            return
        self.signal, self._signalled_at = number, now
        with contextlib.suppress(InvalidTransition):
            self._cancel(f"{signal.Signals(number).name} to the worker", "signal")

    def _cancel(self, reason: str | None, actor: str | None) -> None:
        data = {"actor": actor, "reason": reason}
        self.lifecycle.move(Move.CANCEL, ev.RUN_CANCELLING, data, note={"reason": reason})
        self.lifecycle.request_stop(StopReason("cancel", reason, actor))

    def _freeze(self) -> None:
        child = self.child()
        if self.pause == "freeze" and child is not None:
            child.freeze()
            self.lifecycle.move(Move.PAUSED, ev.RUN_PAUSED, {"frozen": child.pid})

    def _thaw(self) -> None:
        child = self.child()
        if child is not None and child.frozen:
            child.thaw()
