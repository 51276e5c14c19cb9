"""Handles control messages and signals to a worker."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

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


class ControlHandler:
    """Applies control messages where the state allows it, and ignores the others.

    Attributes:
        signal: The number of the first signal received.
    """

    def __init__(
        self,
        lifecycle: RunLifecycle,
        journal: Journal,
        pause: PauseMode,
        child: Callable[[], ChildProcess | None],
        log: Callable[[str, bool], None],
    ) -> None:
        self._lifecycle = lifecycle
        self._journal = journal
        self._pause = pause
        self._child = child
        self._log = log
        self.signal: int | None = None
        self._signalled_at = -DOUBLED_S

    def handle(self, control: ControlMessage) -> None:
        """Apply a control message, or ignore it where the state does not allow it."""
        self._journal.set_fields({"control.id": control.id})
        data = {"actor": control.actor, "reason": control.reason}
        try:
            match control.action:
                case ControlAction.PAUSE:
                    self._lifecycle.move(Move.PAUSE, ev.RUN_PAUSING, data, note={"reason": control.reason})
                    self._freeze()
                case ControlAction.RESUME:
                    self._lifecycle.move(Move.RESUME, ev.RUN_RESUMED, data, note={"reason": None})
                    self._thaw()
                case ControlAction.CANCEL:
                    self._cancel(control.reason, control.actor)
                case None:
                    self._log(f"unknown control action {control.word!r}", False)
                    return
        except InvalidTransition as refused:
            self._log(f"ignored {control.action}: {refused}", False)
        else:
            self._log(f"{control.action} by {control.actor or 'unknown'}", True)

    def child_started(self) -> None:
        """Apply a freeze that was requested while the command was starting."""
        if self._lifecycle.status is RunStatus.PAUSING:
            self._freeze()

    def interrupt(self, number: int) -> None:
        """Cancel the run on the first signal; cut all waiting short on the second."""
        now = time.monotonic()
        if self.signal is not None or self._lifecycle.status.terminal:
            if now - self._signalled_at >= DOUBLED_S:
                self._lifecycle.no_wait.set()
            return
        self.signal, self._signalled_at = number, now
        with contextlib.suppress(InvalidTransition):
            self._cancel(f"{signal.Signals(number).name} to the worker", "signal")

    def _cancel(self, reason: str | None, actor: str | None) -> None:
        data = {"actor": actor, "reason": reason}
        self._lifecycle.move(Move.CANCEL, ev.RUN_CANCELLING, data, note={"reason": reason})
        self._lifecycle.request_stop(StopReason("cancel", reason, actor))

    def _freeze(self) -> None:
        child = self._child()
        if self._pause == "freeze" and child is not None:
            child.freeze()
            self._lifecycle.move(Move.PAUSED, ev.RUN_PAUSED, {"frozen": child.pid})

    def _thaw(self) -> None:
        child = self._child()
        if child is not None and child.frozen:
            child.thaw()
