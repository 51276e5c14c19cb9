"""Descriptions of streams as they were, so that one that did not change is not taken apart again.

``XINFO STREAM … FULL`` tells times of the server's clock, not ages: of a stream at rest the reply is the
same each time. Then only the ages move on.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agentdash.core.streams import Consumer, Group, OldestPending, Stream
from collectors.streams_reply import parse_full


class Kept:
    """Remembers a hash of each reply, and what was read of it."""

    def __init__(self) -> None:
        self._was: dict[bytes, tuple[int, int, Stream]] = {}

    def restart(self) -> None:
        """The server may be another one."""
        self._was.clear()

    def keep(self, names: Iterable[bytes]) -> None:
        """Forget all but *names*."""
        wanted = set(names)
        for name in [name for name in self._was if name not in wanted]:
            del self._was[name]

    def read(self, name: bytes, reply: object, server_ms: int) -> Stream:
        """As `parse_full`, of which it is the result.

        Raises:
            BadReplyError: when the reply cannot be understood.
        """
        mark = marked(reply)
        was = self._was.get(name)
        if was is not None and mark is not None and was[0] == mark:
            stream = aged(was[2], server_ms - was[1])
        else:
            stream = parse_full(name, reply, server_ms)
        if mark is not None:
            self._was[name] = (mark, server_ms, stream)
        return stream


def marked(reply: Any) -> int | None:
    """A number that is another one where the reply is; None where the reply holds an error."""
    try:
        return hash(marshal.dumps(reply, 2))
    except ValueError:
        return None


def aged(stream: Stream, passed: int) -> Stream:
    """*stream* as it is when nothing has happened for *passed* ms; itself where nothing in it has an age."""
    if passed == 0 or not any(group.consumers or group.oldest_pending for group in stream.groups):
        return stream
    return replace(stream, groups=tuple([_group(group, passed) for group in stream.groups]))


def _group(of: Group, passed: int) -> Group:
    oldest = of.oldest_pending
    if oldest is not None:
        oldest = OldestPending(oldest.id, oldest.consumer, max(0, oldest.idle_ms + passed), oldest.deliveries)
    return Group(
        of.name,
        of.pending,
        of.lag,
        of.last_delivered_id,
        of.entries_read,
        oldest,
        tuple([_consumer(one, passed) for one in of.consumers]),
        of.most_delivered,
        of.consumers_known,
    )


def _consumer(of: Consumer, passed: int) -> Consumer:
    idle, inactive = of.idle_ms, of.inactive_ms
    return Consumer(
        of.name,
        of.pending,
        None if idle is None else max(0, idle + passed),
        inactive if inactive is None or inactive < 0 else max(0, inactive + passed),
    )
