"""``agentdash runs``: the fields of its JSON, and its table."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.fleet import run_age_ms
from agentdash.core.runs.activity import activity_text, tokens_text
from agentdash.core.runs.model import ControlAction, Run, RunStatus
from agentdash.core.store import Store
from agentdash.core.units import UNKNOWN, age, count
from agentdash.headless.envelope import Moment, view_of
from agentdash.headless.grid import GridCell, Row, since
from agentdash.headless.json_object import Field, JsonObject

TOKEN_COUNTS = JsonObject(
    "TokenCounts",
    "The parts of a run's tokens.",
    (Field("input", int | None), Field("output", int | None), Field("cached", int | None)),
)
LAST_EVENT = JsonObject(
    "LastEvent",
    "The newest event of a run.",
    (Field("id", str), Field("type", str), Field("at", int | None), Field("turn", int | None)),
)
PLAN = JsonObject(
    "Plan",
    "Steps of an agent's plan.",
    (Field("done", int | None, get="plan_done"), Field("total", int, get="plan_total")),
)
CHILD = JsonObject(
    "Child",
    "A process that executes the command of a run.",
    (
        Field("pid", int),
        Field("host", str),
        Field("createdAt", int),
        Field("command", str),
        Field("processes", int, "it and its descendants"),
    ),
)


def _tokens_per_minute(run: Run, moment: Moment) -> float | None:
    rate = moment.store.run_history.tokens_per_minute(run, moment.now)
    return None if rate is None else round(rate, 1)


RUN = JsonObject(
    "Run",
    "One run of an agent.",
    (
        Field("id", str),
        Field("source", str),
        Field("title", str),
        Field("status", RunStatus),
        Field(
            "statusText",
            str | None,
            "the status in the record, also where `status` is unknown",
            lambda run, _: run.status_text or None,
        ),
        Field("requested", ControlAction | None, "requested, effect not seen yet"),
        Field("orphaned", bool | None, "the status is live, but no worker holds the lock"),
        Field("currentTurn", int | None),
        Field("maxTurns", int | None),
        Field("tokens", int | None, "the total", "tokens.total"),
        Field("tokenCounts", TOKEN_COUNTS, get="tokens"),
        Field("pid", int | None),
        Field("host", str | None),
        Field("cwd", str | None),
        Field("command", list[str] | None, get=lambda run, _: run.command or None),
        Field("reason", str | None),
        Field("createdAt", int | None),
        Field("startedAt", int | None),
        Field("updatedAt", int | None),
        Field("endedAt", int | None),
        Field("lastEventAt", int | None),
        Field("lastEvent", (LAST_EVENT, None)),
        Field("completion", str | None),
        Field("exitCode", int | None, "of the last turn that has ended, also while the run is live"),
        Field("error", str | None, get=lambda run, _: run.error_message or run.error_code),
        Field("errorCode", str | None),
        Field("malformed", list[str], "fields of the record that could not be parsed"),
        Field("turns", int | None, "completed turns"),
        Field("turnStartedAt", int | None),
        Field("retries", int | None, "how often its program had to repeat a request to a model"),
        Field(
            "plan",
            (PLAN, None),
            "the agent's own list of steps",
            lambda run, _: None if run.plan_total is None else run,
        ),
        Field(
            "worker",
            str | None,
            "the token of its worker: host:pid:random",
            lambda run, _: run.lock_owner or run.worker,
        ),
        Field("workerSeenAt", int | None, "of an orphan: when a worker was last seen to hold the lock"),
        Field("child", (CHILD, None), "of an orphan: its command, where it still runs on this machine"),
        Field("retryable", bool | None, "of a failed run: whether it could succeed at another time"),
        Field(
            "tokensPerMin",
            float | None,
            "of a running run, over the last minute; null until it was watched for 10 s, as with `--watch`",
            _tokens_per_minute,
        ),
        Field("commandLeftOut", int, "characters of a long command that are not in `command`"),
    ),
)
VIEW = view_of(
    "runs",
    RUN,
    Field("total", int | None, "runs in the index; more than `items` where the list is cut"),
)


def gaps(store: Store) -> tuple[str, ...]:
    """What could not be read."""
    return store.runs.gaps if store.runs else ()


COLUMNS = "RUN | STATUS | >TURN | >TOKENS | >AGE | >IDLE | ~TITLE | ~ACTIVITY"
EMPTY = "no runs yet: start one with `agentdash run -- COMMAND`"
_TONES = {
    RunStatus.RUNNING: "good",
    RunStatus.PAUSING: "warn",
    RunStatus.PAUSED: "warn",
    RunStatus.CANCELLING: "warn",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELLED: "dim",
    RunStatus.COMPLETED: "dim",
}


def rows(store: Store, now: int) -> Iterator[Row]:
    """One row per run."""
    for run in store.runs.runs if store.runs else ():
        yield _run(run, now)


def _run(run: Run, now: int) -> Row:
    tone = "bad" if run.orphaned else _TONES.get(run.status, "")
    status = "orphaned" if run.orphaned else run.status_text or run.status.value
    turns = f"{count(run.current_turn)}/{count(run.max_turns)}" if run.max_turns else count(run.current_turn)
    return (
        run.id,
        GridCell(f"{status} ({run.requested} requested)" if run.requested else status, tone),
        turns,
        tokens_text(run),
        age(run_age_ms(run, now)),
        UNKNOWN if run.status.terminal else since(run.last_event_at, now),
        run.title,
        activity_text(run),
    )
