"""Ids and their neighbours; what a person may type to name a place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.streams.ids import after, before, parse_position
from agentdash.core.streams.model import id_parts

NOW = 1_732_112_345_000  # 2024-11-20 14:19:05 UTC
number = st.integers(0, 2**64 - 1)


@given(number, number)
def test_neighbours(ms: int, seq: int) -> None:
    entry_id = f"{ms}-{seq}"
    above, below = after(entry_id), before(entry_id)
    if above is not None:
        assert before(above) == entry_id
        assert id_parts(above) > id_parts(entry_id)
    else:
        assert (ms, seq) == (2**64 - 1, 2**64 - 1)
    if below is not None:
        assert after(below) == entry_id
    else:
        assert (ms, seq) == (0, 0)


def at(*parts: int) -> str:
    return f"{int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)}-0"  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "entry_id"),
    [
        ("1732112345118-3", "1732112345118-3"),
        (" 1732112345118 ", "1732112345118-0"),
        ("5", "5-0"),
        ("14:05", at(2024, 11, 20, 14, 5)),
        ("14:05:30", at(2024, 11, 20, 14, 5, 30)),
        ("23:05", at(2024, 11, 19, 23, 5)),
        ("2h", f"{NOW - 7_200_000}-0"),
        ("90s ago", f"{NOW - 90_000}-0"),
        ("1.5d", f"{NOW - 129_600_000}-0"),
        ("99999999d", "0-0"),
        ("2024-11-19", at(2024, 11, 19)),
        ("2024-11-19 8:30", at(2024, 11, 19, 8, 30)),
        ("2024-11-19T08:30:00Z", at(2024, 11, 19, 8, 30)),
        ("2024-11-19T08:30:00+01:00", at(2024, 11, 19, 7, 30)),
        ("first", "-"),
        ("Last", "+"),
    ],
)
def test_places(text: str, entry_id: str) -> None:
    assert parse_position(text, NOW, UTC) == entry_id


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "14:61", "2024-13-01", "5-x", "99999999999999999999999"]
)
def test_what_names_no_place_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"no entry|no time|64 bits"):
        parse_position(text, NOW, UTC)


@given(st.text(max_size=40))
def test_whatever_is_typed_gives_an_id_or_words(text: str) -> None:
    try:
        entry_id = parse_position(text, NOW, UTC)
    except ValueError:
        return
    if entry_id not in {"-", "+"}:
        id_parts(entry_id)
