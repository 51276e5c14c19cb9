"""The law of the log in view: the newest lines up to the limit, none gone before there are so many."""

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.logs.model import LogLine, LogRing


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


def test_a_line_with_what_continues_it() -> None:
    def line(source: str, offset: int, continues: int | None = None) -> LogLine:
        return LogLine(source, offset, 0, f"{source}{offset}", continues=continues)

    ring = LogRing(limit=10)
    web = [line("web", 0), line("web", 40), line("web", 50, 40), line("web", 60, 40), line("web", 70)]
    db = [line("db", 40), line("db", 45, 40)]
    again = [line("web", 40), line("web", 50, 40)]  # the file began anew: offsets come again
    ring.extend([web[0], web[1], db[0], web[2], db[1], web[3], web[4], *again])
    assert ring.block(web[0]) == (web[0],)
    for one in web[1:4]:
        assert ring.block(one) == tuple(web[1:4])
    assert ring.block(db[1]) == tuple(db)
    assert ring.block(again[0]) == tuple(again)
    ring.extend([line("db", 100 + n) for n in range(3)])  # the head has gone
    assert ring.block(web[3]) == (web[2], web[3])
    assert ring.block(web[1]) == (web[1],)
