"""How findings read in their pane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.findings import Finding, FindingsSnapshot, FindingStatus, Severity, Symptom
from tui.format.findings import listing
from tui.format.item import Row, View, rows_of

NOW = 1_732_112_345_000
SYMPTOM = Symptom("f", "WATCHER", "CATEGORY", Severity.HIGH, "")


def finding(symptom: Symptom, cause: str | None = None, *, outside: bool = False) -> Finding:
    return Finding("F-1", symptom, FindingStatus.OPEN, NOW, NOW, outside=outside, cause=cause)


def shown(*findings: Finding) -> list[Row]:
    rows, _, _ = rows_of(listing(FindingsSnapshot(NOW, "here", findings), NOW), View())
    return rows


@pytest.mark.parametrize(
    ("symptom", "outside", "text"),
    [
        ({"stream": b"s", "summary": "7/min come in"}, False, "s: 7/min come in"),
        ({"stream": b"s", "consumer_group": b"g", "summary": "9 behind"}, False, "s g: 9 behind"),
        (
            {"stream": b"s", "consumer_group": b"g", "summary": "grows for 9s, and g falls behind"},
            False,
            "s: grows for 9s, and g falls behind",
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
    assert row.cells[1].plain == text
