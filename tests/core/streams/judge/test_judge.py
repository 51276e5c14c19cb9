"""Verdicts, rates and caps over simulated courses of a stream and its group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.judge.judge import BUDGET, POINTS, StreamJudge
from agentdash.core.streams.model import (
    Cap,
    Clients,
    Consumer,
    Group,
    GroupJudgement,
    Lag,
    LagGrade,
    OldestPending,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)

START = 1_732_112_345_000
READER = Consumer(b"c", 0, 100, 100)
Course = Callable[[int], tuple[int, int]]
"""Second → (entries added, entries given to the group)."""


def stream(
    added: int, given: int, *, length: int | None = None, consumers: tuple[Consumer, ...] = (READER,)
) -> Stream:
    lag = added - given
    group = Group(b"g", 0, Lag(lag), f"{given}-0", given, consumers=consumers)
    return Stream(
        b"s",
        added if length is None else length,
        first_id="1-0",
        last_id=f"{added}-0",
        entries_added=added,
        max_deleted_id="0-0",
        groups=(group,),
    )


def at(second: float, *streams: Stream) -> StreamsSnapshot:
    return StreamsSnapshot(START + int(second * 1000), "here", streams)


def run(course: Course, seconds: int = 70, **settings: float) -> tuple[StreamJudgement, GroupJudgement]:
    judge = StreamJudge(StreamsSettings(**settings))  # type: ignore[arg-type]
    for second in range(seconds):
        (judged,) = judge.judge(at(second, stream(*course(second)))).judgements
    of = judged.group(b"g")
    assert of is not None
    return judged, of


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        pytest.param(lambda s: (10 * s, 10 * s), Verdict.OK, id="keeps up"),
        pytest.param(lambda s: (10 * s, 10 * s - (s % 7)), Verdict.OK, id="waits now and then"),
        pytest.param(lambda s: (500, 5 * s), Verdict.OK, id="catches up"),
        pytest.param(lambda s: (100 + 10 * s, 5 * s), Verdict.SLOW, id="falls behind"),
        pytest.param(lambda s: (100 + 10 * s, 10 * s), Verdict.SLOW, id="keeps its distance"),
        pytest.param(lambda s: (100 + 10 * s, 50 * (s // 10)), Verdict.SLOW, id="falls behind in batches"),
        pytest.param(lambda s: (100 + 10 * s, 7), Verdict.STALLED, id="stands though somebody tries"),
        pytest.param(lambda s: (100, 100 if s < 40 else 20), Verdict.REWOUND, id="put back"),
        pytest.param(
            lambda s: (100, 100 if s < 40 else min(100, 20 + 10 * (s - 40))), Verdict.OK, id="recovered"
        ),
        pytest.param(lambda s: (0, 0), Verdict.OK, id="nothing to do"),
    ],
)
def test_verdicts(course: Course, expected: Verdict) -> None:
    _, of = run(course)
    assert of.verdict is expected, of.why


def test_no_verdict_until_the_window_is_full() -> None:
    _, of = run(lambda s: (100, 0), seconds=60)
    assert of.verdict is Verdict.WATCHING
    assert "59s of 1m00" in of.why
    _, of = run(lambda s: (100, 0), seconds=61)
    assert of.verdict is Verdict.STALLED


def test_polling_faster_changes_nothing() -> None:
    judge = StreamJudge(StreamsSettings(window=60.0))
    for tick in range(550):
        (judged,) = judge.judge(at(tick / 10, stream(100 + tick, 7))).judgements
    of = judged.group(b"g")
    assert of is not None
    assert of.verdict is Verdict.WATCHING
    assert judged.rate_in == pytest.approx(600, rel=0.05)
    window = judge._streams[b"s"]
    assert len(window.samples) <= POINTS + 2
    assert len(window.groups[b"g"].samples) <= POINTS + 2


def test_a_zero_between_two_kept_samples_is_not_lost() -> None:
    judge = StreamJudge(StreamsSettings(window=60.0))
    for tick in range(700):
        given = 50 if tick == 333 else 0
        (judged,) = judge.judge(at(tick / 10, stream(50, given))).judgements
    of = judged.group(b"g")
    assert of is not None
    assert of.verdict is not Verdict.STALLED


def test_who_reads_nothing_and_does_not_try_is_stopped() -> None:
    judge = StreamJudge(StreamsSettings(dead_after=30.0))
    for second in range(70):
        silent = Consumer(b"c", 0, 1000 * second, 1000 * second)
        (judged,) = judge.judge(at(second, stream(50, 7, consumers=(silent,)))).judgements
    of = judged.group(b"g")
    assert of is not None
    assert of.verdict is Verdict.STOPPED
    assert of.since == START
    assert of.active == 0
    assert judged.status == "CRITICAL"


def test_rates_and_forecast() -> None:
    judged, of = run(lambda s: (1000 + 2 * s, 5 * s))
    assert judged.rate_in == pytest.approx(120)
    assert of.rate_out == pytest.approx(300)
    lag = 1000 + 2 * 69 - 5 * 69
    assert of.forecast_s == pytest.approx(lag / 3, rel=0.01)
    _, of = run(lambda s: (1000 + 5 * s, 2 * s))
    assert of.forecast_s is None


@pytest.mark.parametrize("gap", [5, 30, 300])
def test_after_a_gap_the_windows_go_on(gap: int) -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(70):
        judge.judge(at(second, stream(100 + second, 7)))
    (judged,) = judge.judge(at(69 + gap, stream(169 + 10 * gap, 7))).judgements
    of = judged.group(b"g")
    assert of is not None
    assert of.verdict is Verdict.STALLED
    assert of.since == START
    assert judged.cap is Cap.NO
    span = judged.window_s
    assert judged.rate_in == pytest.approx((span - gap + 10 * gap) / span * 60)


@pytest.mark.parametrize("gap", [5, 30])
def test_a_gap_is_no_rest_of_what_rises(gap: int) -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(40):
        judge.judge(at(second, stream(100 + second, 7)))
    judge.judge(at(39 + gap, stream(139, 7)))
    (judged,) = judge.judge(at(40 + gap, stream(140, 7))).judgements
    assert judged.grows_s == pytest.approx(40 + gap)


@pytest.mark.parametrize("back", [False, True], ids=["another server", "a clock put back"])
def test_with_another_server_the_windows_start_anew(back: bool) -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(70):
        judge.judge(at(second, stream(100, 7)))
    after = at(10, stream(5000, 7)) if back else replace(at(70, stream(5000, 7)), epoch=1)
    (judged,) = judge.judge(after).judgements
    assert judged.rate_in is None
    of = judged.group(b"g")
    assert of is not None
    assert of.verdict is Verdict.WATCHING


def test_an_unread_stream_keeps_its_window_and_is_unknown() -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(70):
        judge.judge(at(second, stream(10 * second, 10 * second)))
    broken = Stream(b"s", 690, error="may not be read")
    (judged,) = judge.judge(at(70, broken)).judgements
    assert judged.status == "UNKNOWN"
    assert judged.rate_in == pytest.approx(600)


@pytest.mark.parametrize(
    ("lengths", "cap"),
    [
        pytest.param(lambda s: 50 + 10 * s, Cap.NO, id="grows, never cut"),
        pytest.param(lambda s: 50, Cap.YES, id="cut to a length"),
        pytest.param(lambda s: 50 + (10 * s) % 100, Cap.YES, id="cut by nodes"),
    ],
)
def test_caps(lengths: Callable[[int], int], cap: Cap) -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(70):
        added = 50 + 10 * second
        (judged,) = judge.judge(at(second, stream(added, added, length=lengths(second)))).judgements
    assert judged.cap is cap


def test_deleting_entries_is_no_cap() -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(70):
        one = Stream(b"s", 5, "1-0", f"{second}-1", 5 + second, f"{second}-0")
        (judged,) = judge.judge(at(second, one)).judgements
    assert judged.cap is Cap.UNKNOWN


def test_without_a_counter_growth_is_the_least_that_came() -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(10):
        (judged,) = judge.judge(at(second, Stream(b"s", second, "1-0", f"{second}-0"))).judgements
    assert judged.rate_in == pytest.approx(60)


def waiting(idle: int, pending: int, lag: Lag, inactive: int | None, oldest_idle: int | None) -> Stream:
    oldest = None if oldest_idle is None else OldestPending("5-0", b"c", oldest_idle, 1)
    group = Group(b"g", pending, lag, "5-0", 5, oldest, (Consumer(b"c", pending, idle, inactive),))
    return Stream(b"s", 9, "1-0", "9-0", 9, "0-0", groups=(group,))


@pytest.mark.parametrize(
    ("idle", "pending", "lag", "inactive", "oldest_idle", "active"),
    [
        pytest.param(9_000_000, 0, Lag(0), 9_000_000, None, 1, id="BLOCK 0, nothing to do"),
        pytest.param(9_000_000, 0, Lag(None, LagGrade.UNKNOWN, "?"), 9_000_000, None, 1, id="lag unknown"),
        pytest.param(1_000, 3, Lag(9), 9_000_000, 9_000_000, 1, id="tries, has no success"),
        pytest.param(90_000, 3, Lag(0), 90_000, 90_000, 0, id="hangs with work"),
        pytest.param(90_000, 0, Lag(4), 90_000, None, 0, id="does not read what is there"),
        pytest.param(90_000, 0, Lag(4), -1, None, 0, id="never had any"),
        pytest.param(90_000, 0, Lag(4), None, None, 1, id="before 7.2: one sign only"),
        pytest.param(90_000, 1, Lag(4), None, 90_000, 0, id="before 7.2: and its entry is as old"),
    ],
)
def test_dead_needs_two_signs_and_work(
    idle: int, pending: int, lag: Lag, inactive: int | None, oldest_idle: int | None, active: int
) -> None:
    judge = StreamJudge(StreamsSettings())
    for second in range(3):
        (judged,) = judge.judge(at(second, waiting(idle, pending, lag, inactive, oldest_idle))).judgements
    of = judged.group(b"g")
    assert of is not None
    assert of.active == active


def test_a_long_pause_that_is_a_habit_is_not_death() -> None:
    judge = StreamJudge(StreamsSettings(dead_after=60.0))
    for second in range(400):
        idle = (second % 100) * 1000
        (judged,) = judge.judge(at(second, waiting(idle, 1, Lag(4), idle, 1000))).judgements
        of = judged.group(b"g")
        assert of is not None
        if second > 110:
            assert of.active == 1


def test_thousands_of_groups_stay_within_the_budget() -> None:
    judge = StreamJudge(StreamsSettings())
    group = stream(5, 5).groups[0]
    streams = tuple(
        Stream(b"%d" % number, 5, "1-0", "5-0", 5, "0-0", groups=(group, group)) for number in range(3000)
    )
    for second in range(0, 60, 5):
        judge.judge(at(second, *streams))
    kept = sum(
        len(w.samples) + sum(len(g.samples) for g in w.groups.values()) for w in judge._streams.values()
    )
    assert kept <= BUDGET
    judge.judge(at(61))
    assert not judge._streams


def test_of_thousands_what_moves_is_judged_at_once_and_what_rests_in_turn() -> None:
    judge = StreamJudge(StreamsSettings())
    group = stream(5, 5).groups[0]
    resting = [Stream(b"%04d" % number, 5, "1-0", "5-0", 5, "0-0", groups=(group,)) for number in range(5000)]
    before = judge.judge(at(0, *resting)).judgements
    fresh = [0] * len(resting)
    for second in range(1, 7):
        moved = replace(resting[7], length=5 + second, last_id=f"{5 + second}-0", entries_added=5 + second)
        resting[7] = moved
        after = judge.judge(at(second, *resting)).judgements
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            fresh[number] += new is not old
        before = after
    assert fresh[7] == 6
    assert {count for number, count in enumerate(fresh) if number != 7} <= {1, 2}
    judge.judge(replace(at(7, *resting), clients=Clients()))
    assert judge.judge(replace(at(7, *resting), epoch=1)).judgements[0].window_s == 0


@given(
    st.lists(
        st.tuples(st.integers(-2000, 20_000), st.integers(0, 50), st.integers(0, 80), st.integers(0, 10**6)),
        max_size=40,
    )
)
def test_any_course_is_judged(course: list[tuple[int, int, int, int]]) -> None:
    judge = StreamJudge(StreamsSettings(window=10.0))
    now = 0.0
    for step, added, given_, idle in course:
        now += step / 1000
        consumers = (Consumer(b"c", 0, idle, -1),) if idle % 3 else ()
        (judged,) = judge.judge(at(now, stream(added, min(added, given_), consumers=consumers))).judgements
        of = judged.group(b"g")
        assert of is not None
        assert judged.rate_in is None or judged.rate_in >= 0
        assert of.rate_out is None or of.rate_out >= 0
        assert of.forecast_s is None or of.forecast_s >= 0
        assert 0 <= (of.active or 0) <= len(consumers)
        if of.verdict not in {Verdict.WATCHING, Verdict.UNREAD}:
            assert of.window_s >= 10
