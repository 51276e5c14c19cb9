"""One log line in cells."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from agentdash.core.logs.model import Level, LogLine
from tests.tui.widgets.test_cells import NASTY, stream_actions
from tui.widgets.log.draw import LineDrawing, clock, line_text, service_style, shape
from tui.widgets.match import matcher

AT = 1732112345118


def line(message: str = "consumed orders", **more: object) -> LogLine:
    values: dict[str, object] = {"at": AT, "level": Level.INFO, "service": "worker", **more}
    return LogLine(source="f", offset=0, seen_at=AT + 5, message=message, **values)  # type: ignore[arg-type]


def text(parts: list[tuple[str, str]]) -> str:
    return "".join(part for part, _ in parts)


def style_of(parts: list[tuple[str, str]], wanted: str) -> str:
    return next(style for part, style in parts if part.strip() == wanted)


lines = st.builds(
    line,
    st.text(max_size=200) | st.just(NASTY),
    service=st.none() | st.text(max_size=20),
    level=st.none() | st.sampled_from(Level),
    at=st.none() | st.integers(-(10**18), 10**18),
    correlation_id=st.none() | st.text(max_size=50),
)


@given(lines, st.integers(1, 160), st.integers(0, 20), st.booleans(), st.sampled_from(["", "a", "/."]))
def test_a_row_is_exactly_as_wide(one: LogLine, width: int, followers: int, follows: bool, find: str) -> None:
    drawing = LineDrawing(shape(width), UTC, matcher(find))
    row = drawing.row(one, followers, opened=False, follows=follows)
    assert cell_len(text(row)) == sum(cell_len(part) for part, _ in row) == width
    assert not stream_actions(text(row))


@example(line("", at=None, level=None, service=None, correlation_id="⺀"), 23, 1, False)
@given(lines, st.integers(1, 160), st.integers(0, 20), st.booleans())
def test_wrapped_rows_have_the_height_and_the_width(
    one: LogLine, width: int, followers: int, follows: bool
) -> None:
    drawing = LineDrawing(shape(width), UTC)
    rows = drawing.wrapped(one, followers, opened=True, follows=follows)
    assert len(rows) == drawing.height(one, followers, opened=True, follows=follows)
    for row in rows:
        assert sum(cell_len(part) for part, _ in row) == width
        assert not stream_actions(text(row))


def test_the_columns() -> None:
    drawing = LineDrawing(shape(80), UTC)
    row = text(drawing.row(line(correlation_id="ab12"), 0, opened=False, follows=False))
    assert row.rstrip() == "14:19:05.118 worker    INFO  consumed orders corr=ab12"
    narrow = LineDrawing(shape(50), UTC)
    assert (
        text(narrow.row(line(), 0, opened=False, follows=False)).rstrip()
        == "14:19:05 worker    INFO  consumed orders"
    )
    least = LineDrawing(shape(32), UTC)
    assert (
        text(least.row(line(), 0, opened=False, follows=False)).rstrip() == "14:19:05 INFO  consumed orders"
    )


def test_how_many_lines_are_folded_is_always_seen() -> None:
    drawing = LineDrawing(shape(50), UTC)
    row = text(drawing.row(line("TimeoutError: " + "x" * 500), 14, opened=False, follows=False))
    assert row.endswith("…  ▸ 14 lines")
    assert text(drawing.row(line(), 1, opened=True, follows=False)).rstrip().endswith("▾ 1 line")


def test_loud_levels_are_loud_and_own_lines_quiet() -> None:
    drawing = LineDrawing(shape(80), UTC)

    def row(**more: object) -> list[tuple[str, str]]:
        return drawing.row(line("polled 1732112345118-0", **more), 0, opened=False, follows=False)

    assert style_of(row(level=Level.ERROR), "ERROR") == "bad bold"
    assert style_of(row(level=Level.WARN), "WARN") == "warn"
    assert style_of(row(), "1732112345118-0") == "id"
    assert style_of(row(), "worker") == service_style("worker")
    assert {style for part, style in row(service="agentdash") if part.strip()} == {"dim"}
    assert style_of(row(service="agentdash", level=Level.ERROR), "ERROR") == "bad bold"
    assert style_of(row(at=None), "14:19:05.123") == "faint"


def test_times() -> None:
    assert clock(AT, timezone(timedelta(hours=2))) == "16:19:05.118"
    assert clock(10**18, UTC) == "--:--:--.---"


def test_a_line_to_copy() -> None:
    assert line_text(line("a\x1b[2Jb", correlation_id="z"), UTC) == "14:19:05.118 worker INFO ab corr=z"
