"""The page of a finding, with its keys."""

from __future__ import annotations

from collections.abc import Callable

from agentdash.core.findings.model import Finding
from agentdash.core.links.related import of_finding
from agentdash.core.text import printable
from tui.format import detail
from tui.screens.findings.controls import finding_controls
from tui.screens.page import PageScreen


class FindingPage(PageScreen):
    """A finding: evidence, hypothesis, recommendation; it can be acknowledged here too.

    Args:
        finding: As it is now.
        go: Leads to what a finding is about.
    """

    WHERE = "a finding"
    ACTIONS = finding_controls()

    def __init__(self, finding: Finding, go: Callable[[Finding], None]) -> None:
        super().__init__(
            ("Findings", printable(finding.finding_id)),
            lambda _store, now: detail.finding(self.about, now),
            lambda: go(self.about),
            lambda store: of_finding(store, self.about),
        )
        self._finding = finding

    @property
    def about(self) -> Finding:
        """The finding as it is now; as it was last, where it has gone."""
        self._finding = self.dash.store.finding(self._finding.symptom.fingerprint) or self._finding
        return self._finding

    @property
    def finding(self) -> Finding:
        """What its keys act on."""
        return self.about
