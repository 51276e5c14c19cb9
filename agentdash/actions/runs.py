"""What changes runs: requests to their workers, and the clean-up of runs that have none."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from agentdash.core import run_event as ev
from agentdash.core.clock import Clock, SystemClock
from agentdash.core.commands import ControlRun, Outcome, Refused
from agentdash.core.run_commands import EndOrphanChild
from agentdash.core.run_record import FIELDS, named, parse_run, pending_request, to_fields
from agentdash.core.run_state import Move, next_status, refusal
from agentdash.core.runs import CLEAN_UP, ControlAction, Run, RunKeys, RunStatus, is_clean_up
from agentdash.core.text import decode
from agentdash.processes import SAME_MS, Family, end_family, leader_created_at

if TYPE_CHECKING:
    from redis.asyncio import Redis

CONTROL_MAXLEN = 1000
_LOOK_S = 0.05
_CLEAN_UP_MS = 10_000
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

_Event = tuple[str, int, Mapping[str, object]]
"""(type, Unix ms, payload)."""

_GOALS = {
    ControlAction.PAUSE: frozenset({RunStatus.PAUSED}),
    ControlAction.RESUME: frozenset({RunStatus.RUNNING}),
    ControlAction.CANCEL: frozenset({RunStatus.CANCELLED}),
}


async def control(client: Redis, keys: RunKeys, request: ControlRun, clock: Clock | None = None) -> Outcome:
    """Ask the worker of a run to pause, resume or cancel it. A request that is on its way is not sent twice.

    Raises:
        Refused: when there is no such run, or its state (or a change since it was seen) does not allow it;
            the text names the state and what is possible.
        RedisError: when the server cannot be asked.
    """
    action, run_id = request.action, request.run_id
    run, handled = await _load(client, keys, run_id)
    name = f"{run.title} ({run_id})" if run.title and run.title != run_id else run_id
    if why := refusal(run.status, Move(action)):
        raise Refused(f"Run {run_id} cannot {action}: {why}.")
    if request.seen is not None and request.seen is not run.status:
        raise Refused(f"Run {name} has changed: it was {request.seen}, now it is {run.status}. Look again.")
    newest = await client.xrevrange(keys.control(run_id), count=1)
    if newest:
        entry_id, fields = newest[0]
        word = decode(cast("dict[bytes, bytes]", fields or {}).get(b"action", b""))
        if pending_request(run.status, word, decode(cast("bytes", entry_id)), handled) is action:
            return Outcome(True, f"{action} of {name} was requested before; its worker has not done it yet")
    message = {
        "action": str(action),
        "reason": request.reason or "",
        "actor": request.actor,
        "at": str((clock or SystemClock()).now_ms()),
    }
    await client.xadd(keys.control(run_id), message, maxlen=CONTROL_MAXLEN, approximate=True)  # type: ignore[arg-type]
    if run.status is not RunStatus.QUEUED and not await client.exists(keys.lock(run_id)):
        return Outcome(True, f"{action} of {name} requested, but no worker holds it: it waits for one")
    return Outcome(True, f"{action} of {name} requested")


async def wait_for(
    client: Redis, keys: RunKeys, run_id: str, action: ControlAction, seconds: float
) -> RunStatus:
    """Wait until the worker has reached the state that *action* asks for.

    Returns:
        That state.

    Raises:
        TimeoutError: when it has not after *seconds*.
        Refused: when the run ended in another way.
        RedisError: when the server cannot be asked.
    """
    async with asyncio.timeout(seconds):
        while True:
            run, _ = await _load(client, keys, run_id)
            if run.status in _GOALS[action]:
                return run.status
            if run.status.terminal:
                raise Refused(f"Run {run_id} is {run.status}: it ended before it could {action}.")
            await asyncio.sleep(_LOOK_S)


async def orphan_of(client: Redis, keys: RunKeys, run_id: str, lease: float, now: int) -> Run | None:
    """The run, where it is live by its record while nobody holds its lock; None where it is no orphan.

    Args:
        client: Where the record is.
        keys: Names of its keys.
        run_id: Its id.
        lease: Seconds that a queued run may wait for its worker.
        now: Unix ms.

    Raises:
        Refused: when there is no such run.
        RedisError: when the server cannot be asked.
    """
    run, _ = await _load(client, keys, run_id)
    if run.status.terminal or run.status is RunStatus.UNKNOWN or await client.exists(keys.lock(run_id)):
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
    """Record a run whose worker is gone as failed: ``error.code`` ``orphaned``. Its lock is held meanwhile.

    Raises:
        Refused: when it has ended, or a worker holds it, or it is not as it was *seen*.
        RedisError: when the server cannot be asked.
    """
    async with _held(client, keys, run_id, actor, _CLEAN_UP_MS):
        run, _ = await _load(client, keys, run_id)
        if why := refusal(run.status, Move.FAIL):
            raise Refused(f"Run {run_id} cannot be marked as failed: {why}.")
        if seen is not None and seen is not run.status:
            raise Refused(f"Run {run_id} has changed: it was {seen}, now it is {run.status}. Look again.")
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
        await _record(client, keys, run_id, note, [(ev.RUN_FAILED, now, data)])
    return Outcome(True, f"Run {run_id} is marked as failed: {message}")


async def end_orphan_child(
    client: Redis, keys: RunKeys, request: EndOrphanChild, host: str, clock: Clock | None = None
) -> Outcome:
    """End the command that an orphaned run left behind here: SIGTERM, and SIGKILL after the grace.

    The run's lock is held meanwhile, so that no new worker begins beside the old command.

    Args:
        client: Where the record is.
        keys: Names of its keys.
        request: Names the process by pid and start time, as the person saw it.
        host: This machine.
        clock: For the record.

    Raises:
        Refused: when a worker holds the run, it has ended otherwise, or its command is not on this machine.
        RedisError: when the server cannot be asked.
    """
    run_id = request.run_id
    async with _held(client, keys, run_id, request.actor, int(request.grace * 1000) + _CLEAN_UP_MS):
        run, _ = await _load(client, keys, run_id)
        if run.status.terminal and run.error_code != "orphaned":
            raise Refused(f"Run {run_id} is {run.status}: its command is not an orphan's.")
        if run.host != host:
            raise Refused(
                f"The command of run {run_id} runs on {run.host or 'a machine that is not known'}; "
                f"end it there: kill -TERM -- -{request.pid}"
            )
        clock = clock or SystemClock()
        began = await asyncio.to_thread(_command_began, run)
        if run.pid != request.pid or (began is not None and abs(began - request.created_at) > SAME_MS):
            raise Refused(f"The record of run {run_id} names another process now. Look again.")
        if began is None:
            await _record(client, keys, run_id, {"pid": None, "updatedAt": clock.now_ms()}, [])
            return Outcome(True, f"Process {request.pid} of run {run_id} has ended already")
        told: list[_Event] = []

        def escalated(name: str) -> None:
            data = {"signal": name, "pid": request.pid, "grace": request.grace, "actor": request.actor}
            told.append((ev.SIGNAL, clock.now_ms(), data))

        family = Family(request.pid, began / 1000 - 1)
        gone = await end_family(family, request.grace, escalated, asyncio.Event())
        note = {"updatedAt": clock.now_ms()} | ({"pid": None, "pidCreatedAt": None} if gone else {})
        await _record(client, keys, run_id, note, told)
    names = " and ".join(str(data["signal"]) for _, _, data in told)
    if not gone:
        return Outcome(False, f"Process {request.pid} of run {run_id} was sent {names}, and is still there")
    return Outcome(True, f"Process {request.pid} of run {run_id} and its descendants have ended ({names})")


def _command_began(run: Run) -> int | None:
    """When the living command of *run* began, Unix ms; None where it has ended."""
    if run.pid is None:
        return None
    return leader_created_at(run.pid, run.pid_created_at, (run.started_at, run.updated_at))


@asynccontextmanager
async def _held(client: Redis, keys: RunKeys, run_id: str, actor: str, lasts_ms: int) -> AsyncIterator[None]:
    """Hold the lock of a run that has no worker, and give it back if it is still ours."""
    token = f"{CLEAN_UP}{actor}:{secrets.token_hex(6)}"
    if not await client.set(keys.lock(run_id), token, nx=True, px=lasts_ms):
        if is_clean_up(await client.get(keys.lock(run_id))):
            raise Refused(f"Run {run_id} is being cleaned up: wait until that is done.")
        raise Refused(f"Run {run_id} has a worker: cancel it instead.")
    try:
        yield
    finally:
        await client.execute_command("EVAL", _RELEASE, 1, keys.lock(run_id), token)  # type: ignore[no-untyped-call]


async def _record(
    client: Redis, keys: RunKeys, run_id: str, note: Mapping[str, object], events: Sequence[_Event]
) -> None:
    pipe = client.pipeline(transaction=False)
    pipe.hset(keys.meta(run_id), mapping=to_fields(note))  # type: ignore[arg-type]
    for name, at, data in events:
        pipe.xadd(keys.events(run_id), {"type": name, "at": str(at), "data": ev.dump_data(data)})
    await pipe.execute()


async def _load(client: Redis, keys: RunKeys, run_id: str) -> tuple[Run, str | None]:
    """The run, and the newest control message that its worker has dealt with."""
    values = await client.hmget(keys.meta(run_id), list(FIELDS))
    fields = named(FIELDS, cast("list[bytes | None]", values))
    if not fields:
        raise Refused(f"There is no run {run_id}.")
    handled = fields.get("control.id")
    return parse_run(run_id, fields), None if handled is None else decode(handled)
