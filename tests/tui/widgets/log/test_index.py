"""Which lines are shown on which row, held against a simple model while lines come and go."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdash.core.logs.model import Level, LogLine, LogRing
from tui.widgets.log.index import LogFilter, LogIndex, Spot
from tui.widgets.log.terms import parse_filter


def line(offset: int, message: str = "m", **more: object) -> LogLine:
    return LogLine(source=str(more.pop("source", "f")), offset=offset, seen_at=0, message=message, **more)  # type: ignore[arg-type]


def trace(head: int, count: int, **more: object) -> list[LogLine]:
    return [
        line(head, "boom", level=Level.ERROR, **more),
        *(line(head + 1 + i, f"  at {i}", continues=head, **more) for i in range(count)),
    ]


def messages(index: LogIndex) -> list[str]:
    return [index.ring.line(spot.number).message for row in range(index.rows) if (spot := index.at(row))]  # type: ignore[union-attr]


def test_lines_that_continue_are_folded_below_their_head() -> None:
    ring = LogRing()
    index = LogIndex(ring)
    ring.extend([line(0, "a"), *trace(10, 3), line(50, "b")])
    assert index.feed() == 6
    assert messages(index) == ["a", "boom", "b"]
    assert index.shown == 6
    assert index.followers(1) == 3
    assert index.set_open(3, True)
    assert messages(index) == ["a", "boom", "  at 0", "  at 1", "  at 2", "b"]
    assert [index.row_of(number) for number in range(6)] == [0, 1, 2, 3, 4, 5]
    assert index.set_open(1, False)
    assert index.row_of(3) == 1
    assert not index.set_open(0, True)


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("", ["begun", "slow health", "boom", "took 3"]),
        ("level:warn", ["slow health", "boom"]),
        ("LEVEL:warning -health", ["boom"]),
        ("from:pay", ["boom", "took 3"]),
        ("from:Payment", ["took 3"]),
        ("-health -beg", ["boom", "took 3"]),
        ("from:pay at 1", ["boom"]),
        ("-boom /at \\d/", []),
        ("level:none", []),
        ("-3", []),
        ("/^(begun|took \\d)$/", ["begun", "took 3"]),
    ],
)
def test_terms_in_front_of_the_text(typed: str, seen: list[str]) -> None:
    ring = LogRing()
    ring.extend(
        [
            line(0, "begun", level=Level.INFO),
            line(10, "slow health", level=Level.WARN),
            *trace(20, 2, source="pay"),
            line(90, "took 3", service="Payments", source="other"),
        ]
    )
    index = LogIndex(ring)
    index.set_filter(parse_filter(typed))
    assert messages(index) == seen


def test_a_trace_stays_together_when_sources_take_turns() -> None:
    ring = LogRing()
    index = LogIndex(ring)
    one, two = trace(0, 2, source="one"), trace(0, 2, source="two")
    ring.extend([line for pair in zip(one, two, strict=True) for line in pair])
    index.feed()
    assert index.rows == 2
    assert index.numbers() == [0, 2, 4, 1, 3, 5]


def test_what_is_left_of_a_trace_is_shown_when_its_head_has_gone() -> None:
    ring = LogRing(limit=4)
    index = LogIndex(ring)
    ring.extend([*trace(0, 3)])
    index.feed()
    index.set_open(0, True)
    ring.extend([line(9, "after"), line(10, "later")])
    assert index.feed() == 2
    assert index.gone == [0, 1]
    assert index.numbers() == [2, 3, 4, 5]
    assert messages(index) == ["  at 1", "  at 2", "after", "later"]
    assert index.shown == 4


def test_a_follower_without_its_head_becomes_the_head() -> None:
    ring = LogRing()
    index = LogIndex(ring)
    ring.extend([line(5, "  at 0", continues=0), line(6, "  at 1", continues=0)])
    index.feed()
    assert messages(index) == ["  at 0"]
    assert index.followers(0) == 1


def test_a_trace_is_found_by_any_of_its_lines() -> None:
    ring = LogRing()
    index = LogIndex(ring)
    index.set_filter(LogFilter(text="at 2"))
    ring.extend([line(0, "a"), *trace(10, 2), line(90, "b")])
    assert index.feed() == 0
    ring.extend([line(91, "c")])
    ring.extend(trace(100, 3))
    assert index.feed() == 4
    assert messages(index) == ["boom"]
    assert index.shown == 4


def test_levels_and_sources() -> None:
    ring = LogRing()
    index = LogIndex(ring)
    ring.extend(
        [
            line(0, "a", level=Level.INFO),
            line(1, "b", level=Level.WARN, service="api"),
            line(2, "c"),
            *trace(3, 2),
        ]
    )
    index.set_filter(LogFilter(level=Level.WARN))
    assert messages(index) == ["b", "boom"]
    assert index.shown == 4
    index.set_filter(LogFilter(source="api"))
    assert messages(index) == ["b"]
    index.set_filter(LogFilter())
    assert messages(index) == ["a", "b", "c", "boom"]


def test_what_came_and_went_unseen_is_counted() -> None:
    ring = LogRing(limit=3)
    index = LogIndex(ring)
    ring.extend([line(0), line(1)])
    index.feed()
    ring.extend([line(number) for number in range(2, 12)])
    assert index.feed() == 3
    assert index.missed == 7
    assert index.gone == [0, 1]
    assert index.numbers() == [9, 10, 11]


def test_wrapped_lines_take_several_rows() -> None:
    ring = LogRing()
    index = LogIndex(ring)
    ring.extend([line(0), line(1), line(2)])
    index.feed()
    index.height = lambda number: number + 1
    index.changed()
    assert index.rows == 6
    assert [index.at(row) for row in range(7)] == [
        Spot(0, 0),
        Spot(1, 0),
        Spot(1, 1),
        Spot(2, 0),
        Spot(2, 1),
        Spot(2, 2),
        None,
    ]
    assert [index.row_of(number) for number in range(4)] == [0, 1, 3, 6]


class Model:
    """The same by starting again from all lines each time; heads that went are followed by number."""

    def __init__(self, ring: LogRing, text: str) -> None:
        self.blocks: list[list[int]] = []
        latest: dict[str, tuple[int, list[int]]] = {}
        for number, item in enumerate(ring, ring.first):
            if (
                item.continues is not None
                and item.source in latest
                and latest[item.source][0] == item.continues
            ):
                latest[item.source][1].append(number)
                continue
            block = [number]
            self.blocks.append(block)
            latest[item.source] = (item.offset if item.continues is None else item.continues, block)
        self.shown = [b for b in self.blocks if any(text in ring.line(n).message for n in b)]  # type: ignore[union-attr]


chunks = st.lists(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.sampled_from(["x", "y"])), max_size=12),
    max_size=8,
)


@settings(max_examples=200)
@given(chunks, st.sampled_from(["", "x"]), st.integers(1, 15), st.sets(st.integers(0, 40)))
def test_feeding_bit_by_bit_gives_what_starting_again_gives(
    batches: list[list[tuple[str, bool, str]]], text: str, limit: int, opened: set[int]
) -> None:
    ring = LogRing(limit)
    index = LogIndex(ring)
    index.set_filter(LogFilter(text=text))
    offset, heads = 0, {"a": 0, "b": 0}
    for batch in batches:
        lines = []
        for source, continues, message in batch:
            offset += 1
            if not continues:
                heads[source] = offset
            lines.append(line(offset, message, source=source, continues=heads[source] if continues else None))
        ring.extend(lines)
        index.feed()
        for number in opened:
            index.set_open(number, True)
        # A block whose matching line has gone may stay shown with what is left of it, never the other way.
        model = Model(ring, text).shown
        shown = index.numbers()
        assert set(shown) >= {n for block in model for n in block}
        if not text:
            assert shown == [n for block in model for n in block]
        assert index.shown == len(shown)
        for row in range(index.rows):
            spot = index.at(row)
            assert spot is not None
            assert ring.line(spot.number) is not None
            assert index.row_of(spot.number) == row
        assert index.at(index.rows) is None
