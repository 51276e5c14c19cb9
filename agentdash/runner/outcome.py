"""The outcome of a run: its final state, event and record fields."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from agentdash.core.runs import event as ev
from agentdash.core.runs.state import Move
from agentdash.runner.lifecycle import StopReason
from agentdash.runner.turn_result import RunTotals, TurnResult


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The last transition of a run, its event and record fields; `message`: why it failed."""

    move: Move
    event: str
    data: dict[str, object]
    note: dict[str, object]
    message: str | None = None


def run_outcome(
    stop: StopReason | None, last: TurnResult, turn: int | None, totals: RunTotals, now: int
) -> RunOutcome:
    """The outcome of a run."""
    note: dict[str, object] = {"endedAt": now, "pid": None}
    if stop is not None and stop.cause == "cancel":
        data: dict[str, object] = {"reason": stop.message, "actor": stop.actor}
        return RunOutcome(Move.CANCELLED, ev.RUN_CANCELLED, data, note)
    if stop is None and last.error is None and not last.exit_code and last.failure is None:
        data = {"turns": totals.turns, "tokens": totals.known_tokens}
        return RunOutcome(Move.COMPLETE, ev.RUN_COMPLETED, data, note)
    code, message, retryable = _failure(stop, last, turn)
    data = {"code": code, "message": message, "retryable": retryable, "exitCode": last.exit_code}
    note |= {"error.code": code, "error.message": message, "error.retryable": retryable}
    return RunOutcome(Move.FAIL, ev.RUN_FAILED, data, note, message)


def _failure(stop: StopReason | None, last: TurnResult, turn: int | None) -> tuple[str, str, bool]:
    """Error code, message, and whether a retry may succeed."""
    if stop is not None:
        code = "lease_lost" if stop.cause == "lease" else "worker_fault"
        return code, stop.message or code, True
    if last.error is not None:
        return "cannot_start", last.error, False
    if last.failure is not None:
        return "agent_error", f"turn {turn}: {last.failure.message}", last.failure.retryable
    number = last.exit_code or 0
    if number < 0:
        return "signal", f"turn {turn} was terminated by signal {_signal_name(-number)}", True
    return "exit_code", f"turn {turn} ended with exit code {number}", False


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
