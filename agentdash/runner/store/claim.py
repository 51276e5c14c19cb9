"""Which run a worker may claim: a new one, a queued one, or one without a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from agentdash.core.commands import Refused
from agentdash.core.runs.model import Run, RunKeys, RunStatus
from agentdash.core.runs.record import FIELDS, named, parse_run
from agentdash.core.secrets.mask import cut
from agentdash.core.units import plural
from agentdash.processes import leader_created_at
from agentdash.runner.output.secret_mask import SecretMask
from agentdash.runner.spec import RunSpec

if TYPE_CHECKING:
    from redis.asyncio import Redis


_FIELDS = (*FIELDS, "stats.threads")
"""``stats.threads`` is internal to workers: the last reported tokens of each agent thread."""


@dataclass(frozen=True, slots=True)
class ExistingRun:
    """The record of an existing run, parsed and as raw fields."""

    run: Run
    fields: Mapping[str, str]


async def find_record(client: Redis, keys: RunKeys, run_id: str) -> ExistingRun | None:
    """The record of *run_id*, or None.

    Raises:
        RedisError: when the server is not available.
    """
    values = await client.hmget(keys.meta(run_id), list(_FIELDS))
    fields = named(_FIELDS, cast("list[bytes | None]", values))
    if not fields:
        return None
    return ExistingRun(
        parse_run(run_id, fields), {name: raw.decode("utf-8", "replace") for name, raw in fields.items()}
    )


def check_takeover(run: Run, host: str, turns: int | None) -> None:
    """Check that the worker with the lock may continue *run*, up to *turns* in all; None: its own number.

    Raises:
        Refused: when it has ended, its state is unknown, it has done as many turns, or the former worker's
            command still runs on this machine.
    """
    if run.status.terminal:
        raise Refused(f"Run {run.id} is {run.status}; start a new one.")
    if run.status is RunStatus.UNKNOWN:
        raise Refused(f"Run {run.id} is in an unknown state: {run.status_text or 'none'}.")
    if turns is not None and turns <= (run.turns or 0):
        raise Refused(
            f"Run {run.id} has done {plural(run.turns or 0, 'turn')} already: give more with --turns, "
            "or omit it to continue as started."
        )
    if (
        run.pid is not None
        and run.host == host
        and leader_created_at(run.pid, run.pid_created_at, (run.started_at, run.updated_at))
    ):
        raise Refused(
            f"The command of run {run.id} still runs without its worker, as process {run.pid}; "
            f"end it first: kill -TERM -- -{run.pid}"
        )


def initial_fields(spec: RunSpec, now: int, secrets: SecretMask) -> dict[str, object]:
    """The record of a run created at *now*, Unix ms."""
    return {
        "id": spec.run_id,
        "title": spec.title or cut(" ".join(secrets.words(spec.command)), 200),
        "command": list(spec.command),
        "cwd": spec.cwd,
        "status": RunStatus.QUEUED,
        "createdAt": now,
        "currentTurn": 0,
        "maxTurns": spec.turns or 1,
        "stats.turns": 0,
    }
