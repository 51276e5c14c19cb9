"""A few of many at a time: new ones first, then those whose turn was longest ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.round_robin import OldestFirst


def test_new_ones_come_first_then_the_oldest() -> None:
    turn = OldestFirst[str]()
    assert turn.pick("abcd", 3) == ["a", "b", "c"]
    assert turn.pick("abcd", 3) == ["d", "a", "b"]
    assert turn.pick("abcde", 2) == ["e", "c"]
    assert list(turn) == ["d", "a", "b", "e", "c"]


def test_only_candidates_are_picked_and_others_are_forgotten_on_request() -> None:
    turn = OldestFirst[str]()
    turn.pick("abc", 3)
    assert turn.pick({"b", "c"}, 5) == ["b", "c"]
    turn.keep({"a", "c"})
    assert list(turn) == ["a", "c"]
    turn.discard("a")
    assert "a" not in turn
    turn.clear()
    assert turn.pick("ab", 0) == []


@given(st.integers(1, 40), st.integers(1, 9))
def test_everyone_has_a_turn_within_one_round(many: int, limit: int) -> None:
    turn = OldestFirst[int]()
    seen: set[int] = set()
    for _ in range(-(-many // limit)):
        seen |= set(turn.pick(range(many), limit))
    assert seen == set(range(many))
