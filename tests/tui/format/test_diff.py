"""What each line of a diff is, whatever the lines of the files look like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.format.diff import DiffLine, LineKind, diff_lines

DIFF = (
    "diff --git a/src/a.py b/src/a.py",
    "index 1..2 100644",
    "--- a/src/a.py",
    "+++ b/src/a.py",
    "@@ -3,3 +3,3 @@ def f():",
    " same",
    "--- old",
    "+++ new",
    "",
    "\\ No newline at end of file",
)


def test_each_line_has_its_kind_and_its_numbers() -> None:
    assert list(diff_lines(DIFF)) == [
        DiffLine(LineKind.FILE, "src/a.py"),
        DiffLine(LineKind.HEADER, DIFF[1]),
        DiffLine(LineKind.HEADER, DIFF[2]),
        DiffLine(LineKind.HEADER, DIFF[3]),
        DiffLine(LineKind.HUNK, DIFF[4], 3, 3),
        DiffLine(LineKind.CONTEXT, " same", 3, 3),
        DiffLine(LineKind.REMOVED, "--- old", 4, None),
        DiffLine(LineKind.ADDED, "+++ new", None, 4),
        DiffLine(LineKind.CONTEXT, "", 5, 5),
        DiffLine(LineKind.NOTE, DIFF[9]),
    ]


def test_a_renamed_file_is_shown_with_both_names() -> None:
    (line,) = diff_lines(("diff --git a/x.py b/y.py",))
    assert line == DiffLine(LineKind.FILE, "a/x.py b/y.py")


@given(st.lists(st.text(max_size=30) | st.sampled_from(DIFF), max_size=20))
def test_no_line_is_lost(lines: list[str]) -> None:
    assert len(list(diff_lines(lines))) == len(lines)
