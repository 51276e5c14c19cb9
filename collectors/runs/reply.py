"""The commands that read one run from Redis, and the run parsed from their replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from agentdash.core.bounds import bounded_time_ms
from agentdash.core.runs import event as ev
from agentdash.core.runs.event import parse_event, shortened_event
from agentdash.core.runs.model import Run, RunEvent, RunKeys, RunStatus, is_clean_up
from agentdash.core.runs.record import FIELDS, named, parse_run, pending_request
from agentdash.core.secrets.safe_text import as_text
from agentdash.server.cluster import is_unreached

if TYPE_CHECKING:
    from redis.asyncio.client import Pipeline

COMMANDS = 6
RECORD_MOST = 128 * 1024
"""Bytes read of a record at most: as Linux accepts for one argument of a command, which may be a prompt."""
EVENTS_MOST = 64 * 1024
"""Bytes of the newest events and control message; a worker writes 16 KiB per event at most."""
LOCK_MOST = 1024
NEWEST = 4
_MINOR = frozenset({ev.TOKEN_USAGE, ev.TURN_STARTED, ev.SIGNAL})
"""Events that say less about a run's activity than the one before them."""


class TooLargeError(ResponseError):
    """In place of a reply that was not read, because it is too large or its size is unknown."""


NOT_READ: Final = "not read"
"""In place of events and control messages that were not read in this pass: their last values are kept."""


@dataclass(frozen=True, slots=True)
class RunReply:
    """The replies for one run, in the order of `ask`; each may be an error.

    Attributes:
        ttl: ``PTTL`` of the lock, read before the record.
        meta: ``HMGET`` of the record.
        events: The newest events, newest first.
        count: Number of events.
        control: The newest control message.
        owner: The lock, read after the record.
        unread: Fields of the record that were too large to read, with their bytes.
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
        """An error that is not about this run alone, so that the pass fails."""
        for answer in self._answers:
            if isinstance(answer, RedisConnectionError):
                return answer
            if isinstance(answer, Exception) and not _concerns_one(answer):
                return answer
        return None

    @property
    def unreached(self) -> Exception | None:
        """The error of a cluster node that is unavailable: a run's keys may be on several nodes."""
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
        """Remaining time of the lock; None where there is none."""
        return self.ttl if isinstance(self.ttl, int) and self.ttl >= 0 else None

    @property
    def cleaned_up(self) -> bool:
        """Whether the lock is that of a clean-up, not of a worker."""
        return is_clean_up(self.owner)

    @property
    def is_large(self) -> bool:
        """Whether it is too large to be read at each poll."""
        return self.size > LOCK_MOST and (
            _size(self.meta) > RECORD_MOST
            or _size(self.events) + _size(self.control) > EVENTS_MOST
            or _size(self.owner) > LOCK_MOST
        )

    @property
    def size(self) -> int:
        """Number of bytes of its texts."""
        return sum(map(_size, (self.meta, self.events, self.control, self.owner)))

    @property
    def digest(self) -> int:
        """A hash of all replies except the remaining time of the lock, kept instead of them.

        Python's hash of bytes is keyed per process, so collisions cannot be crafted.
        """
        replies = (self.meta, self.events, self.count, self.control, self.owner)
        unlocked = self.lock_ttl_ms is None
        return hash((unlocked, tuple(map(_hashable, replies)), tuple(self.unread.items())))


@dataclass(frozen=True, slots=True)
class KeysOf:
    """The keys of one run, as bytes: an id may be invalid UTF-8."""

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
    """Add the `COMMANDS` commands that read one run to *pipe*.

    The lock is read before and after the record, so that a worker that starts or exits in between never looks
    missing.
    """
    of = run_keys(keys, run_id)
    pipe.pttl(of.lock)
    pipe.hmget(of.meta, list(FIELDS))
    pipe.xrevrange(of.events, count=NEWEST)
    pipe.xlen(of.events)
    pipe.xrevrange(of.control, count=1)
    pipe.get(of.lock)


def read_run(run_id: bytes, reply: RunReply, now: int, lease_ms: int, known: Run | None = None) -> Run:
    """The run parsed from its replies.

    Args:
        run_id: Its id as in the key; displayed printable.
        reply: Its replies.
        now: Unix ms.
        lease_ms: How long a queued run may be without a worker before it counts as orphaned.
        known: The run as last read, for what was not read this time.
    """
    fields = named(FIELDS, reply.meta) if isinstance(reply.meta, list) else {}
    run = parse_run(as_text(run_id), fields)
    owner = as_text(reply.owner) if isinstance(reply.owner, bytes) and not reply.cleaned_up else None
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
    if reply.events is NOT_READ:
        return _as_known(run, reply, known)
    events = [parse_event(entry_id, body or {}) for entry_id, body in _entries(reply.events)]
    major = _major(events)
    run = replace(
        run,
        last_event=None if major is None else shortened_event(major),
        last_event_at=_time_of(events[0]) if events else None,
    )
    return _as_known(run, reply, known)


def _broken(reply: RunReply, kind: type[ResponseError]) -> list[str]:
    """The keys of a run whose reply is an error of *kind*."""
    answers = {"meta": reply.meta, "events": reply.events, "ctl": reply.control, "lock": reply.owner}
    return [name for name, answer in answers.items() if isinstance(answer, kind)]


def _as_known(run: Run, reply: RunReply, known: Run | None) -> Run:
    """*run* with the last values of the streams that were not read this time."""
    if known is None:
        return run
    not_read = {"events"} if reply.events is NOT_READ else set()
    not_read |= {"ctl"} if reply.control is NOT_READ else set()
    large = [name for name, _ in known.too_large if name in not_read]
    if "events" in not_read:
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
    if reply.control is NOT_READ:
        action = None if known is None else pending_request(status, known.requested, "0-0", None)
        return action, None if known is None or action is None else known.requested_at
    handled = fields.get("control.id")
    for entry_id, body in _entries(reply.control):
        fields_of = body or {}
        word = as_text(fields_of.get(b"action", b"")[:50]).strip().lower()
        action = pending_request(
            status, word, as_text(entry_id), None if handled is None else as_text(handled)
        )
        if action is not None:
            return action, _time_of(parse_event(entry_id, fields_of))
    return None, None


def _major(events: list[RunEvent]) -> RunEvent | None:
    """The newest event that describes the run's activity; the newest of all where none does."""
    return next((event for event in events if not _is_minor(event)), events[0] if events else None)


def _is_minor(event: RunEvent) -> bool:
    if event.type == ev.OUTPUT:  # JSON rows of an agent have events of their own
        return str(event.data.get("text", "")).lstrip().startswith('{"')
    return event.type in _MINOR


def _time_of(event: RunEvent) -> int | None:
    """The time of an event, else that in its id; Unix ms."""
    if event.at is not None:
        return event.at
    return bounded_time_ms(event.id.partition("-")[0])


def _entries(answer: object) -> list[tuple[bytes, dict[bytes, bytes] | None]]:
    return cast("list[tuple[bytes, dict[bytes, bytes] | None]]", answer) if isinstance(answer, list) else []


def _concerns_one(problem: Exception) -> bool:
    """Whether an error is about this run's keys alone."""
    return isinstance(problem, TooLargeError) or "WRONGTYPE" in str(problem)


def _size(answer: object) -> int:
    """Number of bytes of a reply: a text, a list of texts or of entries."""
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
