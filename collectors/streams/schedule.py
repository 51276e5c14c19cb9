"""Which streams are read in full, and which are only checked for changes.

A full read (``XINFO STREAM … FULL``) costs the server and us four to five times as much as the check
(``XLEN`` and ``XINFO GROUPS``). So with many streams, those that changed last time, those on the screen and,
in turn, a few of the others are read in full; the rest are checked, and read in full at once where the reply
differs from the last one. With thousands of streams, full reads and checks are limited per second.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from agentdash.core.round_robin import OldestFirst
from agentdash.core.streams.model import LagGrade, Stream
from collectors.streams.read import Command, Reads

FULL_UP_TO = 300
"""Up to this many streams are all read in full each time."""

ROUND = 10.0
"""Seconds in which each is read in full once, even without a change: the check does not show idle times."""


ACTIVE_PER_SECOND = 1000
"""Full reads of active streams, at most; with more of them, in turn."""

IDLE_PER_SECOND = 150
"""Full reads of idle streams, at most: with over 1 500 streams a round takes longer than `ROUND`."""

CHECKS_PER_SECOND = 1000
"""Checks, at most: each of 5 000 idle streams is checked every 5 s."""


class ReadSchedule:
    """Decides which streams to read, and keeps a hash of each check.

    Args:
        poll: Seconds between two polls.
    """

    def __init__(self, poll: float) -> None:
        self._share = min(1.0, poll / ROUND)
        self._max_active = int(ACTIVE_PER_SECOND * poll)
        self._max_idle = int(IDLE_PER_SECOND * poll)
        self._max_checks = int(CHECKS_PER_SECOND * poll)
        self._fingerprints: dict[bytes, int] = {}
        self._checked = OldestFirst[bytes]()
        self._active: set[bytes] = set()
        self._opaque: set[bytes] = set()
        self._order = OldestFirst[bytes]()

    def restart(self) -> None:
        """The server may be another one: nothing is known."""
        self._fingerprints.clear()
        self._checked.clear()
        self._active.clear()
        self._opaque.clear()
        self._order.clear()

    def due(
        self, names: Sequence[bytes], known: dict[bytes, Stream], on_screen: Collection[bytes]
    ) -> set[bytes]:
        """Those of *names* to read in full without a check.

        Args:
            names: All streams.
            known: As last read.
            on_screen: Names of those on the screen.
        """
        if len(names) <= FULL_UP_TO:
            return set(names)
        wanted = set(names)
        chosen = {name for name in names if name in on_screen or name not in known or name not in self._order}
        moving, rest = self._max_active, min(self._max_idle, int(len(names) * self._share) + 1)
        for name in self._order:  # those read longest ago come first
            if name not in wanted:
                continue
            if name in self._active or name in self._opaque:
                if moving > 0:
                    chosen.add(name)
                    moving -= 1
            elif rest > 0:
                chosen.add(name)
                rest -= 1
        return chosen

    async def changed(self, reads: Reads, names: Sequence[bytes]) -> set[bytes]:
        """Those of *names* whose check differs from the last one, or is their first; of thousands, in turn.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        chosen = names if len(names) <= self._max_checks else self._checked.pick(names, self._max_checks)
        commands: list[Command] = []
        for name in chosen:
            commands += [("XLEN", name), ("XINFO", "GROUPS", name)]
        found = set()
        replies = await reads.ask(commands)
        for number, name in enumerate(chosen):
            fingerprint_now = fingerprint((replies[2 * number], replies[2 * number + 1]))
            if fingerprint_now is None or self._fingerprints.get(name) != fingerprint_now:
                found.add(name)
            if fingerprint_now is not None:
                self._fingerprints[name] = fingerprint_now
        return found

    def record(self, before: Stream | None, after: Stream) -> None:
        """*after* was read in full."""
        name = after.name
        self._order.mark(name)
        (self._opaque.discard if shows_additions(after) else self._opaque.add)(name)
        (self._active.add if before is not None and has_moved(before, after) else self._active.discard)(name)

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        for name in [name for name in self._order if name not in wanted]:
            self._order.discard(name)
            self._fingerprints.pop(name, None)
            self._checked.discard(name)
            self._active.discard(name)
            self._opaque.discard(name)


def fingerprint(reply: Any) -> int | None:
    """A hash of the reply; None where it contains an error."""
    try:
        return hash(marshal.dumps(reply, 2))
    except ValueError:
        return None


def shows_additions(stream: Stream) -> bool:
    """Whether the check would show that an entry was added.

    The lag of a group rises with it, where the server reports it. Without that, a stream that is trimmed at
    each addition looks unchanged.
    """
    if stream.error is not None:
        return False
    whole = stream.max_deleted_id == "0-0"
    for group in stream.groups:
        if group.lag.grade is LagGrade.EXACT and (
            group.entries_read is not None or (whole and group.last_delivered_id == "0-0")
        ):
            return True
    return False


def has_moved(before: Stream, after: Stream) -> bool:
    """Whether entries were added, removed, delivered or acknowledged."""
    if before.last_id != after.last_id or before.length != after.length:
        return True
    if len(before.groups) != len(after.groups):
        return True
    return any(
        (old.last_delivered_id, old.pending) != (new.last_delivered_id, new.pending)
        for old, new in zip(before.groups, after.groups, strict=True)
    )
