"""Snapshots, the health of sources, and the protocol of collectors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Topic(StrEnum):
    """The topics of the store, one slice each; also the names of the views."""

    RUNS = "runs"
    STREAMS = "streams"
    FINDINGS = "findings"
    REPOS = "repos"
    SERVICES = "services"
    LOGS = "logs"


@runtime_checkable
class Snapshot(Protocol):
    """The result of a collector. Frozen; unchanged parts are the same objects as before."""

    @property
    def taken_at(self) -> int:
        """Time of the read, Unix ms."""
        ...

    @property
    def host(self) -> str:
        """The machine that it was read on."""
        ...


class SourceState(StrEnum):
    """The state of a source. ``ABSENT``: nothing is configured to be read, which is no error."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"
    ERROR = "error"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """The health of one collector.

    Attributes:
        source: The collector's name.
        state: See `SourceState`.
        last_success: End of the last successful pass, Unix ms; None before the first.
        error: What failed; None after success.
        cure: How to fix it; None where that is unknown.
        retry_at: Time of the next attempt, Unix ms; None after success.
        duration_ms: Of the last pass; None before the first.
        polls: Completed passes.
        failures: Failed passes.
        consecutive_failures: Failures since the last success.
        expected_every_ms: Expected interval of new data; data older than a few intervals is stale.
    """

    source: str
    state: SourceState = SourceState.LOADING
    last_success: int | None = None
    error: str | None = None
    cure: str | None = None
    retry_at: int | None = None
    duration_ms: float | None = None
    polls: int = 0
    failures: int = 0
    consecutive_failures: int = 0
    expected_every_ms: int = 1000

    def age_ms(self, now: int) -> int | None:
        """Milliseconds since the last success at *now*; None where there was none."""
        return None if self.last_success is None else max(0, now - self.last_success)

    def seen_at(self, now: int) -> SourceState:
        """The state at *now*: data that is too old is stale, not live."""
        age = self.age_ms(now)
        if self.state is SourceState.LIVE and age is not None and age > max(3000, 3 * self.expected_every_ms):
            return SourceState.STALE
        return self.state


class SourceError(Exception):
    """A source cannot be read.

    Args:
        message: What failed and where, one sentence.
        cure: How to fix it, one sentence or a command.
        absent: Whether nothing is configured to be read.
    """

    def __init__(self, message: str, cure: str | None = None, *, absent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.absent = absent


class Collector(Protocol):
    """Reads one source. It has no access to the store, to widgets or to other collectors.

    Attributes:
        name: Shown to people, and the key of its health.
        topic: The slice of the store that its snapshots go to.
        cadence: Seconds from the end of one pass to the start of the next.
        timeout: Seconds that one pass may take.
        patience: Seconds that a pass may wait for a change.
    """

    name: str
    topic: Topic
    cadence: float
    timeout: float
    patience: float = 0.0

    async def collect(self) -> Snapshot | None:
        """Read once.

        Returns:
            A snapshot, or None when nothing changed since the last one.

        Raises:
            SourceError: when the source cannot be read; any other exception is a fault of the program.
        """
        ...

    def wake(self) -> None:
        """End a wait for changes, and read everything again with the next pass."""
        return

    async def close(self) -> None:
        """Release connections, files, watches and threads."""
        ...
