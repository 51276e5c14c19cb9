"""What each service of the demo is made of: a connection, a log, publishing, and work in a consumer group."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from agentdash.demo.services.log import Log

Fields = dict[str, str]
Handle = Callable[[str, Fields], None]

CAPS = {"audit-events": 20_000, "clicks": 5_000, "emails": 500}
"""Entries kept of a stream, about; `CAP` of the others."""

CAP = 2_000
BLOCK_MS = 2_000
SERVER_AWAY = 1.0
"""Seconds before the server is asked again."""


def open_client(url: str, name: str | None = None) -> Any:
    """A blocking connection that says at once when the server is away; *name* is shown in CLIENT LIST.

    Untyped, for redis-py types every reply as a union with that of its asynchronous twin.
    """
    return redis.Redis.from_url(
        url,
        protocol=2,
        decode_responses=True,
        socket_timeout=10,
        retry=Retry(NoBackoff(), 0),
        client_name=name,
    )


@dataclass(slots=True)
class Service:
    """One service at work.

    Attributes:
        name: Also the name of its consumer group, where it has one.
        client: redis-py, with text replies.
        root: The demo's folder, for what it must tell the keeper.
    """

    name: str
    client: Any
    log: Log
    root: Path
    dice: random.Random = field(default_factory=random.Random)
    began: float = field(default_factory=time.monotonic)

    def say(self, message: str, *, level: str = "INFO", corr: str | None = None, **fields: object) -> None:
        """Write a line to the service's log; see `Log.write`."""
        self.log.write(level, message, corr=corr, **fields)

    def publish(self, stream: str, **fields: object) -> str:
        """Add an entry to *stream*, which is held to about its cap; returns the entry's id."""
        text: dict[Any, Any] = {key: str(value) for key, value in fields.items()}
        text["originService"] = self.name
        return str(self.client.xadd(stream, text, maxlen=CAPS.get(stream, CAP), approximate=True))

    def ack(self, stream: str, entry_id: str) -> None:
        """Say that the entry is done."""
        self.client.xack(stream, self.name, entry_id)

    def unfinished(self, stream: str) -> set[str]:
        """Ids of the entries that this service was given before it was last ended, at most 100."""
        try:
            pending = self.client.xpending_range(stream, self.name, "-", "+", 100)
        except redis.ResponseError:  # no such stream or group yet
            return set()
        return {entry["message_id"] for entry in pending}

    def consume(self, stream: str, handle: Handle, *, count: int = 10) -> None:
        """Hand every entry of *stream* to *handle*, for ever: first what this consumer left unfinished.

        Waits while the server is away; an error of *handle* ends the service.
        """
        while True:
            try:
                self._join(stream)
                for entry_id, fields in self._entries(stream, count):
                    handle(entry_id, fields)
            except redis.ResponseError:  # the stream was deleted under us: join it anew
                time.sleep(SERVER_AWAY)
            except (redis.ConnectionError, redis.TimeoutError) as away:
                self.say(f"server away, trying again: {type(away).__name__}", level="ERROR")
                time.sleep(SERVER_AWAY)

    def pulse(self, every: float, swing: float = 0.5, period: float = 90.0) -> float:
        """Seconds until the next beat: about *every*, in slow waves and with some jitter."""
        wave = 1 + swing * math.sin((time.monotonic() - self.began) * 2 * math.pi / period)
        return every * wave * self.dice.uniform(0.7, 1.3)

    def _join(self, stream: str) -> None:
        try:
            self.client.xgroup_create(stream, self.name, id="0", mkstream=True)
        except redis.ResponseError as problem:
            if "BUSYGROUP" not in str(problem):
                raise

    def _entries(self, stream: str, count: int) -> Iterator[tuple[str, Fields]]:
        position = "0"
        while True:
            reply = self.client.xreadgroup(
                self.name, f"{self.name}-1", {stream: position}, count=count, block=BLOCK_MS
            )
            batch: list[tuple[str, Fields]] = reply[0][1] if reply else []
            for entry_id, fields in batch:
                yield entry_id, fields or {}
            if position != ">":
                position = batch[-1][0] if batch else ">"
