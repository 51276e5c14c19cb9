"""Which streams are looked at in full, and which only as far as it takes to see that nothing has changed.

A full look (``XINFO STREAM … FULL``) costs the server and us four to five times what ``XLEN`` and ``XINFO
GROUPS`` cost. So where there are many streams, those that moved last time, those on the screen and, in turn,
a few of the others are looked at in full; the rest by the cheap pair, and in full at once where its reply is
not that of last time. With thousands of streams each kind of look has its share of a second, and goes round.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from agentdash.core.round_robin import OldestFirst
from agentdash.core.streams.model import LagGrade, Stream
from collectors.streams.read import Command, Reads

FULL_UP_TO = 300
"""So many streams are all looked at in full each time."""

ROUND = 10.0
"""Seconds after which each has been looked at in full once, also where nothing is seen to change: the cheap
pair does not tell a consumer's idle time."""


FULL_A_SECOND = 1000
"""Full looks at what moves, at most: with more of them each has its turn."""

IN_TURN_A_SECOND = 150
"""Full looks at what rests, at most: with more than 1 500 streams a round takes longer than `ROUND`."""

CHEAP_A_SECOND = 1000
"""Cheap looks, at most: of 5 000 streams at rest each is asked every 5 s whether it still rests."""


class Looks:
    """Decides, and remembers the cheap replies (as a hash each).

    Args:
        poll: Seconds between two polls.
    """

    def __init__(self, poll: float) -> None:
        self._share = min(1.0, poll / ROUND)
        self._most_moving = int(FULL_A_SECOND * poll)
        self._most_in_turn = int(IN_TURN_A_SECOND * poll)
        self._most_cheap = int(CHEAP_A_SECOND * poll)
        self._cheap: dict[bytes, int] = {}
        self._asked = OldestFirst[bytes]()
        self._hot: set[bytes] = set()
        self._mute: set[bytes] = set()
        self._turn = OldestFirst[bytes]()

    def restart(self) -> None:
        """The server may be another one: nothing is known."""
        self._cheap.clear()
        self._asked.clear()
        self._hot.clear()
        self._mute.clear()
        self._turn.clear()

    def full(self, names: Sequence[bytes], known: dict[bytes, Stream], seen: Collection[bytes]) -> set[bytes]:
        """Those of *names* that are looked at in full without asking first.

        Args:
            names: All that are read this time.
            known: As they were last time.
            seen: Names of those on the screen.
        """
        if len(names) <= FULL_UP_TO:
            return set(names)
        wanted = set(names)
        chosen = {name for name in names if name in seen or name not in known or name not in self._turn}
        moving, rest = self._most_moving, min(self._most_in_turn, int(len(names) * self._share) + 1)
        for name in self._turn:  # those looked at longest ago come first
            if name not in wanted:
                continue
            if name in self._hot or name in self._mute:
                if moving > 0:
                    chosen.add(name)
                    moving -= 1
            elif rest > 0:
                chosen.add(name)
                rest -= 1
        return chosen

    async def changed(self, reads: Reads, names: Sequence[bytes]) -> set[bytes]:
        """Those of *names* whose cheap reply is not that of last time, or of which there was none.

        Of thousands only the next ones are asked.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        chosen = names if len(names) <= self._most_cheap else self._asked.pick(names, self._most_cheap)
        commands: list[Command] = []
        for name in chosen:
            commands += [("XLEN", name), ("XINFO", "GROUPS", name)]
        found = set()
        replies = await reads.ask(commands)
        for number, name in enumerate(chosen):
            mark = marked((replies[2 * number], replies[2 * number + 1]))
            if mark is None or self._cheap.get(name) != mark:
                found.add(name)
            if mark is not None:
                self._cheap[name] = mark
        return found

    def note(self, before: Stream | None, after: Stream) -> None:
        """*after* was looked at in full."""
        name = after.name
        self._turn.mark(name)
        (self._mute.discard if tells(after) else self._mute.add)(name)
        (self._hot.add if before is not None and moved(before, after) else self._hot.discard)(name)

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        for name in [name for name in self._turn if name not in wanted]:
            self._turn.discard(name)
            self._cheap.pop(name, None)
            self._asked.discard(name)
            self._hot.discard(name)
            self._mute.discard(name)


def marked(reply: Any) -> int | None:
    """A number that is another one where the reply is; None where the reply holds an error."""
    try:
        return hash(marshal.dumps(reply, 2))
    except ValueError:
        return None


def tells(stream: Stream) -> bool:
    """Whether the cheap pair would show that an entry came in.

    A group's lag rises with it, where the server tells the lag. Without that a stream that is trimmed at
    each addition looks the same before and after.
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


def moved(before: Stream, after: Stream) -> bool:
    """Whether entries came, went, were given out or acknowledged."""
    if before.last_id != after.last_id or before.length != after.length:
        return True
    if len(before.groups) != len(after.groups):
        return True
    return any(
        (old.last_delivered_id, old.pending) != (new.last_delivered_id, new.pending)
        for old, new in zip(before.groups, after.groups, strict=True)
    )
