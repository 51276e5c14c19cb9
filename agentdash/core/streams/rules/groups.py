"""Rules on one consumer group: how far behind it is, what it lost, who shares it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import redis_cli
from agentdash.core.secrets.safe_text import safe_name
from agentdash.core.streams.model import GroupJudgement, Verdict
from agentdash.core.streams.rules.case import GroupCase
from agentdash.core.streams.rules.wording import forecast_text, lag_text


def consumer_lag(case: GroupCase) -> Iterator[Symptom]:
    """The lag is above the limit of the settings; one step less severe while it drains."""
    lag, limit = case.group.lag.value, case.at.settings.lag_limit
    if lag is None or lag <= limit:
        return
    drains = case.of.forecast_s is not None
    yield case.symptom(
        "CONSUMER_LAG",
        Severity.CRITICAL.lowered() if drains else Severity.CRITICAL,
        f"{lag_text(case.group.lag)} behind, {forecast_text(case.of, case.at.judged.rate_in)}",
        hypothesis=_why_behind(case.of),
        recommendation=(
            "It is catching up; more consumers would be faster."
            if drains
            else "Add consumers to the group, or make handling faster; check what the consumers wait for."
        ),
        see=redis_cli("XINFO", "GROUPS", case.at.stream.name),
        clears=f"It clears when the group is at most {limit} entries behind.",
    )


def data_lost(case: GroupCase) -> Iterator[Symptom]:
    """Entries were trimmed or deleted before the group had read them."""
    if case.of.lost_since is None:
        return
    lost = {None: "entries", 1: "1 entry"}.get(case.of.lost, f"{case.of.lost} entries")
    counters = f"entries-read {case.group.entries_read}, first entry {case.at.stream.first_id}"
    yield case.symptom(
        "DATA_LOST",
        Severity.HIGH,
        f"{lost} removed before it read them",
        counters,
        numbers=(("entriesLost", float(case.of.lost)),) if case.of.lost is not None else (),
        hypothesis="The stream is trimmed (MAXLEN, MINID, XTRIM) or emptied faster than this group reads it.",
        recommendation=(
            "Removed entries cannot be read any more: get them from their producers, if they matter. "
            "Keep more entries (a higher MAXLEN), or make the group read faster."
        ),
        see=redis_cli("XINFO", "STREAM", case.at.stream.name),
        clears="It clears when no unread entries are removed for one window.",
    )


def competing_consumers(case: GroupCase) -> Iterator[Symptom]:
    """Several consumers share a group: meant for scaling, unless each should see every entry."""
    if (case.of.active or 0) < 2:
        return
    names = ", ".join(safe_name(consumer.name) for consumer in case.group.consumers[:5])
    yield case.symptom(
        "COMPETING_CONSUMERS",
        Severity.INFO,
        f"{case.of.active} consumers share its entries",
        f"consumers: {names}",
        hypothesis="Each entry goes to one of them only; the order between them is not kept.",
        recommendation="Nothing, if intended; if each should see every entry, give each its own group.",
        see=redis_cli("XINFO", "CONSUMERS", case.at.stream.name, case.group.name),
        clears="It clears when at most one consumer of the group is active.",
    )


def _why_behind(of: GroupJudgement) -> str:
    if of.active == 0:
        return "No live consumer: see the finding on dead consumers of this group."
    if of.verdict in {Verdict.STOPPED, Verdict.STALLED}:
        return (
            "The group's position is unchanged although work waits: its consumers hang or wait for something."
        )
    if of.forecast_s is not None:
        return "A burst, or a past outage: the group reads more than is added."
    return "More is added than the group's consumers handle."
