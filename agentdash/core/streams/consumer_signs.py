"""Signs of life of one consumer beside its idle time: who waits in a blocking read, whether it has a process.

Idle time alone proves nothing (see `agentdash.core.streams.judge.liveness`). Each sign is reported as what it
is: seen, not seen, or not known and why. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.links.owner_status import life_of
from agentdash.core.links.owners import Owner
from agentdash.core.streams.model import Consumer, Group, LagGrade
from agentdash.core.streams.queries import Clients
from agentdash.core.units import plural


@dataclass(frozen=True, slots=True)
class Signs:
    """What is seen of one consumer.

    Attributes:
        waits: Whether a client waits in XREADGROUP for it now; None where that is not known.
        lives: Whether the process that it belongs to lives; None likewise.
        words: Both in words, what tells most first.
    """

    waits: bool | None
    lives: bool | None
    words: str

    @property
    def alive(self) -> bool | None:
        """Whether it lives by these signs: one that is seen is enough; None where none tells."""
        if self.waits or self.lives:
            return True
        return False if self.lives is False else None


def signs(
    consumer: Consumer,
    group: Group,
    clients: Clients | None,
    known: frozenset[bytes],
    owner: Owner,
    now: int,
) -> Signs:
    """The signs of *consumer*.

    Args:
        consumer: As it was read.
        group: Its group: the server wakes a reader when there is something unread, so nobody waits then.
        clients: What CLIENT LIST told; None while it was not asked.
        known: Names of all consumers: a client that bears one of them is nobody else's.
        owner: Whose it is.
        now: Unix ms.
    """
    waits, reading = _reading(consumer, group, clients, known)
    life = life_of(owner, now)
    lives, process = life.lives, str(life)
    if waits and lives is False:
        lives, process = None, ""  # who waits is another process than the one of that name
    parts = [process, reading] if lives is False else [reading, process]
    return Signs(waits, lives, " · ".join(part for part in parts if part))


def _reading(
    consumer: Consumer, group: Group, clients: Clients | None, known: frozenset[bytes]
) -> tuple[bool | None, str]:
    if clients is None:
        return None, "clients not asked yet"
    if clients.why is not None:
        return None, clients.why
    unread = group.lag.grade is LagGrade.EXACT and (group.lag.value or 0) > 0
    if consumer.name in clients.waiting and not unread:
        return True, "blocked in XREADGROUP now"
    others = sum(name not in known for name in clients.waiting)
    if others and not unread:
        return None, f"{plural(others, 'unnamed client')} blocked in XREADGROUP, maybe this one"
    if consumer.name in clients.connected:
        return False, "connected, not blocked in XREADGROUP"
    return False, "no client blocked"
