"""How findings read in their pane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, Severity, Symptom
from tui.format.findings.listing import COLUMNS, WIDE, listing
from tui.format.item import ListingView, Row, rows_of
from tui.widgets.table.rows import order

NOW = 1_732_112_345_000
SYMPTOM = Symptom("f", "WATCHER", "CATEGORY", Severity.HIGH, "")


CAUSES = (
    replace(SYMPTOM, fingerprint="b", severity=Severity.HIGH, service="b", summary="11 lost"),
    replace(SYMPTOM, fingerprint="a", severity=Severity.CRITICAL, service="a", summary="5 lost"),
    replace(SYMPTOM, fingerprint="c", severity=Severity.LOW, service="c", summary="7 lost"),
)
SYMPTOMS = (
    replace(SYMPTOM, fingerprint="a1", severity=Severity.MEDIUM, summary="x"),
    replace(SYMPTOM, fingerprint="a2", severity=Severity.HIGH, summary="y"),
    replace(SYMPTOM, fingerprint="a3", severity=Severity.INFO, summary="z"),
)


def finding(symptom: Symptom, cause: str | None = None, *, outside: bool = False) -> Finding:
    return Finding("F-1", symptom, FindingStatus.OPEN, NOW, NOW, outside=outside, cause=cause)


def shown(*findings: Finding) -> list[Row]:
    rows, _, _ = rows_of(listing(FindingsSnapshot(NOW, "here", findings), NOW), ListingView())
    return rows


@pytest.mark.parametrize(
    ("symptom", "outside", "text"),
    [
        ({"stream": b"s", "summary": "7/min incoming"}, False, "s: 7/min incoming"),
        ({"stream": b"s", "consumer_group": b"g", "summary": "9 behind"}, False, "s g: 9 behind"),
        (
            {"stream": b"s", "consumer_group": b"g", "summary": "growing for 9s, and g falls behind"},
            False,
            "s: growing for 9s, and g falls behind",
        ),
        ({"run": "34b1bda56a", "summary": "bump-deps: failed"}, False, "bump-deps: failed"),
        ({"repo": "/src/api", "summary": "api: 2 files not committed"}, False, "api: 2 files not committed"),
        ({"service": "api", "summary": "silent for 9s"}, False, "api: silent for 9s"),
        ({"run": "34b1bda56a", "summary": "it hangs"}, True, "34b1bda56a: it hangs"),
        ({"service": "api", "summary": "api is slow"}, True, "api is slow"),
    ],
)
def test_what_it_is_about_is_named_once(symptom: dict[str, str], outside: bool, text: str) -> None:
    (row,) = shown(finding(replace(SYMPTOM, **symptom), outside=outside))  # type: ignore[arg-type]
    assert row.cells[2].plain == text


@pytest.mark.parametrize(
    ("column", "reverse", "keys"),
    [
        ("severity", False, "a a2 a1 a3 b c"),
        ("severity", True, "c b a a3 a1 a2"),
        ("summary", False, "a a1 a2 a3 b c"),
        ("summary", True, "c b a a3 a2 a1"),
    ],
)
def test_symptoms_stay_under_their_cause_in_any_order(column: str, reverse: bool, keys: str) -> None:
    rows = shown(*map(finding, CAUSES), *(finding(symptom, "a") for symptom in SYMPTOMS))
    at = [one.key for one in WIDE].index(column)
    assert COLUMNS[at].key == column
    ordered = order(rows, at, reverse=reverse)
    assert [row.key for row in ordered] == keys.split()
    branches = [row.cells[0].plain for row in ordered if row.depth]
    assert branches == ["└"] * 3
