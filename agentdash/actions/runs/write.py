"""Writes to the record and the streams of a run, each write exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redis.exceptions import RedisError

from agentdash.core.runs import event as ev
from agentdash.core.runs.model import RunKeys
from agentdash.core.runs.record import to_fields
from agentdash.server.client import source_error
from agentdash.server.exchange import Exchange, MayHaveBeenCarriedOut

Event = tuple[str, int, Mapping[str, object]]
"""(type, Unix ms, payload)."""


async def append(
    exchange: Exchange, key: str, fields: Mapping[str, object], maxlen: int | None = None
) -> None:
    """Add an entry to the stream *key*, once.

    Raises:
        MayHaveBeenCarriedOut: when it was sent and no reply came.
        redis.exceptions.RedisError: when it was not added.
    """
    limit = () if maxlen is None else ("MAXLEN", "~", maxlen)
    await _write(exchange, "XADD", key, *limit, "*", *_flat(fields))


async def record(
    exchange: Exchange, keys: RunKeys, run_id: str, note: Mapping[str, object], events: Sequence[Event]
) -> str:
    """Set fields of the record, then add events, each once.

    Returns:
        Which event could not be recorded, and why, as the end of a message; ``""`` where all were.

    Raises:
        MayHaveBeenCarriedOut: when the fields were sent and no reply came.
        redis.exceptions.RedisError: when nothing was written.
    """
    await _write(exchange, "HSET", keys.meta(run_id), *_flat(to_fields(note)))
    for name, at, data in events:
        entry = {"type": name, "at": str(at), "data": ev.dump_data(data)}
        try:
            await append(exchange, keys.events(run_id), entry)
        except RedisError as problem:
            unsure = isinstance(problem, MayHaveBeenCarriedOut)
            what = "may not have been recorded" if unsure else "was not recorded"
            return f"; its event {name} {what}: {describe(problem, exchange)}"
    return ""


def describe(problem: RedisError, exchange: Exchange) -> str:
    """An error of the server as a message; for a lost reply, why it was lost."""
    cause = problem.__cause__ if isinstance(problem, MayHaveBeenCarriedOut) else None
    return source_error(cause or problem, exchange.url).message


async def _write(exchange: Exchange, *words: object) -> None:
    (reply,) = await exchange.write([words])
    if isinstance(reply, RedisError):
        raise reply


def _flat(fields: Mapping[str, object]) -> list[object]:
    return [word for pair in fields.items() for word in pair]
