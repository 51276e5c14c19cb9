"""The base of each service of the demo: a connection, a log, publishing, and consuming in a group."""

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

from agentdash.demo.services.log import ServiceLog

Fields = dict[str, str]
Handle = Callable[[str, Fields], None]

CAPS = {"audit-events": 20_000, "clicks": 5_000, "emails": 500}
"""Approximate MAXLEN by stream; `CAP` for the others."""

CAP = 2_000
BLOCK_MS = 2_000
RETRY_S = 1.0
"""Seconds before a retry while the server is unavailable."""


def open_client(url: str, name: str | None = None) -> Any:
    """A blocking connection without retries; *name* is its name in CLIENT LIST.

    Untyped, as redis-py types every reply as a union with that of its asynchronous client.
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
class DemoService:
    """One service.

    Attributes:
        name: Also the name of its consumer group, where it has one.
        client: redis-py, with decoded replies.
        root: The demo's folder.
    """

    name: str
    client: Any
    log: ServiceLog
    root: Path
    random: random.Random = field(default_factory=random.Random)
    began: float = field(default_factory=time.monotonic)

    def write_log(
        self, message: str, *, level: str = "INFO", corr: str | None = None, **fields: object
    ) -> None:
        """Write a line to the service's log; see `ServiceLog.write`."""
        self.log.write(level, message, corr=corr, **fields)

    def publish(self, stream: str, **fields: object) -> str:
        """Add an entry to *stream*, trimmed to about its cap; returns the entry's id."""
        text: dict[Any, Any] = {key: str(value) for key, value in fields.items()}
        text["originService"] = self.name
        return str(self.client.xadd(stream, text, maxlen=CAPS.get(stream, CAP), approximate=True))

    def ack(self, stream: str, entry_id: str) -> None:
        """Acknowledge an entry."""
        self.client.xack(stream, self.name, entry_id)

    def unfinished(self, stream: str) -> set[str]:
        """Ids of entries that are still pending from before a restart, at most 100."""
        try:
            pending = self.client.xpending_range(stream, self.name, "-", "+", 100)
        except redis.ResponseError:  # no such stream or group yet
            return set()
        return {entry["message_id"] for entry in pending}

    def consume(self, stream: str, handle: Handle, *, count: int = 10) -> None:
        """Pass every entry of *stream* to *handle*, pending ones first; never returns.

        Retries while the server is unavailable; an error of *handle* ends the service.
        """
        while True:
            try:
                self._join(stream)
                for entry_id, fields in self._entries(stream, count):
                    handle(entry_id, fields)
            except redis.ResponseError:  # the stream was deleted: join it again
                time.sleep(RETRY_S)
            except (redis.ConnectionError, redis.TimeoutError) as away:
                self.write_log(f"server unavailable, retrying: {type(away).__name__}", level="ERROR")
                time.sleep(RETRY_S)

    def interval(self, every: float, swing: float = 0.5, period: float = 90.0) -> float:
        """About *every* seconds, as a slow wave with jitter."""
        wave = 1 + swing * math.sin((time.monotonic() - self.began) * 2 * math.pi / period)
        return every * wave * self.random.uniform(0.7, 1.3)

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
