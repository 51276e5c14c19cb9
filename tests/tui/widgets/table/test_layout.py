"""Which columns are shown at a width; the order of rows; what matches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.match import condition, is_pattern, mark_matches, matcher
from tui.widgets.table.columns import Column, lay_out
from tui.widgets.table.rows import Row, order

COLUMNS = (
    Column("name", "NAME", 10, flex=1, min_width=6),
    Column("len", "LEN", 5, "right", priority=1),
    Column("rate", "RATE", 8, priority=3),
    Column("lag", "LAG", 5, "right"),
)


def shown(width: int) -> list[tuple[str, int]]:
    return [(COLUMNS[place.index].key, place.width) for place in lay_out(COLUMNS, width)]


def test_columns_go_by_priority() -> None:
    assert shown(40) == [("name", 19), ("len", 5), ("rate", 8), ("lag", 5)]
    assert shown(27) == [("name", 6), ("len", 5), ("rate", 8), ("lag", 5)]
    assert shown(26) == [("name", 14), ("len", 5), ("lag", 5)]
    assert shown(17) == [("name", 11), ("lag", 5)]
    assert shown(12) == [("name", 6), ("lag", 5)]
    assert shown(11) == [("name", 11)]
    assert shown(3) == [("name", 3)]
    assert shown(0) == []


columns = st.lists(
    st.builds(
        Column,
        key=st.just("k"),
        title=st.just(""),
        width=st.integers(1, 30),
        flex=st.integers(0, 3),
        priority=st.integers(0, 4),
        min_width=st.integers(0, 30),
        max_width=st.integers(0, 60),
    ),
    max_size=8,
)


@given(columns, st.integers(0, 250))
def test_columns_never_take_more_than_there_is(columns: list[Column], width: int) -> None:
    places = lay_out(columns, width)
    assert sum(place.width + 1 for place in places) <= width + 1
    assert all(place.width > 0 for place in places)
    assert [place.index for place in places] == sorted({place.index for place in places})
    if places and any(columns[p.index].flex and not columns[p.index].max_width for p in places):
        assert sum(place.width + 1 for place in places) == width + 1


def rows(*sorts: object, depth: tuple[int, ...] = ()) -> list[Row]:
    depths = depth or (0,) * len(sorts)
    return [
        Row(f"{i}:{v}", (), depth=d, sort=None if v == "-" else (v,))
        for i, (v, d) in enumerate(zip(sorts, depths, strict=True))
    ]


def test_rows_sort_with_what_is_unknown_last_either_way() -> None:
    given_rows = rows(3, None, 1, "-", 2)
    assert [row.key for row in order(given_rows, 0)] == ["2:1", "4:2", "0:3", "1:None", "3:-"]
    assert [row.key for row in order(given_rows, 0, reverse=True)] == ["0:3", "4:2", "2:1", "1:None", "3:-"]


def test_children_stay_below_their_parent() -> None:
    given_rows = rows(2, 9, 8, 1, 5, depth=(0, 1, 1, 0, 1))
    assert [row.key for row in order(given_rows, 0)] == ["3:1", "4:5", "0:2", "2:8", "1:9"]


def test_numbers_and_texts_can_share_a_column() -> None:
    assert [row.key for row in order(rows("b", 2, "A"), 0)] == ["1:2", "2:A", "0:b"]


def test_capitals_matter_only_if_typed() -> None:
    small, large = condition("time"), condition("Time")
    assert small
    assert large
    assert small("TimeoutError")
    assert small("a time")
    assert large("TimeoutError")
    assert not large("a time")
    assert condition("") is None


def test_a_pattern_stands_between_slashes() -> None:
    find = matcher(r"/o\w+s/")
    assert find
    assert find("orders and Oxygens") == [(0, 6), (11, 18)]
    assert is_pattern("/orders")
    assert not is_pattern("/(")
    assert not is_pattern("/")
    assert not is_pattern("orders")
    plain = matcher("/(")
    assert plain
    assert plain("at /(x)") == [(3, 5)]


def test_patterns_that_could_run_away_are_taken_as_text() -> None:
    assert not is_pattern("/(a+)+$")
    assert not is_pattern("/((ab)*x){9,}")
    assert is_pattern("/(ab)+")
    assert is_pattern("/[(*+]+")
    assert is_pattern(r"/\(a+\)+")


def test_matches_run_over_pieces() -> None:
    find = matcher("bcd")
    assert find
    assert mark_matches([("abc", "dim"), ("def", "")], find) == [
        ("a", "dim"),
        ("bc", "dim match"),
        ("d", " match"),
        ("ef", ""),
    ]
