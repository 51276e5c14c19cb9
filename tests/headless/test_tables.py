"""Tables for people: aligned, whole where piped, fitting where shown, and safe."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agentdash.core.logs.model import Level, LogLine
from agentdash.core.repos.model import Operation, Repo, ReposSnapshot
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import (
    Group,
    GroupJudgement,
    Lag,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)
from agentdash.headless.grid import Grid, GridCell, columns_of, render
from agentdash.headless.logs.text import log_text
from agentdash.headless.views import table
from tests.full_store import NOW, full_store
from tui.format.runs.listing import COLUMNS, RunContext, item

TABLES = [topic for topic in Topic if topic is not Topic.LOGS]


@pytest.mark.parametrize("topic", TABLES)
def test_every_view_has_a_table(topic: Topic) -> None:
    lines = list(render(table(topic, full_store(), NOW)))
    assert len(lines) >= 2
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("topic", TABLES)
def test_an_empty_view_says_what_to_do(topic: Topic) -> None:
    grid = table(topic, Store(), NOW)
    assert not list(render(grid))
    assert grid.empty


@pytest.mark.parametrize(
    ("run", "age"),
    [
        (Run("a", "a", RunStatus.RUNNING, created_at=NOW - 90_000, started_at=NOW - 60_000), "1m00"),
        (Run("a", "a", RunStatus.QUEUED, created_at=NOW - 90_000), "1m30"),
        (Run("a", "a", RunStatus.COMPLETED, started_at=NOW - 3_600_000, ended_at=NOW - 5000), "5s"),
        (Run("a", "a", RunStatus.FAILED, started_at=NOW - 3_600_000), "–"),
    ],
)
def test_the_age_of_a_run_is_the_same_in_the_table_and_in_the_pane(run: Run, age: str) -> None:
    store = Store()
    store.put(Topic.RUNS, RunsSnapshot(NOW, "h", (run,), 1))
    (row,) = table(Topic.RUNS, store, NOW).rows
    pane = item(run, NOW, RunContext())
    assert row[4] == age
    assert pane.row.cells[[column.key for column in COLUMNS].index("age")].text == age


@pytest.mark.parametrize(
    ("status", "verdict", "active", "lag", "told"),
    [
        ("CRITICAL", Verdict.WATCHING, 1, 212, "watching: 212 behind"),
        ("CRITICAL", Verdict.WATCHING, 0, 212, "watching: nobody reads"),
        ("CRITICAL", Verdict.WATCHING, 1, 0, "watching"),
        ("UNKNOWN", Verdict.WATCHING, 1, 7, "watching"),
        ("CRITICAL", Verdict.STOPPED, 1, 212, "stopped"),
    ],
)
def test_a_bad_status_without_a_verdict_says_why(
    status: str, verdict: Verdict, active: int, lag: int, told: str
) -> None:
    store = Store()
    judged = StreamJudgement(status=status, groups=((b"g", GroupJudgement(verdict, active=active)),))
    stream = Stream(b"s", 300, groups=(Group(b"g", 0, Lag(lag), "1-0", 1),))
    store.put(Topic.STREAMS, StreamsSnapshot(NOW, "h", (stream,), judgements=(judged,)))
    (row,) = table(Topic.STREAMS, store, NOW).rows
    assert row[-1] == told


def test_an_unfinished_operation_and_its_conflicts_are_in_the_table() -> None:
    busy = Repo(
        "/a", "a", detached=True, head="3965ebb", operation=Operation.REBASE, operation_step="1/2",
        staged=0, unstaged=0, untracked=0, conflicted=2,
    )  # fmt: skip
    store = Store()
    store.put(Topic.REPOS, ReposSnapshot(NOW, "h", (busy, replace(busy, conflicted=0))))
    first, second = (line.split("  ") for line in list(render(table(Topic.REPOS, store, NOW)))[1:])
    assert {"rebase 1/2", "2 conflicts"} <= {cell.strip() for cell in first}
    assert {"rebase 1/2", "clean"} <= {cell.strip() for cell in second}


def test_a_lag_that_is_not_known_is_a_question_mark() -> None:
    (line,) = [line for line in render(table(Topic.STREAMS, full_store(), NOW)) if "orders" in line]
    assert line.split()[:3] == ["orders", "5", "12"]
    assert "?" in line.split()


def test_a_table_fits_the_terminal_by_the_columns_that_give_way() -> None:
    grid = Grid(columns_of("NAME | >N | ~TEXT"), (("a", "1", "word " * 40),), "")
    assert all(cell_len(line) <= 40 for line in render(grid, width=40))
    assert any(cell_len(line) > 200 for line in render(grid))


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=4), st.integers(20, 80))
def test_text_from_outside_never_acts_and_columns_stay_aligned(rows, width: int) -> None:
    grid = Grid(columns_of("A | >B | ~C"), tuple((a, GridCell(b, "bad"), c) for a, b, c in rows), "")
    for line in render(grid, width=width, color=False):
        assert line.isprintable() or not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)


def test_a_log_line_is_one_line_and_coloured_by_its_level_only() -> None:
    line = LogLine("web", 0, NOW, "a\nb\x1b[31m", at=NOW, level=Level.ERROR)
    assert log_text(line).endswith(" ERROR web: a␊b")
    assert log_text(line, color=True).startswith("\x1b[31m")
