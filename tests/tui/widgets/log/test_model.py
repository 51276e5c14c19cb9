"""The rows of a log view without a screen."""

from __future__ import annotations

from agentdash.core.logs.model import Level, LogRing
from tests.tui.widgets.log.test_view import line, lines, trace
from tui.widgets.log.index import LogFilter
from tui.widgets.log.model import LogViewModel


def model(count: int, page: int = 5, limit: int = 5000) -> LogViewModel:
    ring = LogRing(limit)
    made = LogViewModel(ring)
    made.page = page
    ring.extend(lines(range(count)))
    made.feed()
    return made


def page(made: LogViewModel) -> list[int]:
    return [spot.number for spot, _ in made.visible()]


def test_it_follows_the_newest_line() -> None:
    made = model(20)
    assert page(made) == [15, 16, 17, 18, 19]
    made.ring.extend(lines(range(20, 23)))
    assert made.feed()
    assert not made.feed()
    assert page(made) == [18, 19, 20, 21, 22]
    assert made.current is not None
    assert made.current.message == "line 22"


def test_paused_it_stays_and_counts() -> None:
    made = model(20, limit=20)
    assert made.pause()
    made.ring.extend(lines(range(20, 30)))
    made.feed()
    assert (page(made), made.unseen, made.dropped, made.cursor) == ([15, 16, 17, 18, 19], 10, 0, 19)
    made.ring.extend(lines(range(30, 38)))
    made.feed()
    assert (made.unseen, made.dropped, made.banner) == (18, 3, 1)
    assert page(made) == [-1, 18, 19, 20, 21]
    made.follow()
    assert (page(made), made.unseen, made.dropped, made.cursor) == ([33, 34, 35, 36, 37], 0, 0, None)


def test_scrolling_to_the_end_follows() -> None:
    made = model(20)
    made.scroll_to(3)
    assert (made.following, page(made)) == (False, [3, 4, 5, 6, 7])
    made.scroll_to(15)
    assert made.following


def test_the_cursor_survives_a_filter() -> None:
    made = model(20)
    made.move_to(9)
    made.set_filter(LogFilter("line 1"))
    made.place()
    assert made.cursor == 10


def test_seek_wraps_around_and_unfolds() -> None:
    made = model(3)
    made.ring.extend(trace(3, 2))
    made.feed()
    assert made.seek(lambda one: one.level is Level.ERROR, -1) == (True, False)
    assert made.cursor == 3
    assert made.seek(lambda one: one.message == "at frame 1", 1) == (True, False)
    assert (made.cursor, made.rows) == (5, 6)
    assert made.seek(lambda one: one.message == "line 0", 1) == (True, True)
    assert made.seek(lambda one: False, 1) == (False, False)


def test_an_empty_ring_has_no_cursor() -> None:
    made = model(0)
    made.move_rows(-1)
    made.fold()
    made.move_to_first()
    assert (made.cursor, page(made), made.current) == (None, [], None)
    made.ring.extend([line(0)])
    made.feed()
    assert made.current is not None
