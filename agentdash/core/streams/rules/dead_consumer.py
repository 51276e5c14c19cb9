"""The rule on a group whose work waits while nobody is alive to do it: who died, by which signs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.links.owner_status import UNKNOWN, Life, life_of
from agentdash.core.links.owners import NOBODY, Owner
from agentdash.core.streams.judge.liveness import is_gone
from agentdash.core.streams.model import Consumer
from agentdash.core.streams.rules.case import GroupCase
from agentdash.core.streams.rules.wording import lag_text
from agentdash.core.symptom_text import redis_cli, shell_word
from agentdash.core.text import decode_name
from agentdash.core.units import age, plural

ONE_SIGN = "CLIENT LIST was not asked or may not be: whether a consumer waits in a blocking read is not known"

DID_NOTHING = "it has neither tried to read nor succeeded while work was waiting"

TOLD = 5
"""Consumers whose owners are told one by one."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A consumer, whose it is, and whether that lives."""

    consumer: Consumer
    owner: Owner = NOBODY
    life: Life = UNKNOWN

    @property
    def words(self) -> str:
        """``billing-1 (service billing): its process ended 4m12 ago, exit 1``."""
        name = decode_name(self.consumer.name)
        who = "" if self.life.who == f"service {name}" else f" ({self.life.who})"
        return f"{name}{who}: {self.life.words}"


def dead_consumer(case: GroupCase) -> Iterator[Symptom]:
    """Work waits, and no consumer of the group seems alive; a paused run is not dead."""
    group, consumers = case.group, case.group.consumers
    if case.of.active != 0 or not case.waits:
        return
    if any(consumer.name in case.at.paused for consumer in consumers):
        return
    seen = [_seen(case, consumer) for consumer in sorted(consumers, key=lambda one: -one.pending)]
    gone = [one for one in seen if one.life.lives is False]
    first = next(iter((*gone, *(one for one in seen if one.life.lives))), None)
    what, why, cure = _nobody(case) if not consumers else _words(seen, first)
    told = [one.words for one in seen if one.life.words]
    lines = [*told[:TOLD], *([f"… {len(told) - TOLD} more"] if len(told) > TOLD else [])]
    owner = first.owner if first is not None else NOBODY
    yield case.symptom(
        "DEAD_CONSUMER",
        Severity.CRITICAL,
        f"{_work(case)}, {what}",
        *lines,
        *(_reading(case, len(gone) == len(consumers)) if consumers else ()),
        consumer=consumers[0].name if len(consumers) == 1 else None,
        service=owner.service.name if owner.service is not None else None,
        run=owner.run.id if owner.run is not None else None,
        hypothesis=why,
        recommendation=cure,
        see=redis_cli("XINFO", "CONSUMERS", case.at.stream.name, group.name),
        clears="It clears when a consumer reads again, or nothing waits any more.",
    )


def _seen(case: GroupCase, consumer: Consumer) -> _Seen:
    owner = case.at.owners.of(consumer.name)
    life = life_of(owner, case.at.now)
    if life.lives is False and not is_gone(life, consumer.idle_ms or 0, case.at.now):
        return _Seen(consumer)  # somebody has read under its name since: whose it is, is not known
    return _Seen(consumer, owner, life)


def _nobody(case: GroupCase) -> tuple[str, str, str]:
    name = decode_name(case.group.name)
    return (
        "no consumer",
        "Nobody has joined the group, or its last consumer was deleted.",
        f"Start a consumer of group {name}; if nobody needs it, destroy the group.",
    )


def _words(seen: list[_Seen], first: _Seen | None) -> tuple[str, str, str]:
    """What is wrong in short, why that may be, and what to do next.

    Args:
        seen: All consumers of the group.
        first: The one whose owner tells most; None where none is known.
    """
    idle = age(min(one.consumer.idle_ms or 0 for one in seen))
    who = "its consumer" if len(seen) == 1 else f"all {len(seen)} consumers"
    names = ", ".join(decode_name(one.consumer.name) for one in seen[:3])
    if first is None:
        return (
            f"{who} silent for {idle}",
            f"The process is gone or hangs: {DID_NOTHING}.",
            f"Look at the process of {names}; restart it, then let it claim what it left pending.",
        )
    life = first.life
    if life.lives:
        return (
            f"{who} silent for {idle}",
            f"It hangs: {life.who} is alive ({life.words}), but {DID_NOTHING}.",
            f"See what {life.who} waits for (its log, its threads); {_again(first)}.",
        )
    others = "" if len(seen) == 1 else f", {who} silent"
    return (
        f"{first.words}{others}",
        f"Nobody is left to do the work: {life.who} is gone, and nothing has read under this name since.",
        f"{_next(first)}.",
    )


def _again(first: _Seen) -> str:
    if first.owner.service is not None:
        return "restart it (B in the services)"
    return "cancel the run (X) and start it again"


def _next(first: _Seen) -> str:
    """The next step for one that is gone."""
    left = first.consumer.pending
    claim = f"claim {_entries(left)} for a consumer that lives (C on the stream)" if left else ""
    run, service = first.owner.run, first.owner.service
    if run is not None and run.status.terminal:
        return f"The run does not go on: {claim or 'start another consumer of the group'}"
    if run is not None:
        again = f"agentdash run --run-id {shell_word(run.id)} -- COMMAND …"
        words = f"Take over the run: `{again}`; or mark it as failed (F)"
    elif service is not None and service.start_command is not None:
        words = f"Start {service.name} (U in the services)"
    else:
        words = f"Start {first.life.who} again"
    return f"{words}. If it does not take up what it left, {claim}" if claim else words


def _entries(number: int) -> str:
    return plural(number, "pending entry", "pending entries")


def _reading(case: GroupCase, gone: bool) -> tuple[str, ...]:
    """What is known of clients that are blocked in a read.

    Args:
        case: The group.
        gone: Whether the processes of all its consumers are known to be gone.
    """
    if (case.group.lag.value or 0) > 0:
        return ("no client is blocked in XREADGROUP for it: who waits is woken when something is unread",)
    readers = case.at.readers
    if readers is None:
        return () if gone else (ONE_SIGN,)
    if readers.unnamed:
        others = plural(readers.unnamed, "client")
        return (f"{others} without a consumer's name blocked in XREADGROUP, for this group or another",)
    return ("no client is blocked in XREADGROUP for it (CLIENT LIST)",)


def _work(case: GroupCase) -> str:
    parts = []
    if (case.group.lag.value or 0) > 0:
        parts.append(f"{lag_text(case.group.lag)} unread")
    if case.group.pending > 0:
        parts.append(f"{case.group.pending} pending")
    return " and ".join(parts)
