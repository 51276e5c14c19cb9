"""Turns, files and tests out of events: whole streams, parts of them, and streams that make no sense."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.runs import event as ev
from agentdash.core.runs import summary as run_summary
from agentdash.core.runs.model import Run, RunEvent, RunStatus, Tokens
from agentdash.core.runs.summary import RunSummary


def event(at: int, kind: str, turn: int | None = 1, **data: Any) -> RunEvent:
    return RunEvent(f"{at}-0", kind, at, turn, data)


WHOLE = [
    event(1, ev.RUN_STARTED, None),
    event(10, ev.TURN_STARTED),
    event(12, ev.FILE_READ, path="a.py"),
    event(14, ev.FILE_WRITTEN, path="a.py"),
    event(15, ev.TESTS_STARTED, command="pytest -q"),
    event(40, ev.TESTS_COMPLETED, passed=3, failed=1),
    event(41, ev.TOKEN_USAGE, total=100, input=80, output=20),
    event(42, ev.TOKEN_USAGE, total=50),
    event(60, ev.TURN_COMPLETED, exitCode=0, durationMs=50, tokens={"total": 160}),
    event(70, ev.TURN_STARTED, 2),
    event(71, ev.FILE_DELETED, 2, path="b.py"),
    event(72, ev.TOKEN_USAGE, 2, total=7),
]


def test_a_turn_from_its_events() -> None:
    summary = RunSummary(WHOLE)
    first, second = summary.turns.values()
    assert (first.state, first.exit_code, first.lasted_ms(999), first.tokens.total) == ("done", 0, 50, 160)
    assert first.tests is not None
    assert (first.tests.passed, first.tests.failed, first.tests.duration_ms) == (3, 1, 25)
    assert first.tests.command == "pytest -q"
    assert first.files == {"a.py"}
    assert (second.state, second.lasted_ms(100), second.tokens.total) == ("running", 30, 7)
    assert [(f.path, f.read, f.written, f.deleted) for f in summary.files.values()] == [
        ("a.py", 1, 1, 0),
        ("b.py", 0, 0, 1),
    ]


def test_tokens_add_up_until_the_end_says() -> None:
    summary = RunSummary(WHOLE[:8])
    assert summary.turns[1].tokens == Tokens(150, 80, 20)


def test_read_from_the_middle_of_a_turn() -> None:
    summary = RunSummary(WHOLE[6:])
    assert summary.turns[1].began is None
    assert summary.turns[1].lasted_ms(0) == 50
    still = RunSummary(WHOLE[6:8]).turns[1]
    assert still.lasted_ms(999) is None


def test_a_turn_that_failed_one_that_was_cancelled_one_that_was_left() -> None:
    failed = RunSummary([event(1, ev.TURN_STARTED), event(2, ev.TURN_COMPLETED, exitCode=3)]).turns[1]
    assert (failed.state, failed.exit_code) == ("failed", 3)
    not_begun = RunSummary([event(1, ev.TURN_STARTED), event(2, ev.TURN_COMPLETED, error="no such file")])
    assert (not_begun.turns[1].state, not_begun.turns[1].error) == ("failed", "no such file")
    gone = RunSummary([event(1, ev.TURN_STARTED), event(5, ev.RUN_CANCELLED, None)]).turns[1]
    assert (gone.state, gone.lasted_ms(99)) == ("cancelled", 4)
    left = RunSummary([event(1, ev.TURN_STARTED), event(9, ev.TURN_STARTED, 2)]).turns[1]
    assert (left.state, left.lasted_ms(99)) == ("left", None)


def test_a_turn_that_is_begun_again_after_a_takeover() -> None:
    summary = RunSummary([*WHOLE[:9], event(80, ev.TURN_STARTED, 1), event(81, ev.TOKEN_USAGE, 1, total=1)])
    assert (summary.turns[1].state, summary.turns[1].tokens.total, summary.turns[1].began) == (
        "running",
        1,
        80,
    )


def test_in_pieces_it_is_the_same_summary() -> None:
    whole, pieces = RunSummary(WHOLE), RunSummary()
    for one in WHOLE:
        pieces.add([one])
    assert pieces.turns == whole.turns
    assert pieces.files == whole.files
    assert pieces.tests == whole.tests


def test_it_is_bounded_and_counts_what_it_lets_go() -> None:
    many = run_summary.MOST_FILES + 5
    summary = RunSummary(event(n, ev.FILE_READ, path=f"f{n}") for n in range(many))
    assert len(summary.files) == run_summary.MOST_FILES
    assert summary.dropped == 5
    assert f"f{many - 1}" in summary.files
    turns = RunSummary(event(n, ev.TURN_STARTED, n) for n in range(1, run_summary.MOST_TURNS + 4))
    assert len(turns.turns) == run_summary.MOST_TURNS


KINDS = [value for name, value in vars(ev).items() if name.isupper() and isinstance(value, str)]
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just({"total": "x"})
EVENTS = st.builds(
    lambda n, kind, turn, data: RunEvent(f"{n}-0", kind, n, turn, data),
    st.integers(0, 2**60) | st.none(),
    st.sampled_from(KINDS) | st.text(),
    st.none() | st.integers(-5, 5),
    st.dictionaries(
        st.sampled_from(["path", "passed", "failed", "tokens", "total", "exitCode", "durationMs", "command"]),
        VALUES,
    ),
)


@given(st.lists(EVENTS, max_size=30))
def test_events_that_make_no_sense_break_nothing(events: list[RunEvent]) -> None:
    summary = RunSummary(events)
    for turn in summary.turns.values():
        assert turn.number >= 1
        turn.lasted_ms(5)


def run(cwd: str | None, host: str | None = "here") -> Run:
    return Run("r", "r", RunStatus.RUNNING, cwd=cwd, host=host)


def test_the_repository_of_a_run() -> None:
    repos = (
        Repo("/p/web", "web"),
        Repo("/p/web/proto", "proto", RepoKind.SUBMODULE),
        Repo("/p/bare.git", "bare", RepoKind.BARE),
    )
    index = RepoIndex(ReposSnapshot(1, "here", repos))

    def name(*arguments: Any) -> str | None:
        found = index.of_run(run(*arguments))
        return found.name if found else None

    assert name("/p/web") == "web"
    assert name("/p/web/src/auth/") == "web"
    assert name("/p/web/proto/v1") == "proto"
    assert name("/p/website") is None
    assert name("/p/bare.git/hooks") is None
    assert name("relative") is None
    assert name(None) is None
    assert name("/p/web", "elsewhere") is None
    assert name("/p/web", None) == "web"
    assert RepoIndex(None).of_run(run("/p/web")) is None
