"""The rule on a group whose work waits while no consumer is alive: which ones died, by which signs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import redis_cli
from agentdash.core.secrets.safe_text import safe_name
from agentdash.core.streams.liveness import NO_OWNER, Liveness, liveness_of
from agentdash.core.streams.rules.case import GroupCase
from agentdash.core.streams.rules.wording import lag_text
from agentdash.core.units import age, plural

ONE_SIGN = "CLIENT LIST was not read: whether a consumer is blocked in a read is unknown"

DID_NOTHING = "it has neither tried to read nor succeeded while work was waiting"

MOST_OWNERS = 5
"""Consumers whose owners are listed."""


def dead_consumer(case: GroupCase) -> Iterator[Symptom]:
    """Work waits, and all consumers of the group are dead; one of a paused run is not dead."""
    group, consumers = case.group, case.group.consumers
    if case.of.active != 0 or not group.has_work:
        return
    if any(consumer.name in case.at.paused for consumer in consumers):
        return
    found = liveness_of(group, case.of, case.at.clients, case.at.owners, case.at.now)
    dead = sorted(found.values(), key=lambda one: -one.consumer.pending)
    gone = [one for one in dead if one.owner.alive is False]
    first = next(iter((*gone, *(one for one in dead if one.owner.alive))), None)
    summary, hypothesis, recommendation = _explain(dead, first) if consumers else _no_consumer(case)
    owned = [_with_owner(one) for one in dead if one.owner.detail]
    more = len(owned) - MOST_OWNERS
    owner = first.owner if first is not None else NO_OWNER
    yield case.symptom(
        "DEAD_CONSUMER",
        Severity.CRITICAL,
        f"{_work(case)}, {summary}",
        *owned[:MOST_OWNERS],
        *([f"… {more} more"] if more > 0 else []),
        *(_reading(case, len(gone) == len(consumers)) if consumers else ()),
        consumer=consumers[0].name if len(consumers) == 1 else None,
        service=owner.service,
        run=owner.run,
        hypothesis=hypothesis,
        recommendation=recommendation,
        see=redis_cli("XINFO", "CONSUMERS", case.at.stream.name, group.name),
        clears="It clears when a consumer reads again, or no work waits any more.",
    )


def _with_owner(one: Liveness) -> str:
    """``billing-1 (service billing): its process ended 4m12 ago, exit 1``."""
    name = safe_name(one.consumer.name)
    who = "" if one.owner.label == f"service {name}" else f" ({one.owner.label})"
    return f"{name}{who}: {one.owner.detail}"


def _no_consumer(case: GroupCase) -> tuple[str, str, str]:
    name = safe_name(case.group.name)
    return (
        "no consumer",
        "No consumer has joined the group, or the last one was deleted.",
        f"Start a consumer of group {name}; if it is not needed, destroy the group.",
    )


def _explain(dead: Sequence[Liveness], first: Liveness | None) -> tuple[str, str, str]:
    """Summary, hypothesis and recommendation.

    Args:
        dead: All consumers of the group.
        first: The one with the best known owner; None where no owner is known.
    """
    idle = age(min(one.consumer.idle_ms or 0 for one in dead))
    who = "its consumer" if len(dead) == 1 else f"all {len(dead)} consumers"
    names = ", ".join(safe_name(one.consumer.name) for one in dead[:3])
    if first is None:
        return (
            f"{who} idle for {idle}",
            f"The process has ended or hangs: {DID_NOTHING}.",
            f"Check the process of {names}; restart it, then let it claim what it left pending.",
        )
    owner = first.owner
    if owner.alive:
        return (
            f"{who} idle for {idle}",
            f"It hangs: {owner.label} is alive ({owner.detail}), but {DID_NOTHING}.",
            f"See what {owner.label} waits for (its log, its threads); {owner.restart}.",
        )
    others = "" if len(dead) == 1 else f", {who} idle"
    return (
        f"{_with_owner(first)}{others}",
        f"No consumer is left: {owner.label} has ended, and nothing has read under this name since.",
        f"{_next_step(first)}.",
    )


def _next_step(gone: Liveness) -> str:
    left = gone.consumer.pending
    claim = f"claim {_entries(left)} for a live consumer (C on the stream)" if left else ""
    if not gone.owner.start_works:
        return f"{gone.owner.start}: {claim or 'start another consumer of the group'}"
    return f"{gone.owner.start}. If it does not resume what it left, {claim}" if claim else gone.owner.start


def _entries(number: int) -> str:
    return plural(number, "pending entry", "pending entries")


def _reading(case: GroupCase, gone: bool) -> tuple[str, ...]:
    """What is known of clients that are blocked in a read.

    Args:
        case: The group.
        gone: Whether the processes of all its consumers have ended.
    """
    if (case.group.lag.value or 0) > 0:
        return ("no client is blocked in XREADGROUP for it: a blocked one wakes when something is unread",)
    clients = case.at.clients
    if clients is None or clients.why_unknown is not None:
        return () if gone else (ONE_SIGN,)
    if clients.unnamed:
        others = plural(clients.unnamed, "client")
        return (f"{others} without a consumer's name blocked in XREADGROUP, for this group or another",)
    return ("no client is blocked in XREADGROUP for it (CLIENT LIST)",)


def _work(case: GroupCase) -> str:
    parts = []
    if (case.group.lag.value or 0) > 0:
        parts.append(f"{lag_text(case.group.lag)} unread")
    if case.group.pending > 0:
        parts.append(f"{case.group.pending} pending")
    return " and ".join(parts)
