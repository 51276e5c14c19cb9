"""What people and signals ask of a worker, and what it does about it."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

from agentdash.core.runs import event as ev
from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.core.runs.state import InvalidTransition, Move
from agentdash.runner.child import Child
from agentdash.runner.life import Life, Stop
from agentdash.runner.spec import PauseMode
from agentdash.runner.store.control import Control
from agentdash.runner.store.journal import Journal

DOUBLED_S = 0.5
"""A second signal within so many seconds is the first once more: ``timeout`` sends it to the group, too."""


class Steering:
    """Does what is asked where the state allows it, and leaves the rest.

    Args:
        life: The state.
        journal: Where each message that was dealt with is noted.
        pause: What a pause does to a command that runs.
        child: Gives the command that runs now, if one does.
        log: Gets a line for each.

    Attributes:
        signal: The number of the first signal that came.
    """

    def __init__(
        self,
        life: Life,
        journal: Journal,
        pause: PauseMode,
        child: Callable[[], Child | None],
        log: Callable[[str, bool], None],
    ) -> None:
        self._life = life
        self._journal = journal
        self._pause = pause
        self._child = child
        self._log = log
        self.signal: int | None = None
        self._signalled_at = -DOUBLED_S

    def hear(self, control: Control) -> None:
        """Do what a control message asks, or leave it where the state does not allow it."""
        self._journal.note({"control.id": control.id})
        data = {"actor": control.actor, "reason": control.reason}
        try:
            match control.action:
                case ControlAction.PAUSE:
                    self._life.move(Move.PAUSE, ev.RUN_PAUSING, data, note={"reason": control.reason})
                    self._freeze()
                case ControlAction.RESUME:
                    self._life.move(Move.RESUME, ev.RUN_RESUMED, data, note={"reason": None})
                    self._thaw()
                case ControlAction.CANCEL:
                    self._cancel(control.reason, control.actor)
                case None:
                    self._log(f"does not know {control.word!r}", False)
                    return
        except InvalidTransition as refused:
            self._log(f"leaves {control.action}: {refused}", False)
        else:
            self._log(f"{control.action} by {control.actor or 'somebody'}", True)

    def child_started(self) -> None:
        """The command runs now: a pause that was asked for while it was being started may freeze it."""
        if self._life.status is RunStatus.PAUSING:
            self._freeze()

    def interrupt(self, number: int) -> None:
        """A signal came: cancel the run; at the second one do not wait any longer."""
        now = time.monotonic()
        if self.signal is not None or self._life.status.terminal:
            if now - self._signalled_at >= DOUBLED_S:
                self._life.hurry.set()
            return
        self.signal, self._signalled_at = number, now
        with contextlib.suppress(InvalidTransition):
            self._cancel(f"{signal.Signals(number).name} to the worker", "signal")

    def _cancel(self, reason: str | None, actor: str | None) -> None:
        data = {"actor": actor, "reason": reason}
        self._life.move(Move.CANCEL, ev.RUN_CANCELLING, data, note={"reason": reason})
        self._life.wish_to_stop(Stop("cancel", reason, actor))

    def _freeze(self) -> None:
        child = self._child()
        if self._pause == "freeze" and child is not None:
            child.freeze()
            self._life.move(Move.PAUSED, ev.RUN_PAUSED, {"frozen": child.pid})

    def _thaw(self) -> None:
        child = self._child()
        if child is not None and child.frozen:
            child.thaw()
