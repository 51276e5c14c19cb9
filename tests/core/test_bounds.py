"""Formats and readers are total: whatever number or time comes, there is a text or *unknown*, no fault."""

from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core import units
from agentdash.core.bounded_json import MAX_DEPTH, read_json
from agentdash.core.bounds import (
    EARLIEST_MS,
    LARGEST,
    LATEST_MS,
    OUT_OF_RANGE,
    bounded_float,
    bounded_int,
    bounded_time_ms,
    is_number,
)
from agentdash.core.clock import local_time, time_text

HUGE = [10**18, LARGEST, LARGEST + 1, 10**20, int("9" * 400), 10**4000]
FLOATS = [float("inf"), float("-inf"), float("nan"), 1.7e308, -0.0, 1e19]
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([*HUGE, *[-one for one in HUGE], *FLOATS])
    | st.integers(0, 4000).map(lambda digits: 10**digits)
)


def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


@given(numbers)
def test_every_number_has_a_text(value: float) -> None:
    for form in (units.age, units.coarse, units.count, units.size, units.percent):
        assert 0 < len(form(value)) < 32
    assert units.plural(value, "group")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [LARGEST + 1, int("9" * 400), 10**4000, *FLOATS[:4]])
def test_what_is_out_of_range_is_named(value: float) -> None:
    for form in (units.age, units.coarse, units.count, units.size, units.percent):
        assert form(value) == OUT_OF_RANGE


@given(numbers, st.none() | st.just(UTC) | st.integers(-1439, 1439).map(_zone))
def test_every_time_has_a_text(ms: float, zone: timezone | None) -> None:
    known = bounded_time_ms(ms)
    assert (time_text(ms, zone) == OUT_OF_RANGE) is (known is None)
    assert (local_time(ms, zone) is None) is (known is None)


@pytest.mark.parametrize("ms", [EARLIEST_MS, LATEST_MS, 0, -1])
@pytest.mark.parametrize("hours", [-23, 0, 23])
def test_every_zone_has_a_date_for_each_time_in_range(ms: int, hours: int) -> None:
    moment = local_time(ms, timezone(timedelta(hours=hours)))
    assert moment is not None
    assert round(moment.timestamp() * 1000) == ms


@given(st.none() | st.booleans() | numbers | st.text() | st.binary() | numbers.map(lambda n: repr(n)[:4000]))
def test_bounds_hold_whatever_comes(value: object) -> None:
    for found in (bounded_int(value), bounded_time_ms(value), bounded_float(value)):
        assert found is None or abs(found) <= 2**63
    is_number(value)


@pytest.mark.parametrize(
    "value", ["9" * 400, b"9" * 400, "-" + "9" * 30, LARGEST + 1, int("9" * 400), b"9" * 9000]
)
def test_a_number_out_of_range_is_told_from_what_is_none(value: object) -> None:
    assert bounded_int(value) is None
    assert is_number(value)
    assert not is_number(b"soon")
    assert not is_number("²")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1" * 400, "1" * 39 + "… (out of range)"),
        ("1" * 9000, "1" * 39 + "… (out of range)"),
        ("-18446744073709551616", "-18446744073709551616 (out of range)"),
        ("18446744073709551615", 2**64 - 1),
        ("1e400000000", "1e400000000 (out of range)"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ('"\\ud800"', "\ud800"),
        ('{"a": 1, "a": 2}', {"a": 2}),
        (b"\xff\xfe[\x001\x00]\x00", [1]),
    ],
)
def test_numbers_in_json_that_are_out_of_range_are_text(raw: str | bytes, value: object) -> None:
    assert read_json(raw) == value


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 500, 5000, 200_000])
def test_json_nested_too_deeply_is_refused(opening: str, levels: int) -> None:
    closing = "]" if opening == "[" else "}"
    with pytest.raises(ValueError, match="nested more than 100 levels"):
        read_json(opening * levels + "1" + closing * levels)
    assert read_json(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)


@given(st.text(alphabet='{}[]",:0123456789eE+-.naINf\\u', max_size=200) | st.binary(max_size=200))
def test_reading_json_fails_in_one_way_only(raw: str | bytes) -> None:
    try:
        value = read_json(raw)
    except ValueError:
        return
    json.dumps(value, allow_nan=False)
