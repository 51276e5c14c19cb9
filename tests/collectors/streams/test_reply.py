"""The reader of replies: both protocols give the same, and nothing malformed gets through or crashes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.streams.lag import Extent
from agentdash.core.streams.model import LagGrade
from collectors.streams.replies import layout as streams_layout
from collectors.streams.replies.full import (
    BadReplyError,
    _named_full,
    entry,
    parse_full,
    parse_pair,
    pending_line,
)

NOW = 1_732_112_345_000
counts = st.integers(0, 10**9)
names = st.binary(max_size=20)
ids = st.builds(lambda ms, seq: f"{ms}-{seq}".encode(), st.integers(0, 2**63), st.integers(0, 2**63))
moments = st.integers(NOW - 10**9, NOW + 5000)
consumers = st.fixed_dictionaries(
    {b"name": names, b"seen-time": moments, b"pel-count": counts, b"pending": st.just([])},
    optional={b"active-time": st.one_of(st.just(-1), moments)},
)
groups = st.fixed_dictionaries(
    {
        b"name": names,
        b"last-delivered-id": ids,
        b"pel-count": counts,
        b"pending": st.lists(st.tuples(ids, names, moments, counts).map(list), max_size=1),
        b"consumers": st.lists(consumers, max_size=3),
    },
    optional={
        b"entries-read": st.one_of(st.none(), counts),
        b"lag": st.one_of(st.none(), st.integers(-(10**6), 10**9)),
    },
)
streams = st.fixed_dictionaries(
    {
        b"length": counts,
        b"last-generated-id": ids,
        b"entries": st.lists(st.tuples(ids, st.lists(names, max_size=4)).map(list), max_size=1),
        b"groups": st.lists(groups, max_size=3),
    },
    optional={b"entries-added": counts, b"max-deleted-entry-id": ids, b"field-of-the-future": st.text()},
)


def in_order(parts: dict[bytes, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[bytes, Any]]:
    return st.fixed_dictionaries(parts).map(lambda made: {name: made[name] for name in parts})


ordered_consumers = in_order(
    {
        b"name": names,
        b"seen-time": moments,
        b"active-time": st.one_of(st.just(-1), moments),
        b"pel-count": counts,
        b"pending": st.just([]),
    }
)
ordered_groups = in_order(
    {
        b"name": names,
        b"last-delivered-id": ids,
        b"entries-read": st.one_of(st.none(), counts),
        b"lag": st.one_of(st.none(), st.integers(-(10**6), 10**9)),
        b"pel-count": counts,
        b"pending": st.lists(st.tuples(ids, names, moments, counts).map(list), max_size=1),
        b"consumers": st.lists(ordered_consumers, max_size=3),
    }
)
ordered_streams = in_order(
    {
        b"length": counts,
        b"radix-tree-keys": counts,
        b"radix-tree-nodes": counts,
        b"last-generated-id": ids,
        b"max-deleted-entry-id": ids,
        b"entries-added": counts,
        b"recorded-first-entry-id": ids,
        b"entries": st.lists(st.tuples(ids, st.lists(names, max_size=4)).map(list), max_size=1),
        b"groups": st.lists(ordered_groups, max_size=3),
    }
)
"""As servers since 7.2 write them, in their order."""
anything = st.recursive(
    st.one_of(st.none(), st.integers(), names, st.text(max_size=5), st.booleans(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(names, inner, max_size=4)),
    max_leaves=20,
)


def flat(value: Any) -> Any:
    """The RESP2 form of a reply: maps as lists of names and values."""
    if isinstance(value, dict):
        return [part for name, inner in value.items() for part in (name, flat(inner))]
    return [flat(part) for part in value] if isinstance(value, list) else value


@given(streams)
def test_both_protocols_give_the_same(reply: dict[bytes, Any]) -> None:
    stream = parse_full(b"k", reply, NOW)
    assert stream == parse_full(b"k", flat(reply), NOW)
    assert stream.length == reply[b"length"]
    assert [group.name for group in stream.groups] == [of[b"name"] for of in reply[b"groups"]]
    for group in stream.groups:
        assert (group.lag.value is None) == (group.lag.grade is LagGrade.UNKNOWN)
        assert group.lag.value is None or 0 <= group.lag.value <= stream.length
        assert all(consumer.idle_ms is None or consumer.idle_ms >= 0 for consumer in group.consumers)


@given(ordered_streams)
def test_reading_by_order_gives_what_reading_by_names_gives(reply: dict[bytes, Any]) -> None:
    by_order = streams_layout.read_full(b"k", flat(reply), NOW)
    assert by_order is not None
    assert by_order == parse_full(b"k", reply, NOW), "a map is read by its names"


@given(ordered_streams, st.data())
def test_what_reading_by_names_understands_is_not_misread_by_order(
    reply: dict[bytes, Any], data: st.DataObject
) -> None:
    damaged = flat(reply)
    at = damaged
    while data.draw(st.booleans()) and (lists := [part for part in at if isinstance(part, list) and part]):
        at = data.draw(st.sampled_from(lists))
    at[data.draw(st.integers(0, len(at) - 1))] = data.draw(anything)
    by_order = streams_layout.read_full(b"k", damaged, NOW)
    try:
        by_names = _named_full(b"k", damaged, NOW)
    except BadReplyError:
        return
    assert by_order is None or by_order == by_names


@given(anything)
def test_anything_else_is_refused_in_one_way(reply: Any) -> None:
    for read in (
        lambda: parse_full(b"k", reply, NOW),
        lambda: parse_pair(b"k", reply, reply, (), ()),
        lambda: pending_line(reply),
        lambda: entry(reply),
    ):
        try:
            read()
        except BadReplyError:
            continue


@given(streams, st.data())
def test_a_damaged_reply_is_refused_in_one_way(reply: dict[bytes, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(reply)))
    damaged = {**reply, name: data.draw(anything)}
    try:
        parse_full(b"k", damaged, NOW)
    except BadReplyError:
        return


@given(
    length=st.integers(1, 30),
    read=st.integers(0, 30),
    gone=st.sets(st.integers(0, 29)),
    reported=st.one_of(st.none(), st.integers(-50, 60)),
    counted=st.booleans(),
)
def test_lag_never_contradicts_the_entries(
    length: int, read: int, gone: set[int], reported: int | None, counted: bool
) -> None:
    """Against a stream known entry by entry: what ids prove is exact, all else is possible."""
    added = list(range(1, length + 1))
    there = [number for number in added if number - 1 not in gone]
    read = min(read, length)
    deleted = max((number for number in added if number - 1 in gone), default=0)
    first = f"{there[0]}-0" if there else None
    extent = Extent(len(there), first, f"{length}-0", f"{deleted}-0", length)
    true = sum(number > read for number in there)
    lag = extent.lag(f"{read}-0", read if counted else None, reported)
    if lag.value is not None:
        assert 0 <= lag.value <= len(there)
    if true in {0, len(there)} and (not there or read < there[0] or read >= length):
        assert lag.value == true
        assert lag.grade is LagGrade.EXACT
    if lag.grade is LagGrade.ESTIMATED:
        assert counted
        assert lag.value is not None
        assert lag.value >= true
    if lag.grade is not LagGrade.EXACT:
        assert lag.reason


def test_a_missing_lag_says_so() -> None:
    lag = Extent(9, "1-0", "9-0", None, None).lag("4-0", None, None, has_field=False)
    assert lag.value is None
    assert "7.0" in (lag.reason or "")


@pytest.mark.parametrize("reported", [-3, 9, 100])
def test_an_impossible_lag_is_not_believed(reported: int) -> None:
    lag = Extent(9, "1-0", "9-0", "0-0", 9).lag("4-0", 4, reported)
    assert lag.grade is LagGrade.ESTIMATED
    assert lag.value == 5
    assert str(reported) in (lag.reason or "")
