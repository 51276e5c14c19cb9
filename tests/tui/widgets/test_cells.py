"""Text in cells: exact widths, nothing that acts, gaps for what is not known."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from agentdash.core.text import printable
from tui.widgets.cells import Cell, bar, crop, cut, fit, lay, sparkline, squeeze

NASTY = "\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07 [/x] \x00 \u202eabc עברית 👨‍👩‍👧 世界 ❤️ \x9b2J e\u0301"


def stream_actions(text: str) -> bool:
    """Whether a character in *text* could act on a terminal or turn the order of what is around it."""
    return any(
        unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE"}
        for c in text
    )


@given(st.text(max_size=80), st.integers(0, 40), st.sampled_from(["left", "right"]))
@example(NASTY, 12, "left")
@example("世界", 1, "left")
@example("a\u200d", 1, "left")
@example("\ufe0f❤\ufe0f\u200d", 2, "right")
def test_fit_is_exactly_as_wide(text: str, width: int, align: str) -> None:
    fitted = fit(text, width, align)  # type: ignore[arg-type]
    assert cell_len(fitted) == width
    assert not stream_actions(fitted)


@given(
    st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["", "dim", "bad bold"])), max_size=6),
    st.integers(0, 30),
)
def test_pieces_are_exactly_as_wide_together(parts: list[tuple[str, str]], width: int) -> None:
    laid = lay(parts, width) if parts else lay([("", "")], width)
    assert sum(cell_len(text) for text, _ in laid) == width
    assert not stream_actions("".join(text for text, _ in laid))


@given(st.text(max_size=60), st.integers(0, 60))
def test_a_cut_says_so(text: str, width: int) -> None:
    text = printable(text)
    short = cut(text, width)
    assert cell_len(short) <= width
    if cell_len(text) <= width:
        assert short == text
    elif width:
        assert short.endswith("…")


def test_wide_characters_are_never_halved() -> None:
    assert crop("世界x", 3) == "世"
    assert cut("世界界", 5) == "世界…"
    assert cut("世界界", 4) == "世…"
    assert fit("世界界", 4) == "世… "
    assert fit("世", 1) == "…"


def test_sequences_become_symbols_or_nothing() -> None:
    assert printable("a\x1b[31mb\x1b]52;c;aGk=\x07c") == "abc"
    assert printable("a\x00b\nc") == "a␀b␊c"
    assert printable("[/x] [bold]") == "[/x] [bold]"


def test_pieces_keep_their_styles_when_cut() -> None:
    assert lay([("edit ", "info"), ("src/auth/token.py", "")], 10) == [("edit ", "info"), ("src/…", "")]
    assert lay([("ab", "good"), ("cd", "bad")], 4) == [("ab", "good"), ("cd", "bad")]
    assert lay([("7", "warn"), (" ms", "dim")], 6, "right") == [("  ", ""), ("7", "warn"), (" ms", "dim")]


def test_a_long_line_is_not_read_to_its_end() -> None:
    assert fit("x" * 10_000_000, 5) == "xxxx…"


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ([], 4, "    "),
        ([0, 0, 0], 3, "▁▁▁"),
        ([0, 7], 2, "▁█"),
        ([1, None, 3], 4, " ▃ █"),
        ([9, 9, 0, 3.5, 7], 3, "▁▅█"),
        ([None, None], 2, "  "),
    ],
)
def test_sparklines(values: list[float | None], width: int, drawn: str) -> None:
    assert sparkline(values, width) == drawn


def test_sparklines_between_given_ends() -> None:
    assert sparkline([50, 100, 200], 3, low=0, high=100) == "▅██"
    assert sparkline([5, 6], 2, low=None) == "▁█"


def test_squeezing_keeps_the_peaks() -> None:
    assert squeeze([1, 9, 2, None, None, None], 3) == [9, 2, None]
    assert squeeze([1, 2], 3) == [1, 2]


@pytest.mark.parametrize(
    ("fraction", "drawn"),
    [(0, "····"), (0.5, "██··"), (0.4, "█▋··"), (1, "████"), (7, "████"), (None, "    ")],
)
def test_bars(fraction: float | None, drawn: str) -> None:
    assert bar(fraction, 4).plain == drawn


def test_a_cell_is_one_piece_or_several() -> None:
    assert Cell("a", "dim").parts == (("a", "dim"),)
    assert Cell(spans=(("a", "dim"), ("b", ""))).plain == "ab"
