"""Which pending entry of a group was delivered most often: found in small steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis.exceptions import NoPermissionError, ResponseError

from agentdash.core.round_robin import OldestFirst
from agentdash.core.streams.lag import position
from agentdash.core.streams.model import Group, OldestPending, Stream
from collectors.streams.read import Command, Reads
from collectors.streams.replies.full import BadReplyError, pending_line

GROUPS_A_POLL = 20
ENTRIES = 50

Name = tuple[bytes, bytes]
"""A stream's key and a group's name."""


@dataclass(frozen=True, slots=True)
class WalkState:
    """The progress through the pending entries of one group.

    Attributes:
        start: The next id.
        worst: Delivered most often, in the last complete round and in this one.
        this_round: Delivered most often in this round.
    """

    start: str = "-"
    worst: OldestPending | None = None
    this_round: OldestPending | None = None


class DeliveryWalk:
    """Walks through the pending entries of groups that have more than the one that every poll reads.

    ``XPENDING key group start + 50``: the form without a consumer, which changes nothing on any server.
    """

    def __init__(self) -> None:
        self._walks: dict[Name, WalkState] = {}
        self._order = OldestFirst[Name]()
        self.gap: str | None = None

    def restart(self) -> None:
        """The server may be another one."""
        self._walks.clear()
        self.gap = None

    async def update(self, reads: Reads, streams: Sequence[Stream]) -> set[bytes]:
        """Read the next slice of a few groups; one round trip, none where nothing is pending.

        Returns:
            The names of the streams that were read, or need not be any more.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        wanted = {
            (stream.name, group.name): None
            for stream in streams
            if stream.error is None
            for group in stream.groups
            if group.pending > 1
        }
        done = [name for name in self._walks if name not in wanted]
        for name in done:
            del self._walks[name]
        self._order.keep(wanted)
        touched = {stream for stream, _ in done}
        if self.gap is not None or not wanted:
            return touched
        chosen = self._order.pick(wanted, GROUPS_A_POLL)
        commands: list[Command] = [
            ("XPENDING", *name, self._walks.get(name, WalkState()).start, "+", ENTRIES) for name in chosen
        ]
        for name, reply in zip(chosen, await reads.ask(commands), strict=True):
            self._note(name, reply)
        return touched | {stream for stream, _ in chosen}

    def apply(self, stream: Stream) -> Stream:
        """*stream* with the entries delivered most often in its groups."""
        changed: list[Group] | None = None
        for place, group in enumerate(stream.groups):
            after = self._of(stream.name, group)
            if after is not group:
                changed = changed or list(stream.groups)
                changed[place] = after
        return stream if changed is None else replace(stream, groups=tuple(changed))

    def _of(self, stream: bytes, group: Group) -> Group:
        walk = self._walks.get((stream, group.name))
        if walk is None or walk.worst is None:
            return group
        oldest = group.oldest_pending
        if oldest is not None and oldest.deliveries >= walk.worst.deliveries:
            return group  # no more than what every poll reads
        return replace(group, most_delivered=walk.worst)

    def _note(self, name: Name, reply: object) -> None:
        if isinstance(reply, NoPermissionError):
            self.gap = "XPENDING is not allowed (+xpending): deliveries are known of the oldest entry only"
        if isinstance(reply, ResponseError) or not isinstance(reply, list):
            self._walks.pop(name, None)
            return
        try:
            lines = [pending_line(line) for line in reply]
        except BadReplyError:
            return
        self._walks[name] = after(self._walks.get(name, WalkState()), lines)


def after(walk: WalkState, lines: Sequence[OldestPending]) -> WalkState:
    """*walk* after one more slice; at the end of a round, entries that were not in it are dropped."""
    best = max([*lines, *([walk.this_round] if walk.this_round else [])], key=_often, default=None)
    if len(lines) < ENTRIES:
        return WalkState("-", best, None)
    shown = max([one for one in (walk.worst, best) if one], key=_often, default=None)
    return WalkState(next_id(lines[-1].id), shown, best)


def _often(entry: OldestPending) -> int:
    return entry.deliveries


def next_id(entry_id: str) -> str:
    """The least id above *entry_id*: exclusive ranges need Redis 6.2."""
    ms, seq = position(entry_id) or (0, 0)
    return f"{ms + 1}-0" if seq >= 2**64 - 1 else f"{ms}-{seq + 1}"
