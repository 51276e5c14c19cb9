"""Controls runs: requests to their workers, and the clean-up of runs without a worker."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from agentdash.actions.runs.write import Event, append, describe, record
from agentdash.core.clock import Clock, SystemClock
from agentdash.core.commands import ControlRun, Effect, Outcome, Refused
from agentdash.core.runs import event as ev
from agentdash.core.runs.commands import EndOrphanChild
from agentdash.core.runs.model import CLEAN_UP, ControlAction, Run, RunKeys, RunStatus, is_clean_up
from agentdash.core.runs.record import FIELDS, named, parse_run, pending_request
from agentdash.core.runs.state import Move, next_status, refusal
from agentdash.core.secrets.safe_text import as_text
from agentdash.processes import SAME_MS, ProcessFamily, leader_created_at, terminate_family
from agentdash.server.exchange import Exchange, MayHaveBeenCarriedOut

if TYPE_CHECKING:
    from redis.asyncio import Redis

CONTROL_MAXLEN = 1000
_POLL_S = 0.05
_CLEAN_UP_MS = 10_000
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

_GOALS = {
    ControlAction.PAUSE: frozenset({RunStatus.PAUSED}),
    ControlAction.RESUME: frozenset({RunStatus.RUNNING}),
    ControlAction.CANCEL: frozenset({RunStatus.CANCELLED}),
}


async def control(client: Redis, keys: RunKeys, request: ControlRun, clock: Clock | None = None) -> Outcome:
    """Request to pause, resume or cancel a run. A pending request is not sent twice.

    Raises:
        Refused: when there is no such run, its state does not allow it, or that has changed since it was
            shown; the text names the state and what is possible.
        RedisError: when the server is not available.
    """
    async with Exchange(client) as exchange:
        return await _control(exchange, keys, request, clock or SystemClock())


async def _control(exchange: Exchange, keys: RunKeys, request: ControlRun, clock: Clock) -> Outcome:
    action, run_id = request.action, request.run_id
    run, handled = await _load(exchange, keys, run_id)
    name = f"{run.title} ({run_id})" if run.title and run.title != run_id else run_id
    if why := refusal(run.status, Move(action)):
        raise Refused(f"Run {run_id} cannot {action}: {why}.")
    if request.seen is not None and request.seen is not run.status:
        raise Refused(f"Run {name} has changed from {request.seen} to {run.status}. Try again.")
    requested = await _newest_request(exchange, keys, run_id)
    if requested is not None and pending_request(run.status, *requested, handled) is action:
        message = f"{action} of {name} is already requested"
        return Outcome(True, message, effect=Effect.DONE)
    fields = {
        "action": str(action),
        "reason": request.reason or "",
        "actor": request.actor,
        "at": str(clock.now_ms()),
    }
    try:
        await append(exchange, keys.control(run_id), fields, CONTROL_MAXLEN)
    except MayHaveBeenCarriedOut as problem:
        message = f"{action} of {name} was sent, but no answer came: {describe(problem, exchange)}"
        return Outcome(False, message, effect=Effect.UNSURE)
    if run.status is not RunStatus.QUEUED and await _has_no_worker(exchange, keys, run_id):
        message = f"{action} of {name} requested, but it has no worker: pending until one starts"
        return Outcome(True, message, effect=Effect.DONE)
    return Outcome(True, f"{action} of {name} requested", effect=Effect.DONE)


async def _newest_request(exchange: Exchange, keys: RunKeys, run_id: str) -> tuple[str, str] | None:
    """Action and id of the newest control message; None where there is none."""
    newest = await _read(exchange, "XREVRANGE", keys.control(run_id), "+", "-", "COUNT", 1)
    if not newest:
        return None
    entry_id, flat = newest[0]
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    return as_text(fields.get(b"action", b"")), as_text(entry_id)


async def _has_no_worker(exchange: Exchange, keys: RunKeys, run_id: str) -> bool:
    """Whether the run certainly has no worker."""
    try:
        return not await _read(exchange, "EXISTS", keys.lock(run_id))
    except (RedisError, OSError):
        return False


async def _read(exchange: Exchange, *words: str | int) -> Any:
    """The reply to one idempotent command."""
    (reply,) = await exchange.read([words])
    if isinstance(reply, RedisError):
        raise reply
    return reply


async def wait_for(
    client: Redis, keys: RunKeys, run_id: str, action: ControlAction, seconds: float
) -> RunStatus:
    """Wait until the worker has reached the state that *action* requests, and return it.

    Raises:
        TimeoutError: when it has not after *seconds*.
        Refused: when the run ended in another state.
        RedisError: when the server is not available.
    """
    async with Exchange(client) as exchange, asyncio.timeout(seconds):
        while True:
            run, _ = await _load(exchange, keys, run_id)
            if run.status in _GOALS[action]:
                return run.status
            if run.status.terminal:
                raise Refused(f"Run {run_id} is {run.status}: it ended before it could {action}.")
            await asyncio.sleep(_POLL_S)


async def orphan_of(client: Redis, keys: RunKeys, run_id: str, lease: float, now: int) -> Run | None:
    """The run, if it is an orphan: live by its record, but its lock has no owner; *lease* in s, *now* in ms.

    Raises:
        Refused: when there is no such run.
        RedisError: when the server is not available.
    """
    async with Exchange(client) as exchange:
        run, _ = await _load(exchange, keys, run_id)
        if run.status.terminal or run.status is RunStatus.UNKNOWN:
            return None
        if await _read(exchange, "EXISTS", keys.lock(run_id)):
            return None
    waits = run.status is RunStatus.QUEUED and now - (run.created_at or 0) <= lease * 1000
    return None if waits else replace(run, orphaned=True)


async def mark_orphan_failed(
    client: Redis,
    keys: RunKeys,
    run_id: str,
    actor: str,
    clock: Clock | None = None,
    seen: RunStatus | None = None,
) -> Outcome:
    """Record an orphaned run as failed, with ``error.code`` ``orphaned``, while holding its lock.

    Raises:
        Refused: when it has ended, has a worker, or its state is not the one *seen*.
        RedisError: when the server is not available.
    """
    async with _locked(client, keys, run_id, actor, _CLEAN_UP_MS) as exchange:
        run, _ = await _load(exchange, keys, run_id)
        if why := refusal(run.status, Move.FAIL):
            raise Refused(f"Run {run_id} cannot be marked as failed: {why}.")
        if seen is not None and seen is not run.status:
            raise Refused(f"Run {run_id} has changed from {seen} to {run.status}. Try again.")
        now = (clock or SystemClock()).now_ms()
        message = "its worker vanished"
        note = {
            "status": next_status(run.status, Move.FAIL),
            "error.code": "orphaned",
            "error.message": message,
            "error.retryable": True,
            "endedAt": now,
            "updatedAt": now,
        }
        data = {"code": "orphaned", "message": message, "actor": actor, "lastSeen": run.updated_at}
        missed = await record(exchange, keys, run_id, note, [(ev.RUN_FAILED, now, data)])
    return Outcome(True, f"Run {run_id} is marked as failed: {message}{missed}", effect=Effect.DONE)


async def end_orphan_child(
    client: Redis, keys: RunKeys, request: EndOrphanChild, host: str, clock: Clock | None = None
) -> Outcome:
    """Terminate the command that an orphaned run left on this machine: SIGTERM, then SIGKILL after the grace.

    The run's lock is held meanwhile, so that no new worker starts beside the old command.

    Raises:
        Refused: when the run has a worker or has ended in another way, or its command is on another machine.
        RedisError: when the server is not available.
    """
    run_id = request.run_id
    lasts_ms = int(request.grace * 1000) + _CLEAN_UP_MS
    async with _locked(client, keys, run_id, request.actor, lasts_ms) as exchange:
        run, _ = await _load(exchange, keys, run_id)
        if run.status.terminal and run.error_code != "orphaned":
            raise Refused(f"Run {run_id} is {run.status}, not orphaned.")
        if run.host != host:
            raise Refused(
                f"The command of run {run_id} runs on {run.host or 'an unknown machine'}; "
                f"terminate it there: kill -TERM -- -{request.pid}"
            )
        clock = clock or SystemClock()
        began = await asyncio.to_thread(_command_began, run)
        if run.pid != request.pid or (began is not None and abs(began - request.created_at) > SAME_MS):
            raise Refused(f"The process of run {run_id} has changed. Try again.")
        if began is None:
            await record(exchange, keys, run_id, {"pid": None, "updatedAt": clock.now_ms()}, [])
            return Outcome(True, f"Process {request.pid} of run {run_id} has exited already")
        events: list[Event] = []

        def escalated(name: str) -> None:
            data = {"signal": name, "pid": request.pid, "grace": request.grace, "actor": request.actor}
            events.append((ev.SIGNAL, clock.now_ms(), data))

        family = ProcessFamily(request.pid, began / 1000 - 1)
        gone = await terminate_family(family, request.grace, escalated, asyncio.Event())
        note = {"updatedAt": clock.now_ms()} | ({"pid": None, "pidCreatedAt": None} if gone else {})
        try:
            missed = await record(exchange, keys, run_id, note, events)
        except RedisError as problem:
            missed = f"; its record could not be updated: {describe(problem, exchange)}"
    names = " and ".join(str(data["signal"]) for _, _, data in events)
    if not gone:
        return Outcome(False, f"Process {request.pid} of run {run_id} is still running after {names}{missed}")
    message = f"Process {request.pid} of run {run_id} and its descendants have exited ({names}){missed}"
    return Outcome(True, message, effect=Effect.DONE)


def _command_began(run: Run) -> int | None:
    """The start time of the running command of *run*, Unix ms; None where it has exited."""
    if run.pid is None:
        return None
    return leader_created_at(run.pid, run.pid_created_at, (run.started_at, run.updated_at))


@asynccontextmanager
async def _locked(
    client: Redis, keys: RunKeys, run_id: str, actor: str, lasts_ms: int
) -> AsyncIterator[Exchange]:
    """Hold the lock of a run without a worker, and release it if it is still ours."""
    token, lock = f"{CLEAN_UP}{actor}:{secrets.token_hex(6)}", keys.lock(run_id)
    async with Exchange(client) as exchange:
        if not await _read(exchange, "SET", lock, token, "NX", "PX", lasts_ms):
            owner = await _read(exchange, "GET", lock)
            if is_clean_up(owner) and owner != token.encode():
                raise Refused(f"Run {run_id} is being cleaned up. Try again later.")
            if owner != token.encode():  # ours where the reply to SET was lost, and it was sent again
                raise Refused(f"Run {run_id} has a worker: cancel it instead.")
        try:
            yield exchange
        finally:
            # A lock that cannot be released expires.
            with contextlib.suppress(RedisError, OSError):
                await _read(exchange, "EVAL", _RELEASE, 1, lock, token)


async def _load(exchange: Exchange, keys: RunKeys, run_id: str) -> tuple[Run, str | None]:
    """The run, and the id of the newest control message that its worker has handled."""
    values = await _read(exchange, "HMGET", keys.meta(run_id), *FIELDS)
    fields = named(FIELDS, values)
    if not fields:
        raise Refused(f"There is no run {run_id}.")
    handled = fields.get("control.id")
    return parse_run(run_id, fields), None if handled is None else as_text(handled)
