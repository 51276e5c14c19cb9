"""Mutes: findings that stay listed, but need no attention for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agentdash.core.findings.model import Finding, FindingStatus

MAX_MUTES = 1000
SPANS = {"15m": 900_000, "1h": 3_600_000, "8h": 28_800_000, "1d": 86_400_000, "7d": 604_800_000}
"""Durations that are offered, in ms."""
ALWAYS = "always"
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_MUTABLE = {FindingStatus.OPEN, FindingStatus.WATCHING, FindingStatus.ACKNOWLEDGED}


@dataclass(frozen=True, slots=True)
class Mute:
    """A muted fingerprint.

    Attributes:
        reason: Given by a person; may be empty.
        until: Unix ms; None: until it is unmuted.
    """

    fingerprint: str
    reason: str
    until: int | None

    def holds(self, now: int) -> bool:
        """Whether it is in force at *now*, Unix ms."""
        return self.until is None or now < self.until


def span(text: str) -> tuple[int | None, str]:
    """Input such as ``8h the vendor is down`` as a duration in ms (None: always) and a reason.

    Raises:
        ValueError: where it does not begin with a duration.
    """
    word, _, reason = text.strip().partition(" ")
    if word == ALWAYS:
        return None, reason.strip()
    number, unit = word[:-1], word[-1:]
    if not number.isdecimal() or unit not in _UNITS or not 0 < int(number) <= 10_000:
        raise ValueError(f"begin with a duration: {', '.join(SPANS)} or {ALWAYS}; then the reason")
    return int(number) * _UNITS[unit], reason.strip()


def muted(findings: Iterable[Finding], mutes: Mapping[str, Mute], now: int) -> list[Finding]:
    """*findings* with the status of muted ones set; symptoms of a muted cause are muted too."""
    found = list(findings)
    muted_by = {
        finding.symptom.fingerprint: mute
        for finding in found
        if (mute := mutes.get(finding.symptom.fingerprint)) is not None and mute.holds(now)
    }
    return [_with_mute(finding, muted_by) for finding in found] if muted_by else found


def _with_mute(finding: Finding, muted_by: Mapping[str, Mute]) -> Finding:
    mute = muted_by.get(finding.symptom.fingerprint) or muted_by.get(finding.cause or "")
    if mute is None or finding.status not in _MUTABLE:
        return finding
    return replace(
        finding, status=FindingStatus.MUTED, reason=mute.reason or finding.reason, muted_until=mute.until
    )
