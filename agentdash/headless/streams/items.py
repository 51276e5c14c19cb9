"""Streams, their groups and consumers as items of the ``streams`` view."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.streams.model import (
    Consumer,
    Group,
    GroupJudgement,
    OldestPending,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    id_age_ms,
)
from agentdash.core.text import printable
from agentdash.headless.names import named


def stream_items(snapshot: StreamsSnapshot) -> Iterator[dict[str, object]]:
    """One item a stream; ages are as of when the snapshot was taken."""
    for stream, judgement in snapshot.judged:
        yield _stream(stream, judgement, snapshot.taken_at)


def _stream(stream: Stream, judgement: StreamJudgement, taken_at: int) -> dict[str, object]:
    return {
        **named("name", stream.name),
        "length": stream.length,
        "firstId": stream.first_id,
        "lastId": stream.last_id,
        "entriesAdded": stream.entries_added,
        "maxDeletedId": stream.max_deleted_id,
        "memoryBytes": stream.memory_bytes,
        "ratePerMin": judgement.rate_in,
        "cap": judgement.cap.value,
        "fields": None if stream.fields is None else [printable(name) for name in stream.fields],
        "producers": [printable(name) for name in stream.producers] or None,
        "status": judgement.status,
        "sampled": stream.sampled,
        "groupsKnown": stream.groups_known,
        "groups": [_group(group, judgement.group(group.name), taken_at) for group in stream.groups],
        "error": stream.error,
    }


def _group(group: Group, judgement: GroupJudgement | None, taken_at: int) -> dict[str, object]:
    return {
        **named("name", group.name),
        "pending": group.pending,
        "lag": {"value": group.lag.value, "grade": group.lag.grade.value, "reason": group.lag.reason},
        "lastDeliveredId": group.last_delivered_id,
        "entriesRead": group.entries_read,
        "verdict": judgement.verdict.value if judgement else None,
        "verdictSince": judgement.since if judgement else None,
        "why": judgement.why or None if judgement else None,
        "drainPerMin": judgement.rate_out if judgement else None,
        "forecastSeconds": judgement.forecast_s if judgement else None,
        "activeConsumers": judgement.active if judgement else None,
        "oldestPending": _oldest(group.oldest_pending, taken_at),
        "consumersKnown": group.consumers_known,
        "consumers": [_consumer(consumer) for consumer in group.consumers],
    }


def _oldest(entry: OldestPending | None, taken_at: int) -> dict[str, object] | None:
    if entry is None:
        return None
    return {
        "id": entry.id,
        **named("consumer", entry.consumer),
        "idleMs": entry.idle_ms,
        "entryAgeMs": id_age_ms(entry.id, taken_at),
        "deliveries": entry.deliveries,
    }


def _consumer(consumer: Consumer) -> dict[str, object]:
    return {
        **named("name", consumer.name),
        "pending": consumer.pending,
        "idleMs": consumer.idle_ms,
        "inactiveMs": consumer.inactive_ms,
    }
