"""The law of the log in view: the newest lines up to the limit, none gone before there are so many."""

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.logs import LogLine, LogRing


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=30), st.integers(1, 25))
def test_the_ring_against_a_plain_list(batches: list[tuple[int, int]], limit: int) -> None:
    ring = LogRing(limit)
    every: list[LogLine] = []
    skipped = 0
    for count, passed_over in batches:
        before = len(every)
        new = [LogLine("web", before + number, 0, "m") for number in range(count)]
        every += new
        skipped += passed_over
        ring.extend(iter(new), passed_over)
        assert list(ring) == every[-limit:]
        assert (len(ring), ring.end, ring.skipped) == (min(limit, len(every)), len(every), skipped)
        assert ring.since(before) == new[-limit:]
        numbers = range(-1, len(every) + 1)
        kept = range(max(0, len(every) - limit), len(every))
        assert [ring.line(number) for number in numbers] == [
            every[number] if number in kept else None for number in numbers
        ]
