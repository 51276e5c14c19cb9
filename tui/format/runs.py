"""Runs as lines."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.fleet import run_needs_person, run_order
from agentdash.core.run_doing import doing
from agentdash.core.runs import Run, RunsSnapshot, RunStatus
from agentdash.core.text import printable
from tui.format.item import Cell, Column, Item, Listing, Row
from tui.widgets.cells import bar

COLUMNS = (
    Column("state", "", 1, priority=0, sortable=False),
    Column("run", "RUN", 16, flex=2, min_width=10),
    Column("turn", "TURN", 5, align="right", priority=2),
    Column("progress", "", 4, priority=4, sortable=False),
    Column("tokens", "TOKENS", 6, align="right", priority=3),
    Column("age", "AGE", 5, align="right", priority=1),
    Column("doing", "DOING", 20, flex=3, min_width=12),
)
WIDE = (
    *COLUMNS[:-1],
    Column("doing", "DOING", 30, flex=3, min_width=26),
    Column("status", "STATE", 10, priority=5),
    Column("pid", "PID", 7, align="right", priority=7),
    Column("host", "HOST", 10, priority=8),
    Column("folder", "FOLDER", 14, flex=1, priority=6),
)

GLYPHS = {
    RunStatus.QUEUED: ("◌", "dim"),
    RunStatus.RUNNING: ("●", "good"),
    RunStatus.PAUSING: ("◐", "warn"),
    RunStatus.PAUSED: ("‖", "warn"),
    RunStatus.CANCELLING: ("◐", "bad"),
    RunStatus.CANCELLED: ("■", "dim"),
    RunStatus.COMPLETED: ("✓", "dim"),
    RunStatus.FAILED: ("✗", "bad"),
    RunStatus.UNKNOWN: ("?", "unknown"),
}


def listing(snapshot: RunsSnapshot, now: int) -> Listing:
    """All runs, those that need a person first."""
    runs = sorted(snapshot.runs, key=lambda run: run_order(run, now))
    needing = sum(run_needs_person(run, now) for run in runs)
    live = sum(not run.status.terminal for run in runs)
    total = f"{len(runs)} of {snapshot.total}" if snapshot.total > len(runs) else f"{len(runs)}"
    parts = [total, f"{live} live"] + ([f"{needing} need you"] if needing else [])
    return Listing(
        items=tuple(item(run, now) for run in runs),
        summary=" · ".join(parts),
        empty=("no runs yet", "start one:  agentdash run -- COMMAND"),
    )


def item(run: Run, now: int) -> Item:
    """One run as a line."""
    needs = run_needs_person(run, now)
    glyph, colour = ("?", "unknown") if run.orphaned else GLYPHS[run.status]
    over = run.status.terminal and not needs
    base = "dim" if over else ""
    name = printable(run.title or run.id)
    turn = units.UNKNOWN if run.current_turn is None else str(run.current_turn)
    turns = f"{turn}/{run.max_turns}" if run.max_turns else turn
    ended = run.ended_at if run.status.terminal else None
    age_ms = now - (ended or run.started_at or run.created_at or now)
    cells = (
        Cell(glyph, f"{colour} bold" if needs else colour),
        Cell(name, f"{colour} bold" if needs else base or "bold"),
        Cell(turns, base),
        progress(run),
        Cell(units.count(run.tokens.total), base),
        Cell(units.age(age_ms), "dim"),
        Cell(*doing_words(run)),
        Cell(state_words(run), colour),
        Cell(units.UNKNOWN if run.pid is None else str(run.pid), "dim"),
        Cell(printable(run.host or units.UNKNOWN), "dim"),
        Cell(printable(run.cwd or units.UNKNOWN), "dim"),
    )
    sort = (
        None, name, run.current_turn, None, run.tokens.total, age_ms, cells[6].text, run.status.value,
        run.pid, run.host, run.cwd,
    )  # fmt: skip
    return Item(Row(key=run.id, cells=cells, sort=sort), run, problem=needs)


def progress(run: Run) -> Cell:
    """Turns done of those planned, as a bar; empty where the number of turns is not known."""
    if not run.max_turns or run.current_turn is None:
        return Cell("")
    colour = "bad" if run.status is RunStatus.FAILED else "dim" if run.status.terminal else "spark"
    return bar(run.current_turn / run.max_turns, 4, colour)


def state_words(run: Run) -> str:
    """The state as a person says it: what is asked for but not seen yet comes first."""
    if run.requested is not None:
        return f"{run.requested} requested"
    if run.orphaned:
        return "orphaned"
    return (
        printable(run.status_text or run.status.value)
        if run.status is RunStatus.UNKNOWN
        else run.status.value
    )


def doing_words(run: Run) -> tuple[str, str]:
    """What it is doing in one line, and how that is coloured."""
    if run.requested is not None:
        return f"{run.requested} requested", "warn"
    if run.orphaned:
        return "no worker: orphaned", "unknown bold"
    words = doing(run)
    if run.status in {RunStatus.PAUSING, RunStatus.CANCELLING}:
        asked = "pause" if run.status is RunStatus.PAUSING else "cancel"
        return f"{asked} requested, {words}", "warn"
    if run.status is RunStatus.FAILED:
        return (printable(run.error_message) if run.error_message else words), "bad"
    if run.status.terminal:
        return words, "dim"
    if run.status is not RunStatus.RUNNING:
        return words, "warn"
    if "failed" in words:
        return words, "warn"
    return words, "info"


def why_not(run: Run | None, verb: str) -> str | None:
    """Why *verb* (pause, resume, cancel) cannot be done to *run* now; None where it can."""
    if run is None:
        return "no run is selected"
    name = printable(run.title or run.id)
    if run.status.terminal:
        return f"{name} is {run.status}: nothing is left to {verb}"
    if run.orphaned:
        return f"{name} has no worker that could {verb} it"
    if verb == "pause" and run.status not in {RunStatus.RUNNING, RunStatus.QUEUED}:
        return f"{name} is {run.status}: only a running run can be paused"
    if verb == "resume" and run.status not in {RunStatus.PAUSED, RunStatus.PAUSING}:
        return f"{name} is {run.status}: only a paused run can be resumed"
    if verb == "cancel" and run.status is RunStatus.CANCELLING:
        return f"{name} is being cancelled already"
    return None
