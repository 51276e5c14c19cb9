"""A run: one agent process working in turns, as its record in Redis tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RunStatus(StrEnum):
    """The states of a run. ``UNKNOWN``: the record names a state that this version does not know."""

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
        """Whether nothing can come after it."""
        return self in {RunStatus.CANCELLED, RunStatus.COMPLETED, RunStatus.FAILED}


class ControlAction(StrEnum):
    """What a person may ask of a run."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


CLEAN_UP = "clean-up:"
"""How the token of a lock begins that is held to clean up what a run without a worker left behind."""


def is_clean_up(token: object) -> bool:
    """Whether a lock with this *token*, as the server tells it, is held by no worker."""
    return isinstance(token, bytes) and token.startswith(CLEAN_UP.encode())


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts; None where the record does not say."""

    total: int | None = None
    input: int | None = None
    output: int | None = None
    cached: int | None = None


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One entry of a run's event stream.

    Attributes:
        id: The entry's id, e.g. ``1732112345118-0``.
        type: The event's name; unknown ones are kept as they are.
        at: Unix ms, or None where the entry does not say.
        turn: The turn it belongs to, or None.
        data: The decoded payload; ``{"raw": text}`` where it was not JSON.
        at_out_of_range: Whether the entry gives a time that no calendar has; `at` is None then.
    """

    id: str
    type: str
    at: int | None
    turn: int | None
    data: dict[str, object] = field(default_factory=dict)
    at_out_of_range: bool = False


@dataclass(frozen=True, slots=True)
class ChildSeen:
    """The process that executes a run's command, as this machine shows it.

    Attributes:
        pid: Also the id of its process group and session.
        created_at: When it began, Unix ms.
        command: Its command line, printable.
        processes: How many there are with those that descend from it.
    """

    pid: int
    host: str
    created_at: int
    command: str
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Times are Unix ms; None is *unknown* or *not yet*.

    Attributes:
        id: Its id in the store.
        source: Who wrote the record: ``redis``.
        status: See `RunStatus`; `status_text` keeps what the record said.
        requested: An action asked for whose effect is not seen yet.
        orphaned: Its state is live but no worker holds its lock; None while that is not known.
        lock_owner: The token of the worker that holds the lock.
        lock_ttl_ms: How long the lock still lasts, to within 5 s: a run at rest stays the same object.
        turns: Turns that are done.
        turn_started_at: When the current turn began.
        retries: How often its program has had to ask a model again, over the whole run.
        plan_done: Steps of the agent's own plan that are done, of `plan_total`.
        pid_created_at: When the process `pid` began; tells it from a later one with the same id.
        child: Of an orphaned run: its command, where it still runs on this machine.
        worker_seen_at: Of an orphaned run: when a worker was last seen to hold it; None where none ever was.
        last_event: The newest event, for the one-line "doing".
        malformed: Names of fields whose value could not be understood.
        out_of_range: Those of them that hold a number or a time beyond all bounds.
        too_large: Those of them, and keys, that are too large to be read, with their bytes (None: unknown).
        command_left_out: Characters of the command that are not kept.
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
    child: ChildSeen | None = None
    worker_seen_at: int | None = None


@dataclass(frozen=True, slots=True)
class RunsSnapshot:
    """All runs that the store knows, newest first.

    Attributes:
        total: How many there are in the index; more than `runs` where the list is cut.
        gaps: What could not be read, in words.
    """

    taken_at: int
    host: str
    runs: tuple[Run, ...]
    total: int
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunKeys:
    """The keys of a run below a prefix. The id stands in braces nowhere: one run may span cluster slots."""

    prefix: str = "codi:api"

    @property
    def index(self) -> str:
        """Sorted set of run ids by creation time."""
        return f"{self.prefix}:runs"

    def meta(self, run_id: str) -> str:
        """Hash of the run's fields."""
        return f"{self.prefix}:run:{run_id}:meta"

    def events(self, run_id: str) -> str:
        """Stream of everything that happened."""
        return f"{self.prefix}:run:{run_id}:events"

    def control(self, run_id: str) -> str:
        """Stream of what people asked for."""
        return f"{self.prefix}:run:{run_id}:ctl"

    def lock(self, run_id: str) -> str:
        """String with the token of the worker that owns the run."""
        return f"{self.prefix}:run:{run_id}:lock"

    def owns(self, key: bytes) -> bool:
        """Whether *key* is one of agentdash's own."""
        return key.startswith(self.prefix.encode() + b":")
