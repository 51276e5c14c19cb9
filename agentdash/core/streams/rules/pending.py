"""Rules on the pending entries of a group. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import redis_cli
from agentdash.core.secrets.safe_text import safe_name
from agentdash.core.streams.lag import position
from agentdash.core.streams.model import Stream
from agentdash.core.streams.rules.case import GroupCase
from agentdash.core.units import age, count


def stuck_message(case: GroupCase) -> Iterator[Symptom]:
    """The oldest entry is pending for longer than the settings allow, and not at a paused run."""
    oldest, since, limit = case.group.oldest_pending, case.of.pending_since, case.at.settings.stuck_after
    if oldest is None or since is None or oldest.consumer in case.at.paused:
        return
    waited = case.at.now - since
    if waited <= limit * 1000:
        return
    who = safe_name(oldest.consumer)
    times = "once" if oldest.deliveries == 1 else f"{oldest.deliveries} times"
    gone = data_is_gone(case.at.stream, oldest.id)
    if gone:
        why = "Its data was deleted or trimmed while it was pending: it cannot be handled any more."
        cure = "Acknowledge it (XACK): nothing else is possible."
    else:
        cure = f"Check {who}; acknowledge the entry if it was handled, or claim it for another consumer."
        why = (
            f"{who} read it and never acknowledged it: it hangs, died, or forgot XACK."
            if oldest.deliveries == 1
            else f"It was delivered {times} and never acknowledged: handling it seems to fail."
        )
    yield case.symptom(
        "STUCK_MESSAGE",
        Severity.HIGH,
        f"pending for {age(waited)} at {who}: {oldest.id}" + (", data gone" if gone else ""),
        f"{oldest.id}: consumer {who}, idle {oldest.idle_ms} ms, delivered {times}",
        numbers=(("oldestPendingAgeMs", float(waited)), ("deliveryCount", float(oldest.deliveries))),
        consumer=oldest.consumer,
        message_ids=(oldest.id,),
        hypothesis=why,
        recommendation=cure,
        see=redis_cli("XPENDING", case.at.stream.name, case.group.name, "-", "+", "10"),
        clears=f"It clears when its oldest entry is pending for {age(limit * 1000)} or less.",
    )


def delivery_failure(case: GroupCase) -> Iterator[Symptom]:
    """A pending entry was delivered more often than the settings allow: often a poison message."""
    worst, limit = case.group.worst, case.at.settings.delivery_limit
    if worst is None or worst.deliveries <= limit:
        return
    rate = case.of.redelivered
    storm = f", {count(rate)}/min now" if rate else ""
    line = f"{worst.id}: consumer {safe_name(worst.consumer)}, delivered {worst.deliveries} times"
    yield case.symptom(
        "DELIVERY_FAILURE",
        Severity.HIGH,
        f"delivered {worst.deliveries} times{storm}: {worst.id}",
        line if rate is None else f"{line}, {count(rate)} times a minute while sampled",
        numbers=(("deliveryCount", float(worst.deliveries)),),
        consumer=worst.consumer,
        message_ids=(worst.id,),
        hypothesis=(
            "Handling it fails each time, and is retried."
            if rate
            else "Handling it failed repeatedly; or a consumer reads its own history at each restart."
        ),
        recommendation=(
            "Read the entry and the consumer's log. Copy it to a dead-letter stream and acknowledge it, "
            "so that it does not block the others."
        ),
        see=redis_cli("XRANGE", case.at.stream.name, worst.id, worst.id),
        clears=f"It clears when no pending entry was delivered more than {limit} times.",
    )


def missing_ack(case: GroupCase) -> Iterator[Symptom]:
    """The number of pending entries rises while the stream does not grow: read, never acknowledged."""
    rises, settings = case.of.pending_rises_s, case.at.settings
    if rises < settings.grow_after or case.at.judged.grows_s > 0:
        return
    yield case.symptom(
        "MISSING_ACK",
        Severity.HIGH,
        f"{case.group.pending} pending and not acknowledged, rising for {age(rises * 1000)}",
        f"pending rose for {rises:.0f} s and never fell; length {case.at.stream.length}, not growing",
        hypothesis="Consumers read entries and do not acknowledge them: XACK is missing or late.",
        recommendation="Check that the handlers call XACK after their work, with the right group and id.",
        see=redis_cli("XPENDING", case.at.stream.name, case.group.name),
        clears="It clears when the number of pending entries falls or stays the same.",
    )


def data_is_gone(stream: Stream, entry_id: str) -> bool:
    """Whether an entry certainly no longer exists: it is before the first one, or the stream is empty."""
    if stream.length <= 0:
        return True
    at, first = position(entry_id), position(stream.first_id)
    return at is not None and first is not None and at < first
