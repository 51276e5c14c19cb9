"""What is asked of Redis for one run, and the run that the answers make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from agentdash.core import run_event as ev
from agentdash.core.bounds import bounded_time_ms
from agentdash.core.run_event import masked_event, parse_event
from agentdash.core.run_record import FIELDS, named, parse_run, pending_request
from agentdash.core.runs import Run, RunEvent, RunKeys, RunStatus, is_clean_up
from agentdash.core.text import decode
from agentdash.server.cluster import is_unreached

if TYPE_CHECKING:
    from redis.asyncio.client import Pipeline

COMMANDS = 6
_NEWEST = 4
_QUIET = frozenset({ev.TOKEN_USAGE, ev.TURN_STARTED, ev.SIGNAL})
"""Events that tell less of what a run does than the one before them."""


@dataclass(frozen=True, slots=True)
class RunReply:
    """The answers for one run, in the order of the questions; each may be an error of its own.

    Attributes:
        ttl: ``PTTL`` of the lock, asked before the record.
        meta: ``HMGET`` of the record.
        events: The newest entries of the events, newest first.
        count: How many events there are.
        control: The newest control message.
        owner: The lock, asked after the record.
    """

    ttl: Any
    meta: Any
    events: Any
    count: Any
    control: Any
    owner: Any

    @property
    def denied(self) -> Exception | None:
        """An error that concerns not this run alone: it is no use to go on."""
        for answer in self._answers:
            if isinstance(answer, RedisConnectionError):
                return answer
            if isinstance(answer, Exception) and "WRONGTYPE" not in str(answer):
                return answer
        return None

    @property
    def unreached(self) -> Exception | None:
        """Why one of them was not answered at all: in a cluster, a run's keys lie on several nodes."""
        return next((answer for answer in self._answers if is_unreached(answer)), None)

    @property
    def _answers(self) -> tuple[Any, ...]:
        return self.ttl, self.meta, self.events, self.count, self.control, self.owner

    @property
    def gone(self) -> bool:
        """Whether there is no record."""
        return isinstance(self.meta, list) and all(value is None for value in self.meta)

    @property
    def lock_ttl_ms(self) -> int | None:
        """How long the lock lasts; None where there is none."""
        return self.ttl if isinstance(self.ttl, int) and self.ttl >= 0 else None

    @property
    def cleaned_up(self) -> bool:
        """Whether somebody holds the lock to clean the run up: that is no worker."""
        return is_clean_up(self.owner)

    def same_as(self, other: RunReply) -> bool:
        """Whether nothing but the time that the lock lasts differs."""
        return (
            _comparable(self.meta) == _comparable(other.meta)
            and self.count == other.count
            and self.owner == other.owner
            and (self.lock_ttl_ms is None) == (other.lock_ttl_ms is None)
            and _comparable(self.control) == _comparable(other.control)
            and _comparable(self.events) == _comparable(other.events)
        )


def ask(pipe: Pipeline, keys: RunKeys, run_id: bytes) -> None:
    """Put the questions for one run into *pipe*: `COMMANDS` of them.

    The lock is asked for before and after the record, so that a worker that begins or ends in between never
    looks like one that is missing.
    """
    name = run_id.decode("utf-8", "surrogateescape")
    lock, meta, events, control = (
        key.encode("utf-8", "surrogateescape")
        for key in (keys.lock(name), keys.meta(name), keys.events(name), keys.control(name))
    )
    pipe.pttl(lock)
    pipe.hmget(meta, list(FIELDS))
    pipe.xrevrange(events, count=_NEWEST)
    pipe.xlen(events)
    pipe.xrevrange(control, count=1)
    pipe.get(lock)


def read_run(run_id: bytes, reply: RunReply, now: int, lease_ms: int) -> Run:
    """The run as all answers together tell it.

    Args:
        run_id: Its id as it stands in the key; what is shown of it is printable.
        reply: Its answers.
        now: Unix ms.
        lease_ms: How long a queued run may wait for its worker before it counts as orphaned.
    """
    broken = tuple(
        name
        for name, answer in (
            ("meta", reply.meta),
            ("events", reply.events),
            ("ctl", reply.control),
            ("lock", reply.owner),
        )
        if isinstance(answer, ResponseError)
    )
    fields = named(FIELDS, reply.meta) if isinstance(reply.meta, list) else {}
    run = parse_run(decode(run_id), fields)
    events = [parse_event(entry_id, body or {}) for entry_id, body in _entries(reply.events)]
    telling = _telling(events)
    owner = decode(reply.owner) if isinstance(reply.owner, bytes) and not reply.cleaned_up else None
    action, asked_at = _request(run.status, reply, fields)
    return replace(
        run,
        orphaned=_is_orphaned(run, reply, now, lease_ms),
        requested=action,
        requested_at=asked_at,
        lock_owner=owner,
        lock_ttl_ms=reply.lock_ttl_ms,
        events=reply.count if isinstance(reply.count, int) else None,
        last_event=None if telling is None else masked_event(telling),
        last_event_at=_time_of(events[0]) if events else None,
        malformed=run.malformed + broken,
    )


def _is_orphaned(run: Run, reply: RunReply, now: int, lease_ms: int) -> bool | None:
    if run.status is RunStatus.UNKNOWN or isinstance(reply.owner, Exception):
        return None
    if run.status.terminal:
        return False
    if not reply.cleaned_up and (reply.owner is not None or reply.lock_ttl_ms is not None):
        return False
    return run.status is not RunStatus.QUEUED or now - (run.created_at or 0) > lease_ms


def _request(status: RunStatus, reply: RunReply, fields: dict[str, bytes]) -> tuple[Any, int | None]:
    handled = fields.get("control.id")
    for entry_id, body in _entries(reply.control):
        fields_of = body or {}
        word = decode(fields_of.get(b"action", b"")[:50]).strip().lower()
        action = pending_request(status, word, decode(entry_id), None if handled is None else decode(handled))
        if action is not None:
            return action, _time_of(parse_event(entry_id, fields_of))
    return None, None


def _telling(events: list[RunEvent]) -> RunEvent | None:
    """The newest event that says what the run does; the newest of all where none does."""
    return next((event for event in events if not _quiet(event)), events[0] if events else None)


def _quiet(event: RunEvent) -> bool:
    if event.type == ev.OUTPUT:  # rows of an agent, whose meaning stands in the event beside them
        return str(event.data.get("text", "")).lstrip().startswith('{"')
    return event.type in _QUIET


def _time_of(event: RunEvent) -> int | None:
    """When it happened: as it says, else as its id does."""
    if event.at is not None:
        return event.at
    return bounded_time_ms(event.id.partition("-")[0])


def _entries(answer: object) -> list[tuple[bytes, dict[bytes, bytes] | None]]:
    return cast("list[tuple[bytes, dict[bytes, bytes] | None]]", answer) if isinstance(answer, list) else []


def _comparable(answer: object) -> object:
    return str(answer) if isinstance(answer, Exception) else answer
