"""Redis streams as they were read: raw counts, ids and idle times, with what is not known left as None."""

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
    """How many entries a group has yet to be given.

    Attributes:
        value: Entries; for ``bounded`` the least there are; None when unknown.
        reason: Why it is not exact, in words.
    """

    value: int | None
    grade: LagGrade = LagGrade.EXACT
    reason: str | None = None


class Verdict(StrEnum):
    """What a group does with its work, judged over a window of time (after Kafka's Burrow)."""

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
    """The pending entry with the lowest id of a group, or the longest waiting where that was looked up."""

    id: str
    consumer: bytes
    idle_ms: int
    deliveries: int


@record(frozen=True, slots=True)
class Group:
    """One consumer group as the server reports it, with the lag judged by what its ids prove.

    Attributes:
        consumers_known: False where the server does not let us list them: there may be any number.
        most_delivered: The pending entry that was delivered most often, as far as entries were looked up.
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
        """Of the pending entries that were looked up, the one that was delivered most often."""
        known = [one for one in (self.oldest_pending, self.most_delivered) if one is not None]
        return max(known, key=lambda one: one.deliveries, default=None)


@record(frozen=True, slots=True)
class Stream:
    """One stream. Ids are ``ms-seq`` strings; counts are entries.

    Attributes:
        name: The key, as bytes: keys need not be text.
        last_id: The id generated last; it stays when that entry is deleted.
        max_deleted_id: Greatest id ever deleted; None before Redis 7.
        fields: Field names of the newest entry; None while not sampled.
        field_sets: The differing sets of field names among the newest few entries, sorted within.
        payload: Of fields of the newest entry that hold a JSON object: (field, its keys, one level deep).
        producers: Who adds entries, where known.
        error: Why this one could not be read, in words; the counts are then of the last good read, or 0.
        groups_known: False where the server does not let us list them: there may be any number.
        sampled: Whether memory, fields and producers were looked up; None of them means nothing before.
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
    """What the window of samples says of one group.

    Attributes:
        since: Since when the verdict holds, Unix ms; None where that is not known.
        rate_out: Entries per minute that the group is given; None while unknown.
        forecast_s: Seconds until it has caught up; None when it never will or that is not known.
        active: How many consumers are not dead; None where they may not be listed.
        why: The verdict in a few words.
        window_s: How long it has been watched for this, seconds.
        pending_since: Since when its lowest pending entry waits, Unix ms, by the earliest evidence.
        lag_grows: Whether its lag is larger than when the window began, and never fell in between.
        pending_rises_s: For how long its pending entries have become more and never less, seconds.
        lost_since: When entries that it had not read were last removed, Unix ms; None where none were seen
            to be, within the window.
        lost: How many, in all that the server's counters tell; None where they do not.
        redelivered: Deliveries per minute of `Group.worst`; None until it was seen twice.
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
    """What the window of samples says of one stream.

    Attributes:
        rate_in: Entries per minute added; None while unknown.
        status: HEALTHY, DEGRADED, CRITICAL or UNKNOWN.
        rates: Recent rates, oldest first, for a sparkline.
        lengths: Recent lengths, oldest first.
        window_s: How long it has been watched for this, seconds.
        grows_s: For how long its length has risen and never fallen, seconds.
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
        """The judgement of the group *name*, if it has one; there may be thousands."""
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
    """The whole topology at one moment.

    Attributes:
        server: e.g. ``valkey 9.1.2``.
        known: How many streams are known; more than `streams` while some are not read yet.
        scan_complete: Whether one full SCAN has been through the key space.
        round_trips: How many round trips this pass took.
        ping_ms: How long the server took to answer a PING.
        judgements: One for each of `streams`, in the same order; () until judged.
        gaps: What cannot be seen, each with the permission or setting that is missing.
        epoch: Another number means that the server is another one, or was started again.
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
    """One line of XPENDING, with its body when it was asked for.

    Attributes:
        idle_ms: Since it was last delivered.
        age_ms: Since it was added, where its id is a plausible time; else None.
        body: Field-value pairs; None when not read; () with ``gone`` when the entry was deleted.
        gone: Pending, but its data is no longer in the stream (the cure is XACK).
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
    """Split ``ms-seq`` into numbers; a missing seq counts as 0.

    Raises:
        ValueError: when *entry_id* is not an entry id.
    """
    ms, _, seq = entry_id.partition("-")
    return int(ms), int(seq or 0)


def id_age_ms(entry_id: str | None, now: int) -> int | None:
    """Age of an entry by its id, or None where the id is no plausible Unix ms time.

    Plausible is from 2009 (Redis's first release) to a minute ahead of *now*.
    """
    if not entry_id:
        return None
    ms, _ = id_parts(entry_id)
    if not 1_230_768_000_000 <= ms <= now + 60_000:
        return None
    return max(0, now - ms)
