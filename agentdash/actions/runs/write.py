"""What is written to the record and the streams of a run: each thing once."""

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
    """Add an entry to the stream *key*: once.

    Raises:
        MayHaveBeenCarriedOut: when it was sent, and no answer came.
        redis.exceptions.RedisError: when it was not added.
    """
    limit = () if maxlen is None else ("MAXLEN", "~", maxlen)
    await _write(exchange, "XADD", key, *limit, "*", *_flat(fields))


async def record(
    exchange: Exchange, keys: RunKeys, run_id: str, note: Mapping[str, object], events: Sequence[Event]
) -> str:
    """Note fields in the record, then events: each once.

    Returns:
        What could not be recorded of the events, and why, for the end of a sentence; else nothing.

    Raises:
        MayHaveBeenCarriedOut: when the fields were sent, and no answer came.
        redis.exceptions.RedisError: when nothing was noted.
    """
    await _write(exchange, "HSET", keys.meta(run_id), *_flat(to_fields(note)))
    for name, at, data in events:
        entry = {"type": name, "at": str(at), "data": ev.dump_data(data)}
        try:
            await append(exchange, keys.events(run_id), entry)
        except RedisError as problem:
            unsure = isinstance(problem, MayHaveBeenCarriedOut)
            what = "may not have been recorded" if unsure else "was not recorded"
            return f"; its event {name} {what}: {why_of(problem, exchange)}"
    return ""


def why_of(problem: RedisError, exchange: Exchange) -> str:
    """What went wrong at the server; of a lost answer, why it was lost."""
    cause = problem.__cause__ if isinstance(problem, MayHaveBeenCarriedOut) else None
    return source_error(cause or problem, exchange.url).message


async def _write(exchange: Exchange, *words: object) -> None:
    (reply,) = await exchange.write([words])
    if isinstance(reply, RedisError):
        raise reply


def _flat(fields: Mapping[str, object]) -> list[object]:
    return [word for pair in fields.items() for word in pair]
