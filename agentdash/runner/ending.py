"""How a run ends: which state, which event, and what the record says of it."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from agentdash.core.runs import event as ev
from agentdash.core.runs.state import Move
from agentdash.runner.life import Stop
from agentdash.runner.turn import Totals, TurnEnd


@dataclass(frozen=True, slots=True)
class Ending:
    """The last move of a run, its event and its fields in the record; `message` says what went wrong."""

    move: Move
    event: str
    data: dict[str, object]
    note: dict[str, object]
    message: str | None = None


def ending(stop: Stop | None, last: TurnEnd, turn: int | None, totals: Totals, now: int) -> Ending:
    """The ending that fits.

    Args:
        stop: Why the work stopped before its time, if it did.
        last: How the last turn ended.
        turn: Its number.
        totals: For the event.
        now: Unix ms.
    """
    note: dict[str, object] = {"endedAt": now, "pid": None}
    if stop is not None and stop.cause == "cancel":
        data: dict[str, object] = {"reason": stop.message, "actor": stop.actor}
        return Ending(Move.CANCELLED, ev.RUN_CANCELLED, data, note)
    if stop is None and last.error is None and not last.exit_code and last.failure is None:
        data = {"turns": totals.turns, "tokens": totals.told}
        return Ending(Move.COMPLETE, ev.RUN_COMPLETED, data, note)
    code, message, retryable = _failure(stop, last, turn)
    data = {"code": code, "message": message, "retryable": retryable, "exitCode": last.exit_code}
    note |= {"error.code": code, "error.message": message, "error.retryable": retryable}
    return Ending(Move.FAIL, ev.RUN_FAILED, data, note, message)


def _failure(stop: Stop | None, last: TurnEnd, turn: int | None) -> tuple[str, str, bool]:
    """Code, message, and whether the same run could work at another time."""
    if stop is not None:
        code = "lease_lost" if stop.cause == "lease" else "worker_fault"
        return code, stop.message or code, True
    if last.error is not None:
        return "cannot_start", last.error, False
    if last.failure is not None:
        return "agent_error", f"turn {turn}: {last.failure.message}", last.failure.retryable
    number = last.exit_code or 0
    if number < 0:
        return "signal", f"turn {turn} was ended by signal {_signal_name(-number)}", True
    return "exit_code", f"turn {turn} ended with exit code {number}", False


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
