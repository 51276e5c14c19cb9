"""Names of 100 kB: they cost each row, each sentence and each command a bounded piece, and stay distinct."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.findings.symptom_text import identity, redis_cli
from agentdash.core.secrets.safe_text import LONGEST_NAME, as_text, safe_name
from agentdash.headless.grid import Grid, columns_of, render

LONG = b"N" * 100_000


def test_one_long_cell_does_not_widen_the_other_rows() -> None:
    rows = (("N" * 100_000, "1"), *((f"s{number}", "2") for number in range(1500)))
    lines = list(render(Grid(columns_of("~STREAM | >LENGTH"), rows, "")))
    assert lines[1] == "N" * 100_000 + "  " + " " * 5 + "1"
    assert max(len(line) for line in lines[2:]) < 120
    assert sum(map(len, lines)) < 300_000


def test_cells_of_a_terminal_are_cut_as_before() -> None:
    (_, line) = render(Grid(columns_of("~STREAM | >LENGTH"), (("N" * 500, "1"),), ""), width=40)
    assert len(line) == 40


@given(st.binary(max_size=LONGEST_NAME))
def test_ordinary_names_are_whole(name: bytes) -> None:
    assert safe_name(name) == as_text(name)


@given(st.binary(min_size=1, max_size=5).map(lambda part: part * 100_000))
def test_long_names_are_short_in_words_commands_and_fingerprints(name: bytes) -> None:
    assert len(safe_name(name)) < 700
    assert len(redis_cli("XINFO", "STREAM", name)) < 2000
    assert len(identity("LAG", name, name)) < 700


def test_a_command_that_cannot_be_pasted_says_so() -> None:
    assert redis_cli("XLEN", LONG).endswith("  # incomplete: a name has 100,000 bytes")
    assert redis_cli("XLEN", LONG[:1000]) == "redis-cli XLEN " + "N" * 1000


def test_long_names_that_differ_only_in_the_middle_are_two_causes() -> None:
    other = LONG[:50_000] + b"x" + LONG[50_001:]
    assert identity("LAG", LONG) != identity("LAG", other)
    assert identity("LAG", LONG) == identity("LAG", bytes(LONG))
