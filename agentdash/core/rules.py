"""The rules: what is wrong in the streams, as symptoms with evidence and cure; the tracker gives them a life.

Pure. CONSUMER_LAG, STUCK_MESSAGE and DEAD_CONSUMER look at one group, NO_CONSUMER_GROUP at one stream. What
is not known raises nothing. Thresholds are settings; the verdict of the window is attached, and a group
that drains makes its lag one step less severe.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings import Severity, Symptom
from agentdash.core.findings_order import merge
from agentdash.core.rules_words import forecast_words, identity, lag_words, redis_cli, snapshot_line
from agentdash.core.runs import RunsSnapshot, RunStatus
from agentdash.core.settings import StreamsSettings
from agentdash.core.streams import Group, GroupJudgement, Stream, StreamJudgement, StreamsSnapshot, Verdict
from agentdash.core.text import decode
from agentdash.core.units import age, count

__all__ = ["ANALYST", "merge", "stream_symptoms"]

ANALYST = "REDIS_STREAM_ANALYST"


def stream_symptoms(
    snapshot: StreamsSnapshot, runs: RunsSnapshot | None, settings: StreamsSettings, now: int
) -> list[Symptom]:
    """What is wrong with the streams of one judged snapshot.

    Args:
        snapshot: With its judgements; without them nothing is said.
        runs: Messages that a consumer named after a paused run (or its worker) holds wait on purpose.
        settings: The thresholds.
        now: Unix ms.
    """
    paused = frozenset(_paused(runs))
    found: list[Symptom] = []
    for stream, judged in zip(snapshot.streams, snapshot.judgements, strict=False):
        if not stream.groups:
            found += _no_group(stream, judged)
        for group in stream.groups:
            if (of := judged.group(group.name)) is None:
                continue
            found += _dead(stream, group, of, judged)
            found += _stuck(stream, group, of, judged, settings, now, paused)
            found += _lag(stream, group, of, judged, settings)
    return found


def _paused(runs: RunsSnapshot | None) -> Iterator[bytes]:
    for run in runs.runs if runs else ():
        if run.status is RunStatus.PAUSED:
            yield run.id.encode()
            if run.worker:
                yield run.worker.encode()


def _no_group(stream: Stream, judged: StreamJudgement) -> Iterator[Symptom]:
    if not judged.rate_in:
        return
    rate = f"{count(judged.rate_in)}/min"
    yield Symptom(
        fingerprint=identity("NO_CONSUMER_GROUP", stream.name),
        agent_id=ANALYST,
        category="NO_CONSUMER_GROUP",
        severity=Severity.MEDIUM,
        summary=f"{rate} come in, no group reads them",
        stream=stream.name,
        metrics=_metrics(stream, None, None, judged),
        evidence=(snapshot_line(stream), f"groups: none, incoming: {rate}"),
        hypothesis="Its consumers were never set up, read it without a group, or use another name.",
        recommendation="Create the group that is meant to read it, or stop producing into it.",
        see=redis_cli("XINFO", "GROUPS", stream.name),
        clears="It clears when a group exists, or nothing comes in any more.",
    )


def _dead(stream: Stream, group: Group, of: GroupJudgement, judged: StreamJudgement) -> Iterator[Symptom]:
    lag = group.lag.value or 0
    if of.active != 0 or (lag <= 0 and group.pending <= 0):
        return
    if not group.consumers:
        what = "no consumer"
        why = "Nobody has joined the group, or its last consumer was deleted."
        cure = f"Start a consumer of group {decode(group.name)}; if nobody needs it, destroy the group."
    else:
        names = ", ".join(decode(consumer.name) for consumer in group.consumers[:3])
        idle = min(consumer.idle_ms or 0 for consumer in group.consumers)
        what = f"silent for {age(idle)}" if len(group.consumers) == 1 else f"all silent for {age(idle)}"
        why = (
            "The process is gone or hangs: it has neither tried to read nor succeeded while work was waiting."
        )
        cure = f"Look at the process of {names}; restart it, then let it claim what it left pending."
    yield Symptom(
        fingerprint=identity("DEAD_CONSUMER", stream.name, group.name),
        agent_id=ANALYST,
        category="DEAD_CONSUMER",
        severity=Severity.CRITICAL,
        summary=f"{what}, {_work(group)}",
        stream=stream.name,
        consumer_group=group.name,
        consumer=group.consumers[0].name if len(group.consumers) == 1 else None,
        metrics=_metrics(stream, group, of, judged),
        evidence=_evidence(stream, group, of),
        hypothesis=why,
        recommendation=cure,
        see=redis_cli("XINFO", "CONSUMERS", stream.name, group.name),
        clears="It clears when a consumer reads again, or nothing waits any more.",
    )


def _stuck(
    stream: Stream,
    group: Group,
    of: GroupJudgement,
    judged: StreamJudgement,
    settings: StreamsSettings,
    now: int,
    paused: frozenset[bytes],
) -> Iterator[Symptom]:
    oldest = group.oldest_pending
    if oldest is None or of.pending_since is None or oldest.consumer in paused:
        return
    waited = now - of.pending_since
    if waited <= settings.stuck_after * 1000:
        return
    who = decode(oldest.consumer)
    times = "once" if oldest.deliveries == 1 else f"{oldest.deliveries} times"
    yield Symptom(
        fingerprint=identity("STUCK_MESSAGE", stream.name, group.name),
        agent_id=ANALYST,
        category="STUCK_MESSAGE",
        severity=Severity.HIGH,
        summary=f"pending for {age(waited)} at {who}: {oldest.id}",
        stream=stream.name,
        consumer_group=group.name,
        consumer=oldest.consumer,
        message_ids=(oldest.id,),
        metrics=(
            *_metrics(stream, group, of, judged),
            ("oldestPendingAgeMs", float(waited)),
            ("deliveryCount", float(oldest.deliveries)),
        ),
        evidence=(
            *_evidence(stream, group, of),
            f"{oldest.id}: consumer {who}, idle {oldest.idle_ms} ms, delivered {times}",
        ),
        hypothesis=(
            f"{who} took it and neither acknowledged nor gave it up: it hangs, died, or forgot XACK."
            if oldest.deliveries == 1
            else f"It was delivered {times} and never acknowledged: handling it seems to fail."
        ),
        recommendation=f"Look at {who}; acknowledge the entry if it was handled, or claim it for another.",
        see=redis_cli("XPENDING", stream.name, group.name, "-", "+", "10"),
        clears=f"It clears when its oldest entry is pending for {age(settings.stuck_after * 1000)} or less.",
    )


def _lag(
    stream: Stream, group: Group, of: GroupJudgement, judged: StreamJudgement, settings: StreamsSettings
) -> Iterator[Symptom]:
    lag = group.lag.value
    if lag is None or lag <= settings.lag_limit:
        return
    drains = of.forecast_s is not None
    yield Symptom(
        fingerprint=identity("CONSUMER_LAG", stream.name, group.name),
        agent_id=ANALYST,
        category="CONSUMER_LAG",
        severity=Severity.CRITICAL.lowered() if drains else Severity.CRITICAL,
        summary=f"{lag_words(group.lag)} behind, {forecast_words(of, judged.rate_in)}",
        stream=stream.name,
        consumer_group=group.name,
        metrics=_metrics(stream, group, of, judged),
        evidence=_evidence(stream, group, of),
        hypothesis=_why_behind(of),
        recommendation=(
            "It catches up by itself; more consumers would make it quicker."
            if drains
            else "Add consumers to the group, or make handling quicker; see what the consumers wait for."
        ),
        see=redis_cli("XINFO", "GROUPS", stream.name),
        clears=f"It clears when the group is at most {settings.lag_limit} entries behind.",
    )


def _why_behind(of: GroupJudgement) -> str:
    if of.active == 0:
        return "Nobody reads: see the dead consumer of this group."
    if of.verdict in {Verdict.STOPPED, Verdict.STALLED}:
        return (
            "The group's position stands still although work waits: its consumers hang or wait for something."
        )
    if of.forecast_s is not None:
        return "A burst, or an outage that is over: the group reads more than comes in."
    return "More comes in than the group's consumers handle."


def _work(group: Group) -> str:
    parts = []
    if (group.lag.value or 0) > 0:
        parts.append(f"{lag_words(group.lag)} unread")
    if group.pending > 0:
        parts.append(f"{group.pending} pending")
    return " and ".join(parts)


def _evidence(stream: Stream, group: Group, of: GroupJudgement) -> tuple[str, ...]:
    lag = f"lag {lag_words(group.lag)}" + (
        f" ({group.lag.grade}: {group.lag.reason})" if group.lag.reason else ""
    )
    numbers = f"{lag}, pending {group.pending}, consumers {len(group.consumers)}"
    return (
        snapshot_line(stream),
        f"group {decode(group.name)}: last-delivered-id {group.last_delivered_id}, {numbers}",
        f"verdict {of.verdict}: {of.why}",
    )


def _metrics(
    stream: Stream, group: Group | None, of: GroupJudgement | None, judged: StreamJudgement
) -> tuple[tuple[str, float], ...]:
    metrics = [("streamLen", float(stream.length))]
    if group is not None:
        metrics.append(("pendingCount", float(group.pending)))
        if group.lag.value is not None:
            metrics.append(("consumerLagMessages", float(group.lag.value)))
    rate = judged.rate_in if of is None else of.rate_out
    if rate is not None:
        metrics.append(("messagesPerMinute", round(rate, 1)))
    return tuple(metrics)
