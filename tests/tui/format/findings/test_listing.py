"""Findings as lines: what was put aside keeps its severity, and is put aside once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.commands import MarkFinding
from agentdash.core.findings.model import Finding, FindingStatus, InboxSnapshot, Severity
from agentdash.core.snapshot import Topic
from agentdash.runtime.analysis import Analysis
from agentdash.runtime.intake import Intake
from tests.tui import scene
from tui.format.findings.listing import COLUMNS, item
from tui.widgets.table.columns import lay_out


def finding(severity: Severity) -> Finding:
    first = scene.findings().findings[0]
    symptom = replace(first.symptom, severity=severity)
    return replace(first, symptom=symptom, status=FindingStatus.ACKNOWLEDGED)


@pytest.mark.parametrize(
    ("severity", "cause", "symptom"),
    [
        (Severity.CRITICAL, "✓ CRITICAL", "└ ✓ crit"),
        (Severity.HIGH, "✓ HIGH", "└ ✓ high"),
        (Severity.MEDIUM, "✓ MEDIUM", "└ ✓ medium"),
        (Severity.LOW, "✓ low", "└ ✓ low"),
    ],
)
def test_what_was_put_aside_keeps_its_severity(severity: Severity, cause: str, symptom: str) -> None:
    line = item(finding(severity), scene.NOW, (finding(severity),))
    for row, words in ((line.row, cause), (line.children[0].row, symptom)):
        mark, severity = row.cells[:2]
        assert f"{mark.text} {severity.text}" == words
        assert severity.style == "dim"
        assert len(severity.text) <= COLUMNS[1].width


async def test_a_second_time_it_is_said_that_it_was_put_aside() -> None:
    engine = scene.app().engine
    outside = replace(finding(Severity.HIGH), status=FindingStatus.OPEN, outside=True)
    analysis = Analysis(engine.settings, scene.HOST)
    engine.intake = Intake(engine.store, analysis, engine.clock, lambda *_: None)
    engine.intake.receive(Topic.FINDINGS, InboxSnapshot(scene.NOW, scene.HOST, (outside,)))
    mark = MarkFinding(outside.symptom.fingerprint)
    said = [(await engine.dispatch(mark)).message for _ in range(2)]
    assert said == ["acknowledged", "already acknowledged"]


def test_what_it_is_about_is_the_last_thing_to_go() -> None:
    shown = [COLUMNS[place.index].key for place in lay_out(COLUMNS, 19)]
    assert shown == ["mark", "summary"]
