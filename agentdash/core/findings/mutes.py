"""What a person muted: a finding that stays known, but asks for no attention for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agentdash.core.findings.model import Finding, FindingStatus

MOST = 1000
SPANS = {"15m": 900_000, "1h": 3_600_000, "8h": 28_800_000, "1d": 86_400_000, "7d": 604_800_000}
"""What is offered, in ms."""
ALWAYS = "always"
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_QUIET = {FindingStatus.OPEN, FindingStatus.WATCHING, FindingStatus.ACKNOWLEDGED}


@dataclass(frozen=True, slots=True)
class Mute:
    """One fingerprint that is muted.

    Attributes:
        reason: In a person's words; may be empty.
        until: Unix ms; None: until it is unmuted.
    """

    fingerprint: str
    reason: str
    until: int | None

    def holds(self, now: int) -> bool:
        """Whether it is in force at *now*, Unix ms."""
        return self.until is None or now < self.until


def span(text: str) -> tuple[int | None, str]:
    """What a person typed, ``8h the vendor is down``, as a time in ms (None: always) and a reason.

    Raises:
        ValueError: where it does not begin with a time, in words for that person.
    """
    word, _, reason = text.strip().partition(" ")
    if word == ALWAYS:
        return None, reason.strip()
    number, unit = word[:-1], word[-1:]
    if not number.isdecimal() or unit not in _UNITS or not 0 < int(number) <= 10_000:
        raise ValueError(f"begin with a time: {', '.join(SPANS)} or {ALWAYS}; then say why")
    return int(number) * _UNITS[unit], reason.strip()


def muted(findings: Iterable[Finding], mutes: Mapping[str, Mute], now: int) -> list[Finding]:
    """*findings*, those that are muted marked so; a symptom is as quiet as the cause that explains it."""
    found = list(findings)
    quiet = {
        finding.symptom.fingerprint: mute
        for finding in found
        if (mute := mutes.get(finding.symptom.fingerprint)) is not None and mute.holds(now)
    }
    return [_as_muted(finding, quiet) for finding in found] if quiet else found


def _as_muted(finding: Finding, quiet: Mapping[str, Mute]) -> Finding:
    mute = quiet.get(finding.symptom.fingerprint) or quiet.get(finding.cause or "")
    if mute is None or finding.status not in _QUIET:
        return finding
    return replace(
        finding, status=FindingStatus.MUTED, reason=mute.reason or finding.reason, muted_until=mute.until
    )
