"""The window on a stream: contiguous, in order and bounded, whichever way one goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.streams.entry_window import EntryWindow, size
from agentdash.core.streams.model import Message, id_parts
from agentdash.core.streams.queries import EntriesFrom, EntryPage

STREAM = [Message(f"{n}-0", ((b"n", b"x" * (n % 40)),)) for n in range(1, 301)]


def read(query: EntriesFrom | None) -> EntryPage:
    """What a server with `STREAM` answers."""
    assert query is not None
    ordered = list(reversed(STREAM)) if query.older else STREAM
    if query.start is not None:
        edge = id_parts(query.start)
        ordered = [m for m in ordered if (id_parts(m.id) <= edge if query.older else id_parts(m.id) >= edge)]
    found = ordered[: query.count]
    return EntryPage(tuple(found), more=len(found) == query.count)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=40), st.integers(10, 100))
def test_moving_about(steps: list[tuple[bool, int]], most: int) -> None:
    window = EntryWindow(b"s", entries=most)
    window.add_older(read(window.older_query(20)))
    for older, count in steps:
        if older and (asked := window.older_query(count)):
            window.add_older(read(asked))
        elif not older:
            window.add_newer(read(window.newer_query(count)))
        numbers = [id_parts(entry.id)[0] for entry in window]
        assert numbers == list(range(numbers[0], numbers[-1] - 1, -1)), "newest first, without gaps"
        assert len(numbers) <= max(most, 60)
        assert window.at_oldest <= (numbers[-1] == 1)
        assert window._bytes == sum(map(size, window))


def test_large_entries_are_bounded_by_bytes() -> None:
    window = EntryWindow(b"s", most_bytes=10_000)
    for n in range(100, 0, -10):
        entries = tuple(Message(f"{n - i}-0", ((b"n", b"x" * 900),)) for i in range(10))
        window.add_older(EntryPage(entries, more=True))
    assert sum(map(size, window)) <= 10_000
    assert not window.at_newest


def test_the_end_and_an_empty_stream() -> None:
    window = EntryWindow(b"s")
    window.add_older(EntryPage((), more=False))
    assert window.older_query(10) is None
    newer = window.newer_query(10)
    assert newer is not None
    assert newer.start is None
    window.add_newer(EntryPage((Message("1-0", ()),), more=False))
    assert window.at_newest
    assert window.newest == window.oldest == "1-0"
