"""A run: one agent command executed in turns, as recorded in Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RunStatus(StrEnum):
    """The states of a run. ``UNKNOWN``: the record has a state that this version does not know."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def terminal(self) -> bool:
        """Whether it is a final state."""
        return self in {RunStatus.CANCELLED, RunStatus.COMPLETED, RunStatus.FAILED}


class ControlAction(StrEnum):
    """The requests to a run's worker."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


CLEAN_UP = "clean-up:"
"""Prefix of the lock's token while an orphaned run is being cleaned up."""


def is_clean_up(token: object) -> bool:
    """Whether *token*, as the server returns it, is that of a clean-up and not of a worker."""
    return isinstance(token, bytes) and token.startswith(CLEAN_UP.encode())


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts; None where unknown."""

    total: int | None = None
    input: int | None = None
    output: int | None = None
    cached: int | None = None


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One entry of a run's event stream.

    Attributes:
        id: The entry's id, e.g. ``1732112345118-0``.
        type: The event's name; unknown names are kept.
        at: Unix ms; None where the entry has no time.
        turn: The turn it belongs to, or None.
        data: The decoded payload; ``{"raw": text}`` where it is not JSON.
        at_out_of_range: Whether the entry's time is out of range; `at` is None then.
    """

    id: str
    type: str
    at: int | None
    turn: int | None
    data: dict[str, object] = field(default_factory=dict)
    at_out_of_range: bool = False


@dataclass(frozen=True, slots=True)
class OrphanProcess:
    """The leftover process of an orphaned run on this machine.

    Attributes:
        pid: Also the id of its process group and session.
        created_at: Its start time, Unix ms.
        command: Its command line, printable.
        processes: Number of processes, with its descendants.
    """

    pid: int
    host: str
    created_at: int
    command: str
    processes: int = 1


@dataclass(frozen=True, slots=True)
class ChildProbe:
    """A probe of a run's process on this machine.

    Attributes:
        alive: None where it cannot be seen from here.
        reason: Why it is not alive or cannot be seen.
        status: The system's word: ``sleeping``, ``stopped`` …
        cpu_percent: Of one core, with its descendants, over 0.1 s.
        processes: Their number.
    """

    alive: bool | None
    reason: str = ""
    command: str = ""
    status: str = ""
    cpu_percent: float | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Times are Unix ms; None is *unknown* or *not yet*.

    Attributes:
        id: Its id in the store.
        source: The store: ``redis``.
        status: See `RunStatus`; `status_text` is the recorded text.
        requested: A requested action that has no effect yet.
        orphaned: Whether its state is live but no worker holds its lock; None while unknown.
        lock_owner: The token of the worker that holds the lock.
        lock_ttl_ms: Remaining time of the lock, with 5 s tolerance: an unchanged run stays the same object.
        turns: Number of completed turns.
        turn_started_at: When the current turn began.
        retries: Number of repeated model requests over the whole run.
        plan_done: Completed steps of the agent's own plan, of `plan_total`.
        pid_created_at: Start time of the process `pid`.
        child: Of an orphaned run: its command, where it still runs on this machine.
        worker_seen_at: Of an orphaned run: when a worker last held its lock; None where none was seen.
        last_event: The newest event, for its activity in one line.
        malformed: Names of malformed fields.
        out_of_range: Those of them with a number or a time out of range.
        too_large: Those of them, and keys, that are too large to read, with their bytes (None: unknown).
        command_left_out: Number of characters of the command that are not kept.
    """

    id: str
    title: str
    status: RunStatus
    source: str = "redis"
    status_text: str = ""
    requested: ControlAction | None = None
    requested_at: int | None = None
    orphaned: bool | None = None
    lock_owner: str | None = None
    lock_ttl_ms: int | None = None
    current_turn: int | None = None
    max_turns: int | None = None
    turns: int | None = None
    tokens: Tokens = Tokens()
    pid: int | None = None
    host: str | None = None
    cwd: str | None = None
    command: tuple[str, ...] = ()
    worker: str | None = None
    reason: str | None = None
    created_at: int | None = None
    started_at: int | None = None
    updated_at: int | None = None
    ended_at: int | None = None
    last_event_at: int | None = None
    last_event: RunEvent | None = None
    events: int | None = None
    completion: str | None = None
    exit_code: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    retryable: bool | None = None
    malformed: tuple[str, ...] = ()
    out_of_range: tuple[str, ...] = ()
    too_large: tuple[tuple[str, int | None], ...] = ()
    command_left_out: int = 0
    turn_started_at: int | None = None
    retries: int | None = None
    plan_done: int | None = None
    plan_total: int | None = None
    pid_created_at: int | None = None
    child: OrphanProcess | None = None
    worker_seen_at: int | None = None


@dataclass(frozen=True, slots=True)
class RunsSnapshot:
    """All runs that the store knows, newest first.

    Attributes:
        total: Number of runs in the index; more than `runs` where the list is cut.
        gaps: Messages about what could not be read.
    """

    taken_at: int
    host: str
    runs: tuple[Run, ...]
    total: int
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunKeys:
    """The keys of a run below a prefix. Without hash tags: the keys of one run may be in different slots."""

    prefix: str = "codi:api"

    @property
    def index(self) -> str:
        """Sorted set of run ids by creation time."""
        return f"{self.prefix}:runs"

    def meta(self, run_id: str) -> str:
        """Hash of the run's fields."""
        return f"{self.prefix}:run:{run_id}:meta"

    def events(self, run_id: str) -> str:
        """Stream of its events."""
        return f"{self.prefix}:run:{run_id}:events"

    def control(self, run_id: str) -> str:
        """Stream of control messages."""
        return f"{self.prefix}:run:{run_id}:ctl"

    def lock(self, run_id: str) -> str:
        """String with the token of the worker that owns the run."""
        return f"{self.prefix}:run:{run_id}:lock"

    def owns(self, key: bytes) -> bool:
        """Whether *key* is one of agentdash's own."""
        return key.startswith(self.prefix.encode() + b":")
