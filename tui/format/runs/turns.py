"""The turns, files and test runs of a run as tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.runs.model import Run
from agentdash.core.runs.summary import FileTouch, TestRun, Turn
from agentdash.core.text import printable
from tui.format.item import Cell, Column, Row
from tui.format.runs.events import clock
from tui.widgets.cells import bar

TURN_COLUMNS = (
    Column("turn", "TURN", 4, align="right"),
    Column("state", "", 1, sortable=False),
    Column("began", "BEGAN", 8, priority=3),
    Column("lasted", "TIME", 6, align="right"),
    Column("course", "", 12, priority=5, sortable=False),
    Column("tokens", "TOKENS", 6, align="right", priority=1),
    Column("tests", "TESTS", 16, flex=1, min_width=10, max_width=26),
    Column("files", "FILES", 5, align="right", priority=4),
    Column("exit", "EXIT", 4, align="right", priority=2),
)
FILE_COLUMNS = (
    Column("how", "", 3, sortable=False),
    Column("path", "FILE", 16, flex=1, min_width=10),
    Column("times", "×", 4, align="right", priority=2),
    Column("turn", "TURN", 4, align="right", priority=1),
    Column("age", "AGE", 5, align="right"),
)
TEST_COLUMNS = (
    Column("turn", "TURN", 4, align="right", priority=1),
    Column("age", "AGE", 5, align="right"),
    Column("passed", "PASS", 4, align="right"),
    Column("failed", "FAIL", 4, align="right"),
    Column("skipped", "SKIP", 4, align="right", priority=3),
    Column("lasted", "TIME", 6, align="right", priority=2),
    Column("command", "COMMAND", 10, flex=1, min_width=6, priority=4),
)
_GLYPHS = {
    "running": ("●", "good"),
    "done": ("✓", "dim"),
    "failed": ("✗", "bad"),
    "cancelled": ("■", "dim"),
    "left": ("?", "unknown"),
}
_COURSE = 12


def turn_rows(turns: Iterable[Turn], run: Run | None, now: int, zone: tzinfo | None) -> list[Row]:
    """The newest turn first; each with its duration relative to the longest."""
    known = sorted(turns, key=lambda turn: turn.number, reverse=True)
    over = run is not None and (run.status.terminal or bool(run.orphaned))
    lasted = {turn.number: None if over and not turn.done else turn.lasted_ms(now) for turn in known}
    longest = max((span for span in lasted.values() if span is not None), default=0)
    return [_turn_row(turn, lasted[turn.number], longest, zone, over=over) for turn in known]


def _turn_row(turn: Turn, lasted: int | None, longest: int, zone: tzinfo | None, *, over: bool) -> Row:
    state = "left" if over and not turn.done else turn.state
    glyph, style = _GLYPHS[state]
    running = state == "running"
    part = lasted / longest if lasted is not None and longest else None
    wrong = turn.exit_code not in {None, 0}
    cells = (
        Cell(str(turn.number), "bold" if running else ""),
        Cell(glyph, style),
        Cell(clock(turn.began, zone) or units.UNKNOWN, "dim"),
        Cell(units.age(lasted), "" if running else "dim"),
        bar(part, _COURSE, "spark" if running else "bad" if state == "failed" else "dim", "faint"),
        Cell(units.count(turn.tokens.total), "" if turn.tokens.total else "dim"),
        tests_cell(turn.tests),
        Cell(str(len(turn.files)) if turn.files else "", "dim"),
        Cell("" if turn.exit_code is None else str(turn.exit_code), "bad bold" if wrong else "dim"),
    )
    tests = turn.tests
    sort = (
        turn.number, None, turn.began, lasted, None, turn.tokens.total,
        None if tests is None else tests.failed, len(turn.files), turn.exit_code,
    )  # fmt: skip
    return Row(key=turn.number, cells=cells, sort=sort)


def tests_cell(tests: TestRun | None) -> Cell:
    """``42 passed 1 failed``, ``running …``, or empty where there were none."""
    if tests is None:
        return Cell("")
    if not tests.done:
        return Cell("running …", "info")
    parts: list[tuple[str, str]] = []
    if tests.failed:
        parts.append((f"{tests.failed} failed", "bad"))
    if tests.passed is not None:
        parts.append((f"{' ' if parts else ''}{tests.passed} passed", "dim" if tests.failed else "good"))
    if tests.skipped:
        parts.append((f" {tests.skipped} skipped", "dim"))
    return Cell(spans=tuple(parts)) if parts else Cell("done", "dim")


def file_rows(files: Iterable[FileTouch], folder: str | None, now: int) -> list[Row]:
    """The most recently touched file first; paths below *folder* are relative to it."""
    return [_file_row(touch, folder, now) for touch in reversed(list(files))]


def _file_row(touch: FileTouch, folder: str | None, now: int) -> Row:
    marks = (
        ("r" if touch.read else "·", "info" if touch.read else "faint"),
        ("w" if touch.written else "·", "good" if touch.written else "faint"),
        ("d" if touch.deleted else "·", "bad" if touch.deleted else "faint"),
    )
    path = touch.path
    if folder and path.startswith(folder.rstrip("/") + "/"):
        path = path[len(folder.rstrip("/")) + 1 :]
    age = None if touch.last_at is None else now - touch.last_at
    times = touch.read + touch.written + touch.deleted
    changed = touch.written or touch.deleted
    cells = (
        Cell(spans=marks),
        Cell(printable(path), "" if changed else "dim"),
        Cell(str(times), "dim"),
        Cell(units.UNKNOWN if touch.last_turn is None else str(touch.last_turn), "dim"),
        Cell(units.age(age), "dim"),
    )
    return Row(key=touch.path, cells=cells, sort=(None, path, times, touch.last_turn, age))


def test_rows(tests: Iterable[TestRun], now: int) -> list[Row]:
    """The newest first."""
    return [_test_row(run, now) for run in reversed(list(tests))]


def _test_row(run: TestRun, now: int) -> Row:
    age = None if run.at is None else now - run.at

    def number(value: int | None, style: str) -> Cell:
        return Cell(units.UNKNOWN if value is None else str(value), style if value else "dim")

    command = printable(run.command) if run.done else f"running … {printable(run.command)}".rstrip()
    cells = (
        Cell(units.UNKNOWN if run.turn is None else str(run.turn), "dim"),
        Cell(units.age(age), "dim"),
        number(run.passed, "good"),
        number(run.failed, "bad bold"),
        number(run.skipped, "warn"),
        Cell(units.age(run.duration_ms), "dim"),
        Cell(command, "dim" if run.done else "info"),
    )
    sort = (run.turn, age, run.passed, run.failed, run.skipped, run.duration_ms, run.command)
    return Row(key=run.event, cells=cells, sort=sort)
