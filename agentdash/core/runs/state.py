"""The life of a run: which state follows which, decided in one place for worker, command line and screen."""

from __future__ import annotations

from enum import StrEnum

from agentdash.core.runs.model import RunStatus


class Move(StrEnum):
    """What can happen to a run. The first three are what people ask for; the rest is what workers report."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    START = "start"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETE = "complete"
    FAIL = "fail"
    TAKE_OVER = "take over"


REQUESTS = (Move.PAUSE, Move.RESUME, Move.CANCEL)
"""The moves that a person may ask for; they bear the names of the control actions."""

_S = RunStatus
_ENDS = {Move.FAIL: _S.FAILED}

TRANSITIONS: dict[RunStatus, dict[Move, RunStatus]] = {
    _S.QUEUED: {
        Move.START: _S.RUNNING,
        Move.PAUSE: _S.PAUSING,
        Move.CANCEL: _S.CANCELLING,
        Move.TAKE_OVER: _S.RUNNING,
        **_ENDS,
    },
    _S.RUNNING: {
        Move.PAUSE: _S.PAUSING,
        Move.CANCEL: _S.CANCELLING,
        Move.COMPLETE: _S.COMPLETED,
        Move.TAKE_OVER: _S.RUNNING,
        **_ENDS,
    },
    _S.PAUSING: {
        Move.PAUSED: _S.PAUSED,
        Move.RESUME: _S.RUNNING,
        Move.CANCEL: _S.CANCELLING,
        Move.COMPLETE: _S.COMPLETED,
        Move.TAKE_OVER: _S.RUNNING,
        **_ENDS,
    },
    _S.PAUSED: {
        Move.RESUME: _S.RUNNING,
        Move.CANCEL: _S.CANCELLING,
        Move.TAKE_OVER: _S.RUNNING,
        **_ENDS,
    },
    _S.CANCELLING: {Move.CANCELLED: _S.CANCELLED, Move.TAKE_OVER: _S.CANCELLING, **_ENDS},
    _S.CANCELLED: {},
    _S.COMPLETED: {},
    _S.FAILED: {},
    _S.UNKNOWN: {},
}
"""Every legal move. What is not in here is refused.

``queued → running ⇄ (pausing → paused)``; from every live state ``cancelling → cancelled``;
``running → completed | failed``. A run that is pausing completes if its last turn ends first. ``fail`` is
legal in every live state, because a worker may vanish in any of them, and so is ``take over``: another worker
goes on. Nothing is known about an unknown state, so nothing is legal in it.
"""


class InvalidTransition(Exception):  # noqa: N818 - the name is part of the protocol's description
    """A move that the state does not allow.

    Attributes:
        status: The state the run is in.
        move: What was asked.
        legal: What may be asked or may happen instead, in the order of `Move`.
    """

    def __init__(self, status: RunStatus, move: Move) -> None:
        self.status = status
        self.move = move
        self.legal = legal_moves(status)
        allowed = ", ".join(self.legal) or "nothing"
        super().__init__(f"A run that is {status} cannot {move}; legal: {allowed}.")


def next_status(status: RunStatus, move: Move) -> RunStatus:
    """The state after *move*.

    Raises:
        InvalidTransition: when the state does not allow it.
    """
    try:
        return TRANSITIONS[status][move]
    except KeyError:
        raise InvalidTransition(status, move) from None


def legal_moves(status: RunStatus) -> tuple[Move, ...]:
    """All moves that *status* allows."""
    return tuple(move for move in Move if move in TRANSITIONS[status])


def legal_requests(status: RunStatus) -> tuple[Move, ...]:
    """What a person may ask of a run in *status*."""
    return tuple(move for move in REQUESTS if move in TRANSITIONS[status])


def refusal(status: RunStatus, move: Move) -> str | None:
    """Why a person may not ask for *move* now, and what they may ask instead; None where they may."""
    if move in TRANSITIONS[status]:
        return None
    if status.terminal:
        return f"it is {status}, and nothing can follow that"
    if status is RunStatus.UNKNOWN:
        return "its record names a state that is not known here"
    instead = " or ".join(legal_requests(status)) or "nothing until it is cancelled"
    return f"it is {status}; possible: {instead}"
