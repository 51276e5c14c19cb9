"""What is asked of Redis for one run, and the run that the answers make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from agentdash.core.bounds import bounded_time_ms
from agentdash.core.runs import event as ev
from agentdash.core.runs.event import event_in_short, parse_event
from agentdash.core.runs.model import Run, RunEvent, RunKeys, RunStatus, is_clean_up
from agentdash.core.runs.record import FIELDS, named, parse_run, pending_request
from agentdash.core.text import decode
from agentdash.server.cluster import is_unreached

if TYPE_CHECKING:
    from redis.asyncio.client import Pipeline

COMMANDS = 6
RECORD_MOST = 128 * 1024
"""Bytes of a record that are read: what Linux accepts as one argument of a command, which may be a prompt."""
EVENTS_MOST = 64 * 1024
"""Bytes of the newest events and the newest control message; a worker writes 16 KiB an event at most."""
LOCK_MOST = 1024
NEWEST = 4
_QUIET = frozenset({ev.TOKEN_USAGE, ev.TURN_STARTED, ev.SIGNAL})
"""Events that tell less of what a run does than the one before them."""


class TooLargeError(ResponseError):
    """Stands for an answer that was not asked for, because it is too large or its size is not known."""


NOT_ASKED: Final = "not asked"
"""Stands for events and control messages that were not asked for this time: what was known of them stays."""


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
        unread: Fields of the record that were not asked for, as they are too large, with their bytes.
    """

    ttl: Any
    meta: Any
    events: Any
    count: Any
    control: Any
    owner: Any
    unread: Mapping[str, int] = field(default_factory=dict)

    @property
    def denied(self) -> Exception | None:
        """An error that concerns not this run alone: it is no use to go on."""
        for answer in self._answers:
            if isinstance(answer, RedisConnectionError):
                return answer
            if isinstance(answer, Exception) and not _concerns_one(answer):
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
        return not self.unread and isinstance(self.meta, list) and all(value is None for value in self.meta)

    @property
    def lock_ttl_ms(self) -> int | None:
        """How long the lock lasts; None where there is none."""
        return self.ttl if isinstance(self.ttl, int) and self.ttl >= 0 else None

    @property
    def cleaned_up(self) -> bool:
        """Whether somebody holds the lock to clean the run up: that is no worker."""
        return is_clean_up(self.owner)

    @property
    def is_large(self) -> bool:
        """Whether it is larger than what one run may cost at each poll."""
        return self.size > LOCK_MOST and (
            _size(self.meta) > RECORD_MOST
            or _size(self.events) + _size(self.control) > EVENTS_MOST
            or _size(self.owner) > LOCK_MOST
        )

    @property
    def size(self) -> int:
        """Bytes of the texts in it."""
        return sum(map(_size, (self.meta, self.events, self.control, self.owner)))

    @property
    def digest(self) -> int:
        """The same for answers that tell the same, but for the time that the lock lasts.

        Kept instead of the answers. Python's hash of bytes has a key of its own in each process, so that
        nobody can make two answers for it that collide.
        """
        answers = (self.meta, self.events, self.count, self.control, self.owner)
        held = self.lock_ttl_ms is None
        return hash((held, tuple(map(_hashable, answers)), tuple(self.unread.items())))


@dataclass(frozen=True, slots=True)
class KeysOf:
    """The keys of one run, as bytes: an id may be no text."""

    lock: bytes
    meta: bytes
    events: bytes
    control: bytes


def run_keys(keys: RunKeys, run_id: bytes) -> KeysOf:
    """The keys of the run *run_id*."""
    name = run_id.decode("utf-8", "surrogateescape")
    named_keys = keys.lock(name), keys.meta(name), keys.events(name), keys.control(name)
    return KeysOf(*(key.encode("utf-8", "surrogateescape") for key in named_keys))


def ask(pipe: Pipeline, keys: RunKeys, run_id: bytes) -> None:
    """Put the questions for one run into *pipe*: `COMMANDS` of them.

    The lock is asked for before and after the record, so that a worker that begins or ends in between never
    looks like one that is missing.
    """
    of = run_keys(keys, run_id)
    pipe.pttl(of.lock)
    pipe.hmget(of.meta, list(FIELDS))
    pipe.xrevrange(of.events, count=NEWEST)
    pipe.xlen(of.events)
    pipe.xrevrange(of.control, count=1)
    pipe.get(of.lock)


def read_run(run_id: bytes, reply: RunReply, now: int, lease_ms: int, known: Run | None = None) -> Run:
    """The run as all answers together tell it.

    Args:
        run_id: Its id as it is in the key; what is shown of it is printable.
        reply: Its answers.
        now: Unix ms.
        lease_ms: How long a queued run may wait for its worker before it counts as orphaned.
        known: The run as it was last read: what stays where something was not asked for this time.
    """
    fields = named(FIELDS, reply.meta) if isinstance(reply.meta, list) else {}
    run = parse_run(decode(run_id), fields)
    owner = decode(reply.owner) if isinstance(reply.owner, bytes) and not reply.cleaned_up else None
    action, asked_at = _request(run.status, reply, fields, known)
    too_large = (*reply.unread.items(), *((name, None) for name in _broken(reply, TooLargeError)))
    run = replace(
        run,
        orphaned=_is_orphaned(run, reply, now, lease_ms),
        requested=action,
        requested_at=asked_at,
        lock_owner=owner,
        lock_ttl_ms=reply.lock_ttl_ms,
        events=reply.count if isinstance(reply.count, int) else None,
        malformed=(*run.malformed, *reply.unread, *_broken(reply, ResponseError)),
        too_large=too_large,
    )
    if reply.events is NOT_ASKED:
        return _as_known(run, reply, known)
    events = [parse_event(entry_id, body or {}) for entry_id, body in _entries(reply.events)]
    telling = _telling(events)
    run = replace(
        run,
        last_event=None if telling is None else event_in_short(telling),
        last_event_at=_time_of(events[0]) if events else None,
    )
    return _as_known(run, reply, known)


def _broken(reply: RunReply, kind: type[ResponseError]) -> list[str]:
    """The keys of a run of which no answer could be used."""
    answers = {"meta": reply.meta, "events": reply.events, "ctl": reply.control, "lock": reply.owner}
    return [name for name, answer in answers.items() if isinstance(answer, kind)]


def _as_known(run: Run, reply: RunReply, known: Run | None) -> Run:
    """*run* with what is known of the streams that were not asked for this time."""
    if known is None:
        return run
    not_asked = {"events"} if reply.events is NOT_ASKED else set()
    not_asked |= {"ctl"} if reply.control is NOT_ASKED else set()
    large = [name for name, _ in known.too_large if name in not_asked]
    if "events" in not_asked:
        run = replace(run, last_event=known.last_event, last_event_at=known.last_event_at)
    return replace(
        run,
        malformed=(*run.malformed, *large),
        too_large=(*run.too_large, *((name, None) for name in large)),
    )


def _is_orphaned(run: Run, reply: RunReply, now: int, lease_ms: int) -> bool | None:
    if run.status is RunStatus.UNKNOWN or isinstance(reply.owner, Exception):
        return None
    if run.status.terminal:
        return False
    if not reply.cleaned_up and (reply.owner is not None or reply.lock_ttl_ms is not None):
        return False
    return run.status is not RunStatus.QUEUED or now - (run.created_at or 0) > lease_ms


def _request(
    status: RunStatus, reply: RunReply, fields: dict[str, bytes], known: Run | None
) -> tuple[Any, int | None]:
    if reply.control is NOT_ASKED:
        action = None if known is None else pending_request(status, known.requested, "0-0", None)
        return action, None if known is None or action is None else known.requested_at
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


def _concerns_one(problem: Exception) -> bool:
    """Whether an error is about this run's key alone."""
    return isinstance(problem, TooLargeError) or "WRONGTYPE" in str(problem)


def _size(answer: object) -> int:
    """Bytes of all texts in an answer: a text, a list of texts or of entries."""
    if isinstance(answer, bytes):
        return len(answer)
    if not isinstance(answer, list):
        return 0
    return sum(len(part) if isinstance(part, bytes) else _entry_size(part) for part in answer if part)


def _entry_size(entry: tuple[bytes, dict[bytes, bytes] | None]) -> int:
    return sum(len(name) + len(value) for name, value in (entry[1] or {}).items())


def _hashable(answer: object) -> object:
    if isinstance(answer, list):
        return tuple(
            (part[0], tuple((part[1] or {}).items())) if isinstance(part, tuple) else part for part in answer
        )
    return str(answer) if isinstance(answer, Exception) else answer
