"""Redis streams as read: raw counts, ids and idle times; None where unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from agentdash.core.findings.model import Symptom
from agentdash.core.records import record


class LagGrade(StrEnum):
    """How well a lag is known."""

    EXACT = "exact"
    BOUNDED = "bounded"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


@record(frozen=True, slots=True)
class Lag:
    """How many entries are not yet delivered to a group.

    Attributes:
        value: Entries; for ``bounded`` a lower bound; None when unknown.
        reason: Why it is not exact.
    """

    value: int | None
    grade: LagGrade = LagGrade.EXACT
    reason: str | None = None


class Verdict(StrEnum):
    """The progress of a group, judged over a window of time (after Kafka's Burrow)."""

    WATCHING = "watching"
    OK = "ok"
    SLOW = "slow"
    STALLED = "stalled"
    STOPPED = "stopped"
    REWOUND = "rewound"
    UNREAD = "nobody reads"
    UNKNOWN = "unknown"


class Cap(StrEnum):
    """Whether something trims the stream."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@record(frozen=True, slots=True)
class Consumer:
    """One consumer of a group.

    Attributes:
        idle_ms: Since its last attempt to read (before Redis 7.2: its last success).
        inactive_ms: Since its last success; None before 7.2, -1 as the server's "never".
    """

    name: bytes
    pending: int
    idle_ms: int | None
    inactive_ms: int | None = None


@record(frozen=True, slots=True)
class OldestPending:
    """One pending entry: that with the lowest id of a group, or that delivered most often."""

    id: str
    consumer: bytes
    idle_ms: int
    deliveries: int


@record(frozen=True, slots=True)
class Group:
    """One consumer group as the server reports it; its lag is checked against its ids.

    Attributes:
        consumers_known: False where the ACL denies listing them: there may be any number.
        most_delivered: The pending entry delivered most often, as far as they were read.
    """

    name: bytes
    pending: int
    lag: Lag
    last_delivered_id: str
    entries_read: int | None
    oldest_pending: OldestPending | None = None
    consumers: tuple[Consumer, ...] = ()
    most_delivered: OldestPending | None = None
    consumers_known: bool = True

    @property
    def has_work(self) -> bool:
        """Whether work is known to wait: entries not delivered yet, or delivered and not acknowledged."""
        return (self.lag.value or 0) > 0 or self.pending > 0

    @property
    def worst(self) -> OldestPending | None:
        """The pending entry delivered most often, of those that were read."""
        known = [one for one in (self.oldest_pending, self.most_delivered) if one is not None]
        return max(known, key=lambda one: one.deliveries, default=None)


@record(frozen=True, slots=True)
class Stream:
    """One stream. Ids are ``ms-seq`` strings; counts are entries.

    Attributes:
        name: The key, as bytes: keys need not be text.
        last_id: The last generated id; deleting that entry does not change it.
        max_deleted_id: Greatest id ever deleted; None before Redis 7.
        fields: Field names of the newest entry; None until sampled.
        field_sets: The differing sets of field names among the newest few entries, sorted within.
        payload: Fields of the newest entry that are a JSON object: (field, its top-level keys).
        producers: Names of those that add entries, where known.
        error: Why it could not be read; its counts are then of the last successful read, or 0.
        groups_known: False where the ACL denies listing them: there may be any number.
        sampled: Whether memory, fields and producers were read; before that, None means nothing.
    """

    name: bytes
    length: int
    first_id: str | None = None
    last_id: str | None = None
    entries_added: int | None = None
    max_deleted_id: str | None = None
    memory_bytes: int | None = None
    fields: tuple[str, ...] | None = None
    producers: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    error: str | None = None
    field_sets: tuple[tuple[str, ...], ...] = ()
    payload: tuple[tuple[str, tuple[str, ...]], ...] = ()
    groups_known: bool = True
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class GroupJudgement:
    """The judgement on one group, by its window of samples.

    Attributes:
        since: Since when the verdict holds, Unix ms; None where unknown.
        rate_out: Entries delivered per minute; None while unknown.
        forecast_s: Seconds until it has caught up; None: never, or unknown.
        active: How many consumers are not dead; None where they may not be listed.
        why: The reason for the verdict, in a few words.
        window_s: Seconds covered by its samples.
        pending_since: Since when its lowest pending entry is pending, Unix ms, by the earliest evidence.
        lag_grows: Whether its lag rose over the window and never fell.
        pending_rises_s: Seconds for which its number of pending entries has risen and never fallen.
        lost_since: When entries that it had not read were last removed, Unix ms; None where none were within
            the window.
        lost: How many in all, by the server's counters; None where unknown.
        redelivered: Deliveries per minute of `Group.worst`; None until it was sampled twice.
        dead: Names of the dead consumers (see `agentdash.core.streams.liveness`).
    """

    verdict: Verdict
    since: int | None = None
    rate_out: float | None = None
    forecast_s: float | None = None
    active: int | None = None
    why: str = ""
    window_s: float = 0.0
    pending_since: int | None = None
    lag_grows: bool = False
    pending_rises_s: float = 0.0
    lost_since: int | None = None
    lost: int | None = None
    redelivered: float | None = None
    dead: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class StreamJudgement:
    """The judgement on one stream, by its window of samples.

    Attributes:
        rate_in: Entries per minute added; None while unknown.
        status: HEALTHY, DEGRADED, CRITICAL or UNKNOWN.
        rates: Recent rates, oldest first, for a sparkline.
        lengths: Recent lengths, oldest first.
        window_s: Seconds covered by its samples.
        grows_s: Seconds for which its length has risen and never fallen.
    """

    rate_in: float | None = None
    cap: Cap = Cap.UNKNOWN
    status: str = "UNKNOWN"
    rates: tuple[float, ...] = ()
    lengths: tuple[int, ...] = ()
    groups: tuple[tuple[bytes, GroupJudgement], ...] = ()
    window_s: float = 0.0
    grows_s: float = 0.0
    _by_name: dict[bytes, GroupJudgement] = field(default_factory=dict, init=False, repr=False, compare=False)

    def group(self, name: bytes) -> GroupJudgement | None:
        """The judgement on the group *name*; None where there is none. O(1), for there may be thousands."""
        if len(self._by_name) < len(self.groups):
            self._by_name.update(self.groups)
        return self._by_name.get(name)


UNJUDGED = StreamJudgement()


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients that are blocked in XREADGROUP, by CLIENT LIST; the server does not report in which group.

    Attributes:
        blocked: Names of consumers for which a client of that name (CLIENT SETNAME) is blocked.
        unnamed: How many other clients are blocked: each may be any consumer.
        connected: Names of consumers of which a client is connected.
        why_unknown: Why CLIENT LIST could not be read; None where it was.
    """

    blocked: frozenset[bytes] = frozenset()
    unnamed: int = 0
    connected: frozenset[bytes] = frozenset()
    why_unknown: str | None = None


@dataclass(frozen=True, slots=True)
class StreamsSnapshot:
    """All streams at one moment.

    Attributes:
        server: e.g. ``valkey 9.1.2``.
        known: Number of known streams; more than `streams` while some are not read yet.
        scan_complete: Whether the key space was scanned in full once.
        round_trips: Round trips of this poll.
        ping_ms: Time of a PING to the server.
        judgements: One for each of `streams`, in the same order; () until judged.
        gaps: What cannot be read, each with the missing permission or setting.
        epoch: Changes when the server is another one, or was restarted.
        clients: Who is blocked in a read; None while CLIENT LIST was not read.
        symptoms: What the rules found in it; () until judged.
    """

    taken_at: int
    host: str
    streams: tuple[Stream, ...]
    server: str = ""
    known: int = 0
    scan_complete: bool = False
    round_trips: int = 0
    commands: int = 0
    ping_ms: float | None = None
    judgements: tuple[StreamJudgement, ...] = ()
    gaps: tuple[str, ...] = ()
    epoch: int = 0
    clients: Clients | None = None
    symptoms: tuple[Symptom, ...] = ()

    @property
    def judged(self) -> tuple[tuple[Stream, StreamJudgement], ...]:
        """Each stream with its judgement, or with an empty one."""
        judgements = self.judgements or (UNJUDGED,) * len(self.streams)
        return tuple(zip(self.streams, judgements, strict=True))


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """One line of XPENDING, with its fields if requested.

    Attributes:
        idle_ms: Since it was last delivered.
        age_ms: Since it was added, where its id is a plausible time; else None.
        body: Field-value pairs; None when not read; () when `gone`.
        gone: Whether its data is no longer in the stream (then only XACK helps).
    """

    id: str
    consumer: bytes
    idle_ms: int
    deliveries: int
    age_ms: int | None = None
    body: tuple[tuple[bytes, bytes], ...] | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a stream with all its fields, as bytes."""

    id: str
    fields: tuple[tuple[bytes, bytes], ...]
    age_ms: int | None = None


def id_parts(entry_id: str) -> tuple[int, int]:
    """The two numbers of ``ms-seq``; a missing seq is 0.

    Raises:
        ValueError: when *entry_id* is not an entry id.
    """
    ms, _, seq = entry_id.partition("-")
    return int(ms), int(seq or 0)


def id_age_ms(entry_id: str | None, now: int) -> int | None:
    """Age of an entry by its id; None where the id is no plausible Unix time in ms.

    Plausible is from 2009 (Redis's first release) to a minute ahead of *now*.
    """
    if not entry_id:
        return None
    ms, _ = id_parts(entry_id)
    if not 1_230_768_000_000 <= ms <= now + 60_000:
        return None
    return max(0, now - ms)
