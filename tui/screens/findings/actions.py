"""Acknowledges, mutes and unmutes findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.commands import FindingCommand, MarkFinding, MuteFinding, UnmuteFinding
from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.findings.mutes import ALWAYS, SPANS, span
from agentdash.core.text import printable
from tui.format.findings.listing import subject_of
from tui.screens.dialogs.prompt import Prompt
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash

ABOUT = "Duration and reason: 8h the vendor is down. It stays listed with its symptoms, without alerts."


async def acknowledge(dash: Dash, finding: Finding) -> None:
    """Acknowledge it until it is resolved."""
    await dash.mark(MarkFinding(finding.symptom.fingerprint))


def mute(dash: Dash, finding: Finding) -> None:
    """Prompt for duration and reason, and mute it; unmute it if it is muted."""
    fingerprint = finding.symptom.fingerprint
    if finding.status is FindingStatus.MUTED:
        _send(dash, UnmuteFinding(finding.cause or fingerprint))
        return

    def check(text: str) -> str | None:
        try:
            span(text)
        except ValueError as problem:
            return str(problem)
        return None

    def take(text: str | None) -> None:
        if text is not None:
            _send(dash, MuteFinding(fingerprint, *span(text)))

    about = subject_of(finding)
    what = f"{about}: {printable(finding.symptom.summary)}" if about else printable(finding.symptom.summary)
    lines = [Para.of(what, "bold"), Para.of(ABOUT, "dim")]
    choices = (*SPANS, ALWAYS)
    asked = Prompt("Mute a finding", lines, value="1h", choices=choices, check=check, extend=True)
    dash.push_screen(asked, take)


def _send(dash: Dash, command: FindingCommand) -> None:
    dash.run_worker(dash.mark(command), name="mark finding", group="commands")
