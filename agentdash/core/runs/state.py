"""The state machine of a run, used by worker, command line and screen."""

from __future__ import annotations

from enum import StrEnum

from agentdash.core.runs.model import RunStatus


class Move(StrEnum):
    """The transitions of a run. The first three are requests of users; the others are made by workers."""

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
"""The transitions that a user may request; named as the control actions."""

_S = RunStatus
_FAIL = {Move.FAIL: _S.FAILED}

TRANSITIONS: dict[RunStatus, dict[Move, RunStatus]] = {
    _S.QUEUED: {
        Move.START: _S.RUNNING,
        Move.PAUSE: _S.PAUSING,
        Move.CANCEL: _S.CANCELLING,
        Move.TAKE_OVER: _S.RUNNING,
        **_FAIL,
    },
    _S.RUNNING: {
        Move.PAUSE: _S.PAUSING,
        Move.CANCEL: _S.CANCELLING,
        Move.COMPLETE: _S.COMPLETED,
        Move.TAKE_OVER: _S.RUNNING,
        **_FAIL,
    },
    _S.PAUSING: {
        Move.PAUSED: _S.PAUSED,
        Move.RESUME: _S.RUNNING,
        Move.CANCEL: _S.CANCELLING,
        Move.COMPLETE: _S.COMPLETED,
        Move.TAKE_OVER: _S.RUNNING,
        **_FAIL,
    },
    _S.PAUSED: {
        Move.RESUME: _S.RUNNING,
        Move.CANCEL: _S.CANCELLING,
        Move.TAKE_OVER: _S.RUNNING,
        **_FAIL,
    },
    _S.CANCELLING: {Move.CANCELLED: _S.CANCELLED, Move.TAKE_OVER: _S.CANCELLING, **_FAIL},
    _S.CANCELLED: {},
    _S.COMPLETED: {},
    _S.FAILED: {},
    _S.UNKNOWN: {},
}
"""All legal transitions.

``queued → running ⇄ (pausing → paused)``; from every live state ``cancelling → cancelled``;
``running → completed | failed``. A pausing run completes if its last turn ends first. ``fail`` and
``take over`` (by another worker) are legal in every live state. In an unknown state nothing is legal.
"""


class InvalidTransition(Exception):  # noqa: N818 - the name is part of the protocol's description
    """A transition that the state does not allow.

    Attributes:
        status: The state of the run.
        move: The refused transition.
        legal: The legal ones, in the order of `Move`.
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
    """All transitions that *status* allows."""
    return tuple(move for move in Move if move in TRANSITIONS[status])


def legal_requests(status: RunStatus) -> tuple[Move, ...]:
    """The requests that *status* allows."""
    return tuple(move for move in REQUESTS if move in TRANSITIONS[status])


def refusal(status: RunStatus, move: Move) -> str | None:
    """Why *move* may not be requested now, and what may be instead; None where it may."""
    if move in TRANSITIONS[status]:
        return None
    if status.terminal:
        return f"it is {status}, which is final"
    if status is RunStatus.UNKNOWN:
        return "its state is unknown"
    instead = " or ".join(legal_requests(status)) or "nothing until it is cancelled"
    return f"it is {status}; possible: {instead}"
