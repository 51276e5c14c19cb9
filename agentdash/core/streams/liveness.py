"""Whether the consumers of a group are alive: one answer for findings, screens and JSON. Pure.

Idle time alone proves nothing: from Redis 7.2 on it is the age of the last attempt to read, so a healthy
reader in ``XREADGROUP BLOCK 0`` ages for ever; before, it is the age of the last success. So a consumer
counts as dead only while work waits and two of these agree: it is idle for longer than is usual in its
group; no client is blocked in a read for it (CLIENT LIST, where allowed); the process or run that it belongs
to has ended. Unknown counts for neither side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agentdash.core.streams.model import Clients, Consumer, Group, GroupJudgement, LagGrade
from agentdash.core.units import age, plural

GONE_AFTER_MS = 5000
"""A process that ended less than this ago may be restarting."""
_CLOCK_SKEW_MS = 2000
"""The end of a run is stamped by another clock: so far apart the two may be."""
_CERTAIN = frozenset({LagGrade.EXACT, LagGrade.BOUNDED})


@dataclass(frozen=True, slots=True)
class OwnerStatus:
    """What is known of the process or worker that a consumer belongs to.

    Attributes:
        alive: Whether there is one; None where unknown.
        ended_at: When it ended, Unix ms; None where unknown.
        label: ``service billing`` or ``run fix-auth``; empty where the owner is unknown.
        detail: What is known of it, e.g. ``its process ended 4m12 ago, exit 1``.
        service: Name of the service; None for a run.
        run: Id of the run; None for a service.
        start: How to start it again, for one that has ended, e.g. ``Start billing (U in the services)``.
        start_works: Whether that brings the consumer back; False for a run that is over.
        restart: How to restart it, for one that hangs.
    """

    alive: bool | None = None
    ended_at: int | None = None
    label: str = ""
    detail: str = ""
    service: str | None = None
    run: str | None = None
    start: str = ""
    start_works: bool = True
    restart: str = ""

    def __str__(self) -> str:
        """Name and detail in one line; empty where unknown."""
        return f"{self.label.removeprefix('service ')}: {self.detail}" if self.detail else ""


NO_OWNER = OwnerStatus()

OwnerLookup = Callable[[bytes, int], OwnerStatus]
"""The status of the owner of a consumer, by its name, at a time in Unix ms."""


def no_owner(_consumer: bytes, _now: int) -> OwnerStatus:
    """The lookup where no owners are known."""
    return NO_OWNER


@dataclass(frozen=True, slots=True)
class Liveness:
    """What is known of one consumer.

    Attributes:
        blocked: Whether a client is blocked in XREADGROUP for it now; None where unknown.
        reading: The same in a few words.
        owner: Unknown where another process has read under this name since the owner ended.
        dead: Whether it was judged dead; `detail` then says for how long nothing was read.
    """

    consumer: Consumer
    blocked: bool | None
    reading: str
    owner: OwnerStatus
    dead: bool = False

    @property
    def alive(self) -> bool | None:
        """False if judged dead or its process has ended; True if it is blocked or has a process."""
        if self.dead or self.owner.alive is False:
            return False
        return True if self.blocked or self.owner.alive else None

    @property
    def detail(self) -> str:
        """The evidence in one line, the strongest first."""
        owner = str(self.owner)
        parts = [owner, self.reading] if self.owner.alive is False else [self.reading, owner]
        if self.dead and self.owner.alive is not False:
            parts = [f"not reading for {age(self.consumer.idle_ms)}", *parts]
        return " · ".join(part for part in parts if part)


def liveness_of(
    group: Group, judged: GroupJudgement | None, clients: Clients | None, owners: OwnerLookup, now: int
) -> dict[bytes, Liveness]:
    """The liveness of each consumer of *group*, by name.

    Args:
        group: As read.
        judged: Its judgement, which says who is dead; None where there is none yet.
        clients: As read with it; None while CLIENT LIST was not read.
        owners: Finds the owner of a consumer.
        now: Unix ms.
    """
    dead = judged.dead if judged is not None else frozenset()
    return {one.name: _liveness(one, group, clients, owners, now, dead) for one in group.consumers}


def dead_consumers(
    group: Group,
    limit_ms: int,
    waiting_ms: int | None,
    clients: Clients | None,
    owners: OwnerLookup,
    now: int,
) -> frozenset[bytes]:
    """Names of the consumers of *group* that are dead; none while no work waits.

    Args:
        group: As read at *now*.
        limit_ms: Idle time after which a consumer may be dead.
        waiting_ms: For how long work has been waiting; None where unknown.
        clients: As read; None while CLIENT LIST was not read.
        owners: Finds the owner of a consumer.
        now: Unix ms.
    """
    if not group.has_work:
        return frozenset()
    soon = min(limit_ms, GONE_AFTER_MS)
    return frozenset(
        one.name
        for one in group.consumers
        if one.idle_ms is not None
        and one.idle_ms > soon
        and _is_dead(_liveness(one, group, clients, owners, now), group, clients, limit_ms, waiting_ms, now)
    )


def _liveness(
    consumer: Consumer,
    group: Group,
    clients: Clients | None,
    owners: OwnerLookup,
    now: int,
    dead: frozenset[bytes] = frozenset(),
) -> Liveness:
    blocked, reading = _reading(consumer, group, clients)
    owner = owners(consumer.name, now)
    if owner.alive is False and (blocked or _has_read_since(consumer, owner, now)):
        owner = NO_OWNER  # another process uses this name
    return Liveness(consumer, blocked, reading, owner, consumer.name in dead)


def _has_read_since(consumer: Consumer, owner: OwnerStatus, now: int) -> bool:
    if owner.ended_at is None or consumer.idle_ms is None:
        return False
    return consumer.idle_ms + _CLOCK_SKEW_MS < now - owner.ended_at


def _reading(consumer: Consumer, group: Group, clients: Clients | None) -> tuple[bool | None, str]:
    """Whether a client is blocked in a read for *consumer*, and that in a few words.

    The server wakes a reader when its group has something unread, so then none is blocked. A client without
    the name of a consumer may be any consumer; one with the name of another consumer is not this one.
    """
    unread = (group.lag.value or 0) > 0 and group.lag.grade in _CERTAIN
    if clients is None or clients.why_unknown is not None:
        if unread:
            return False, "not blocked in XREADGROUP: entries are unread"
        return None, (clients.why_unknown if clients is not None else None) or "CLIENT LIST not read yet"
    if not unread and consumer.name in clients.blocked:
        return True, "blocked in XREADGROUP now"
    if not unread and clients.unnamed:
        return None, f"{plural(clients.unnamed, 'unnamed client')} blocked in XREADGROUP, maybe this one"
    if consumer.name in clients.connected:
        return False, "connected, not blocked in XREADGROUP"
    return False, "no client blocked"


def _is_dead(
    one: Liveness, group: Group, clients: Clients | None, limit_ms: int, waiting_ms: int | None, now: int
) -> bool:
    """Whether two signs of death agree and none contradicts."""
    if one.blocked:
        return False
    consumer, owner = one.consumer, one.owner
    idle = consumer.idle_ms or 0
    if owner.alive is False:
        settled = owner.ended_at is not None and now - owner.ended_at > GONE_AFTER_MS
        return idle > limit_ms or (one.blocked is False and settled)
    maybe_blocked = one.blocked is None and clients is not None and clients.why_unknown is None
    if maybe_blocked or (one.blocked is None and owner.alive):
        return False
    if idle <= limit_ms or ((group.lag.value or 0) <= 0 and consumer.pending <= 0):
        return False
    if consumer.inactive_ms is not None:  # from Redis 7.2: the last success; -1 is never
        return consumer.inactive_ms < 0 or consumer.inactive_ms > limit_ms
    return waiting_ms is not None and waiting_ms > limit_ms  # before, idle is the last success
