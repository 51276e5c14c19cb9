"""Every state under every move: the table of legal moves, written down a second time by hand."""

from __future__ import annotations

import itertools

import pytest

from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.core.runs.state import (
    InvalidTransition,
    Move,
    legal_moves,
    legal_requests,
    next_status,
    refusal,
)

LEGAL = {
    ("queued", "start"): "running",
    ("queued", "pause"): "pausing",
    ("queued", "cancel"): "cancelling",
    ("queued", "fail"): "failed",
    ("queued", "take over"): "running",
    ("running", "pause"): "pausing",
    ("running", "cancel"): "cancelling",
    ("running", "complete"): "completed",
    ("running", "fail"): "failed",
    ("running", "take over"): "running",
    ("pausing", "paused"): "paused",
    ("pausing", "resume"): "running",
    ("pausing", "cancel"): "cancelling",
    ("pausing", "complete"): "completed",
    ("pausing", "fail"): "failed",
    ("pausing", "take over"): "running",
    ("paused", "resume"): "running",
    ("paused", "cancel"): "cancelling",
    ("paused", "fail"): "failed",
    ("paused", "take over"): "running",
    ("cancelling", "cancelled"): "cancelled",
    ("cancelling", "fail"): "failed",
    ("cancelling", "take over"): "cancelling",
}


@pytest.mark.parametrize(("status", "move"), itertools.product(RunStatus, Move))
def test_every_state_under_every_move(status: RunStatus, move: Move) -> None:
    expected = LEGAL.get((status.value, move.value))
    if expected is not None:
        assert next_status(status, move) is RunStatus(expected)
        assert move in legal_moves(status)
        assert refusal(status, move) is None
        return
    with pytest.raises(InvalidTransition) as caught:
        next_status(status, move)
    error = caught.value
    assert (error.status, error.move) == (status, move)
    assert {legal.value for legal in error.legal} == {m for s, m in LEGAL if s == status.value}
    assert status.value in str(error)
    assert refusal(status, move)


@pytest.mark.parametrize("status", RunStatus)
def test_every_live_state_can_be_left_and_no_terminal_one(status: RunStatus) -> None:
    closed = status.terminal or status is RunStatus.UNKNOWN
    assert (legal_moves(status) == ()) is closed


def test_what_people_ask_for_bears_the_names_of_the_control_actions() -> None:
    for action in ControlAction:
        assert Move(action).value == action.value
    assert legal_requests(RunStatus.PAUSED) == (Move.RESUME, Move.CANCEL)
    assert refusal(RunStatus.PAUSED, Move.PAUSE) == "it is paused; possible: resume or cancel"
    assert refusal(RunStatus.COMPLETED, Move.CANCEL) == "it is completed, which is final"
    assert "cancelling" in (refusal(RunStatus.CANCELLING, Move.CANCEL) or "")
