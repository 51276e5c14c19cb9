"""The table of ``agentdash runs``."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.fleet import run_age_ms
from agentdash.core.runs.activity import doing, tokens_words
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.store import Store
from agentdash.core.units import UNKNOWN, age, count
from agentdash.headless.grid import GridCell, Row, since

COLUMNS = "RUN | STATUS | >TURN | >TOKENS | >AGE | >QUIET | ~TITLE | ~DOING"
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
        tokens_words(run),
        age(run_age_ms(run, now)),
        UNKNOWN if run.status.terminal else since(run.last_event_at, now),
        run.title,
        doing(run),
    )
