"""One `printable` for every output: nothing in text from outside acts, hides, or piles up."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agentdash.cli.root import root
from agentdash.core.text import MOST_MARKS, printable, printable_lines

ACTS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_no_character_that_acts_or_hides_is_kept() -> None:
    kept = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ACTS and printable(chr(code)) == chr(code)
    ]
    assert kept == []


@pytest.mark.parametrize(
    "code",
    [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0xE0000, 0xE0080), 0x115F, 0x3164, 0xFFA0],
)
def test_nothing_without_a_width_is_kept(code: int) -> None:
    assert chr(code) not in printable(f"a{chr(code)}b")


def test_combining_marks_do_not_pile_up() -> None:
    marks = [code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)) in {"Mn", "Me"}]
    for code in marks:
        assert len(printable("a" + chr(code) * 60)) <= 1 + MOST_MARKS
    mixed = "a" + "".join(map(chr, marks[:60])) + "b"
    assert len(printable(mixed)) <= 2 + MOST_MARKS


@pytest.mark.parametrize(
    "text",
    [
        "Grüße",
        "Привет",
        "日本語テキスト",
        "Việt Nam",
        "naïve e\u0301",
        "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
        "\u0e01\u0e47\u0e14\u0e35",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "▁▂█ ✓ ● 🚀",
        "Ελληνικά",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


@given(st.text())
def test_a_second_time_changes_nothing(text: str) -> None:
    once = printable(text)
    assert printable(once) == once
    assert not any(unicodedata.category(character) in ACTS for character in once)
    once.encode()


def test_lines_stay_lines() -> None:
    assert printable_lines("a\n\u202eb\r\nc\u2028d") == "a\n�b␍\nc�d"


def test_paths_are_printed_without_what_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENTDASH_CONFIG", str(tmp_path / "a\x1b[31m\u202eb\U000e0041.toml"))
    (tmp_path / "a\x1b[31m\u202eb\U000e0041.toml").write_text("")
    said = CliRunner().invoke(root, ["config", "path"], standalone_mode=False)
    assert said.exit_code == 0, said.output
    assert "a�b�.toml" in said.output
    assert printable_lines(said.output) == said.output
