"""The course of streams: what is drawn of the last ten minutes, and that it stays bounded."""

from __future__ import annotations

from agentdash.core.streams.history import BUDGET, StreamHistory
from agentdash.core.streams.model import Group, Lag, LagGrade, Stream, StreamsSnapshot

T0 = 1_732_112_340_000


def snapshot(at: int, *streams: Stream) -> StreamsSnapshot:
    return StreamsSnapshot(at, "here", streams)


def stream(
    length: int, added: int | None, lag: int | None, pending: int = 0, read: int | None = None
) -> Stream:
    grade = LagGrade.EXACT if lag is not None else LagGrade.UNKNOWN
    group = Group(b"g", pending, Lag(lag, grade), "0-0", read)
    return Stream(b"s", length, entries_added=added, groups=(group,))


def test_values_of_ten_minutes_and_no_more() -> None:
    history = StreamHistory()
    for second in range(0, 900, 5):
        history.record(snapshot(T0 + second * 1000, stream(second, second * 2, 900 - second, 3, second)))
    course, group = history.stream(b"s"), history.group(b"s", b"g")
    assert course is not None
    assert group is not None
    assert len(course.lengths) == len(group.lag) == 60
    assert course.lengths[-1] == 895
    assert set(course.rates_in[:-1]) == {120.0}
    assert group.lag[-1] == 10, "the greatest of its bucket"
    assert set(group.pending) == {3.0}
    assert set(group.rates_out[:-1]) == {60.0}


def test_what_is_not_known_is_a_gap_and_no_zero() -> None:
    history = StreamHistory()
    history.record(snapshot(T0, stream(1, None, None)))
    history.record(snapshot(T0 + 30_000, stream(1, None, 4)))
    course, group = history.stream(b"s"), history.group(b"s", b"g")
    assert course is not None
    assert group is not None
    assert group.lag == (None, None, None, 4.0)
    assert course.rates_in == (None, None, None, None)
    assert group.rates_out[-1] is None


def test_a_stream_made_anew_has_no_negative_rate() -> None:
    history = StreamHistory()
    history.record(snapshot(T0, stream(5, 500, 0)))
    history.record(snapshot(T0 + 10_000, stream(1, 1, 0)))
    course = history.stream(b"s")
    assert course is not None
    assert all(rate is None or rate >= 0 for rate in course.rates_in)


def test_what_is_gone_is_forgotten_and_time_going_back_begins_anew() -> None:
    history = StreamHistory()
    history.record(snapshot(T0, stream(5, 500, 0)))
    history.record(snapshot(T0 + 10_000))
    assert history.stream(b"s") is None
    assert history.group(b"s", b"g") is None
    history.record(snapshot(T0 + 20_000, stream(5, 500, 0)))
    history.record(snapshot(T0 - 500_000, stream(7, 500, 0)))
    course = history.stream(b"s")
    assert course is not None
    assert course.lengths == (7.0,)


def test_thousands_of_streams_keep_a_bounded_past() -> None:
    history = StreamHistory()
    groups = tuple(Group(b"%d" % n, 0, Lag(0), "0-0", 0) for n in range(3))
    many = tuple(Stream(b"s%d" % n, 1, entries_added=1, groups=groups) for n in range(5000))
    for step in range(40):
        history.record(snapshot(T0 + step * 30_000, *many))
    kept = sum(len(track._values) for track in (*history._streams.values(), *history._groups.values()))
    assert kept <= BUDGET
    course = history.stream(b"s1")
    assert course is not None
    assert len(course.lengths) * course.spacing_ms <= 600_000
