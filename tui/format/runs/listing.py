"""The list of runs."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.fleet import run_age_ms, run_needs_person, run_order
from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import Repo
from agentdash.core.runs.activity import activity_text, tokens_text
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.store import Store
from agentdash.core.text import printable
from tui.format.item import Cell, Column, Item, Listing, ListingView, Row
from tui.widgets.cells import bar

COLUMNS = (
    Column("state", "", 1, priority=0, sortable=False),
    Column("run", "RUN", 16, flex=2, min_width=10),
    Column("turn", "TURN", 5, align="right", priority=2),
    Column("progress", "", 4, priority=4, sortable=False),
    Column("tokens", "TOKENS", 6, align="right", priority=3),
    Column("age", "AGE", 5, align="right", priority=1),
    Column("doing", "ACTIVITY", 20, flex=3, min_width=12),
)
WIDE = (
    COLUMNS[0],
    Column("run", "RUN", 18, flex=2, min_width=16),
    *COLUMNS[2:-1],
    Column("doing", "ACTIVITY", 24, flex=3, min_width=20),
    Column("rate", "TOK/MIN", 7, align="right", priority=5),
    Column("repo", "REPO", 10, flex=1, min_width=8, priority=6),
    Column("status", "STATE", 10, priority=7),
    Column("folder", "FOLDER", 14, flex=1, priority=8),
    Column("pid", "PID", 7, align="right", priority=9),
    Column("host", "HOST", 10, priority=10),
)
LIVE, NEEDS_YOU, FINISHED = "live", "needs you", "finished"
KINDS = ("", LIVE, NEEDS_YOU, FINISHED)
"""The filters of the pane, in the order of the key; ``""``: all."""

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


@dataclass(frozen=True, slots=True)
class RunContext:
    """A run's context beside its record: tokens per minute, and its repository."""

    rate: float | None = None
    repo: Repo | None = None


class RunListing:
    """All runs as rows; unchanged runs keep their rows."""

    def __init__(self) -> None:
        self._repos = RepoIndex(None)
        self._lines: dict[str, tuple[Run, tuple[object, ...], Item]] = {}

    def __call__(self, store: Store, now: int, _view: ListingView) -> Listing | None:
        """The listing, runs that need attention first."""
        snapshot = store.runs
        if snapshot is None:
            return None
        if self._repos.snapshot is not store.repos:
            self._repos = RepoIndex(store.repos)
        runs = sorted(snapshot.runs, key=lambda run: run_order(run, now))
        known, self._lines = self._lines, {}
        items = tuple(self._item(run, store, now, known.get(run.id)) for run in runs)
        needing = sum(item.problem for item in items)
        live = sum(not run.status.terminal for run in runs)
        total = f"{len(runs)} of {snapshot.total}" if snapshot.total > len(runs) else f"{len(runs)}"
        need = [f"{needing} need{'s' if needing == 1 else ''} you"] if needing else []
        parts = [total, f"{live} live", *need]
        empty = ("no runs yet", "start one:  agentdash run -- COMMAND")
        return Listing(items, " · ".join(parts), empty, notes=snapshot.gaps)

    def _item(
        self, run: Run, store: Store, now: int, known: tuple[Run, tuple[object, ...], Item] | None
    ) -> Item:
        around = RunContext(
            store.run_history.tokens_per_minute(run, now),
            self._repos.of_run(run),
        )
        repo = around.repo.name if around.repo else None
        shown = (units.age(run_age_ms(run, now)), run_needs_person(run, now), units.count(around.rate), repo)
        if known is not None and known[0] is run and known[1] == shown:
            self._lines[run.id] = known
            return known[2]
        line = item(run, now, around)
        self._lines[run.id] = (run, shown, line)
        return line


def kinds(run: Run, *, needs: bool) -> frozenset[str]:
    """The `KINDS` of a run."""
    found = {FINISHED if run.status.terminal else LIVE}
    return frozenset(found | {NEEDS_YOU} if needs else found)


def item(run: Run, now: int, around: RunContext) -> Item:
    """One run as a row."""
    needs = run_needs_person(run, now)
    glyph, colour = ("?", "unknown") if run.orphaned else GLYPHS[run.status]
    over = run.status.terminal and not needs
    base = "dim" if over else ""
    name = printable(run.title or run.id)
    age = run_age_ms(run, now)
    repo = printable(around.repo.name) if around.repo else ""
    cells = (
        Cell(glyph, f"{colour} bold" if needs else colour),
        Cell(name, f"{colour} bold" if needs else base or "bold"),
        Cell(turns(run), base),
        progress(run),
        Cell(tokens_text(run), base),
        Cell(units.age(age), "dim"),
        Cell(*activity_and_style(run)),
        Cell(units.count(around.rate) if run.status is RunStatus.RUNNING else "", "dim"),
        Cell(repo or units.UNKNOWN, "info" if repo and not over else "dim"),
        Cell(state_text(run), colour),
        Cell(printable(run.cwd or units.UNKNOWN), "dim"),
        Cell(units.UNKNOWN if run.pid is None else str(run.pid), "dim"),
        Cell(printable(run.host or units.UNKNOWN), "dim"),
    )
    sort = (
        None, name, run.current_turn, None, run.tokens.total, age, cells[6].text, around.rate, repo or None,
        run.status.value, run.cwd, run.pid, run.host,
    )  # fmt: skip
    row = Row(key=run.id, cells=cells, sort=sort)
    return Item(row, run, problem=needs, kinds=kinds(run, needs=needs))


def turns(run: Run) -> str:
    """``4/10``, or ``4`` where the total is unknown."""
    turn = units.UNKNOWN if run.current_turn is None else str(run.current_turn)
    return f"{turn}/{run.max_turns}" if run.max_turns else turn


def done_part(run: Run) -> float | None:
    """The completed fraction: of its turns, or where it has but one, of the steps of its own plan."""
    if run.plan_total and (run.max_turns or 1) == 1:
        return (run.plan_done or 0) / run.plan_total
    if not run.max_turns or run.current_turn is None:
        return None
    return run.current_turn / run.max_turns


def progress(run: Run, width: int = 4) -> Cell:
    """`done_part` as a bar; empty where unknown."""
    part = done_part(run)
    if part is None:
        return Cell("")
    colour = "bad" if run.status is RunStatus.FAILED else "dim" if run.status.terminal else "spark"
    return bar(part, width, colour)


def state_text(run: Run) -> str:
    """The state as text; a pending request comes first."""
    if run.requested is not None:
        return f"{run.requested} requested"
    if run.orphaned:
        return "orphaned"
    return (
        printable(run.status_text or run.status.value)
        if run.status is RunStatus.UNKNOWN
        else run.status.value
    )


def activity_and_style(run: Run) -> tuple[str, str]:
    """Its activity in one line, and the style of that."""
    if run.requested is not None:
        return f"{run.requested} requested", "warn"
    if run.orphaned:
        return "no worker: orphaned", "unknown bold"
    text = activity_text(run)
    if run.status in {RunStatus.PAUSING, RunStatus.CANCELLING}:
        request = "pause" if run.status is RunStatus.PAUSING else "cancel"
        return f"{request} requested, {text}", "warn"
    if run.status is RunStatus.FAILED:
        return (printable(run.error_message) if run.error_message else text), "bad"
    if run.status.terminal:
        return text, "dim"
    return text, "warn" if run.status is not RunStatus.RUNNING or "failed" in text else "info"


def why_not(run: Run | None, verb: str) -> str | None:
    """Why *run* cannot be paused, resumed or cancelled (*verb*) now; None where it can."""
    if run is None:
        return "no run is selected"
    name = printable(run.title or run.id)
    if run.status.terminal:
        return f"{name} is {run.status}: cannot {verb}"
    if run.orphaned:
        return f"{name} has no worker to {verb} it: mark it failed instead"
    if verb == "pause" and run.status not in {RunStatus.RUNNING, RunStatus.QUEUED}:
        return f"{name} is {run.status}: only a running run can be paused"
    if verb == "resume" and run.status not in {RunStatus.PAUSED, RunStatus.PAUSING}:
        return f"{name} is {run.status}: only a paused run can be resumed"
    if verb == "cancel" and run.status is RunStatus.CANCELLING:
        return f"{name} is being cancelled already"
    return None
