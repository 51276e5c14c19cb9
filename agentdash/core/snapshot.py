"""The shape in which every fact travels: what was read, when, on which host, and how well that went."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Topic(StrEnum):
    """The subjects of the store, one slice each; also the names of the views."""

    RUNS = "runs"
    STREAMS = "streams"
    FINDINGS = "findings"
    REPOS = "repos"
    SERVICES = "services"
    LOGS = "logs"


@runtime_checkable
class Snapshot(Protocol):
    """What a collector returns. Frozen; parts that did not change are the same objects as before."""

    @property
    def taken_at(self) -> int:
        """When it was read, Unix ms."""
        ...

    @property
    def host(self) -> str:
        """The machine it was read on."""
        ...


class SourceState(StrEnum):
    """How a source is doing. ``ABSENT``: there is nothing to read, by configuration, which is no error."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"
    ERROR = "error"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What the supervisor knows of one collector.

    Attributes:
        source: The collector's name.
        state: See `SourceState`.
        last_success: End of the last pass that worked, Unix ms; None before the first.
        error: What failed, in words; None while all is well.
        cure: What a person can do about it; None where nothing is known.
        retry_at: When it is tried again, Unix ms; None while all is well.
        duration_ms: How long the last pass took; None before the first.
        polls: Passes ended.
        failures: Passes that failed.
        consecutive_failures: Failures since the last success.
        expected_every_ms: The pace at which new data is expected; what is older than a few of these is stale.
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
        """Milliseconds since the last success at *now*, or None when there was none."""
        return None if self.last_success is None else max(0, now - self.last_success)

    def seen_at(self, now: int) -> SourceState:
        """The state as a person should see it at *now*: data that came too long ago is stale, not live."""
        age = self.age_ms(now)
        if self.state is SourceState.LIVE and age is not None and age > max(3000, 3 * self.expected_every_ms):
            return SourceState.STALE
        return self.state


class SourceError(Exception):
    """A source cannot be read, for a reason a person can understand.

    Args:
        message: What failed and where, one sentence.
        cure: What to do about it, one sentence or a command.
        absent: True where there is nothing to read because nothing was configured.
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
            SourceError: when the source cannot be read; any other exception counts as a fault of ours.
        """
        ...

    def wake(self) -> None:
        """End a wait for changes, and read everything anew with the next pass."""
        return

    async def close(self) -> None:
        """Release connections, files, watches and threads."""
        ...
