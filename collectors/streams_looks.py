"""Which streams are looked at in full, and which only as far as it takes to see that nothing has changed.

A full look (``XINFO STREAM … FULL``) costs the server and us four to five times what ``XLEN`` and ``XINFO
GROUPS`` cost. So where there are many streams, those that moved last time, those on the screen and, in turn,
a few of the others are looked at in full; the rest by the cheap pair, and in full at once where its reply is
not that of last time.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from agentdash.core.streams import LagGrade, Stream
from collectors.streams_read import Command, Reads

FULL_UP_TO = 300
"""So many streams are all looked at in full each time."""

ROUND = 10.0
"""Seconds after which each has been looked at in full once, also where nothing is seen to change: the cheap
pair does not tell a consumer's idle time."""


class Looks:
    """Decides, and remembers the cheap replies (as a hash each).

    Args:
        poll: Seconds between two polls.
    """

    def __init__(self, poll: float) -> None:
        self._share = min(1.0, poll / ROUND)
        self._cheap: dict[bytes, int] = {}
        self._hot: set[bytes] = set()
        self._turn: dict[bytes, None] = {}

    def restart(self) -> None:
        """The server may be another one: nothing is known."""
        self._cheap.clear()
        self._hot.clear()
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
        chosen = {
            name
            for name in names
            if name in self._hot or name in seen or (of := known.get(name)) is None or not tells(of)
        }
        rest = int(len(names) * self._share) + 1
        for name in self._turn:
            if rest <= 0:
                break
            chosen.add(name)
            rest -= 1
        return chosen.intersection(names)

    async def changed(self, reads: Reads, names: Sequence[bytes]) -> set[bytes]:
        """Those of *names* whose cheap reply is not that of last time, or of which there was none.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        commands: list[Command] = []
        for name in names:
            commands += [("XLEN", name), ("XINFO", "GROUPS", name)]
        found = set()
        replies = await reads.ask(commands)
        for number, name in enumerate(names):
            mark = marked((replies[2 * number], replies[2 * number + 1]))
            if mark is None or self._cheap.get(name) != mark:
                found.add(name)
            if mark is not None:
                self._cheap[name] = mark
        return found

    def note(self, before: Stream | None, after: Stream) -> None:
        """*after* was looked at in full."""
        self._turn.pop(after.name, None)
        self._turn[after.name] = None
        if before is not None and moved(before, after):
            self._hot.add(after.name)
        else:
            self._hot.discard(after.name)

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        for name in [name for name in self._turn if name not in wanted]:
            del self._turn[name]
            self._cheap.pop(name, None)
            self._hot.discard(name)


def marked(reply: tuple[Any, Any]) -> int | None:
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
    whole = stream.max_deleted_id == "0-0"
    return stream.error is None and any(
        group.lag.grade is LagGrade.EXACT
        and (group.entries_read is not None or (whole and group.last_delivered_id == "0-0"))
        for group in stream.groups
    )


def moved(before: Stream, after: Stream) -> bool:
    """Whether entries came, went, were given out or acknowledged."""
    if (before.last_id, before.length, len(before.groups)) != (
        after.last_id,
        after.length,
        len(after.groups),
    ):
        return True
    return any(
        (old.last_delivered_id, old.pending) != (new.last_delivered_id, new.pending)
        for old, new in zip(before.groups, after.groups, strict=True)
    )
