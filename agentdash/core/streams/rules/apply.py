"""Applies the rules on streams and groups: symptoms with evidence and recommendation, for a tracker. Pure.

What is unknown raises nothing. Thresholds are settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.order import merge
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.liveness import OwnerLookup, no_owner
from agentdash.core.streams.mentions import Mention
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.core.streams.rules import (
    groups as rules_groups,
)
from agentdash.core.streams.rules import (
    pending as rules_pending,
)
from agentdash.core.streams.rules import (
    whole_stream as rules_streams,
)
from agentdash.core.streams.rules.case import ANALYST, GroupCase, StreamCase
from agentdash.core.streams.rules.dead_consumer import dead_consumer

__all__ = ["ANALYST", "merge", "stream_symptoms", "watched_since"]

MOST = 2000

OF_STREAMS = (
    (rules_streams.stream_growing, Severity.HIGH),
    (rules_streams.no_consumer_group, Severity.MEDIUM),
    (rules_streams.unbounded_stream, Severity.MEDIUM),
    (rules_streams.schema_inconsistency, Severity.LOW),
    (rules_streams.orphaned_stream, Severity.LOW),
)
OF_GROUPS = (
    (dead_consumer, Severity.CRITICAL),
    (rules_groups.consumer_lag, Severity.CRITICAL),
    (rules_pending.stuck_message, Severity.HIGH),
    (rules_pending.delivery_failure, Severity.HIGH),
    (rules_pending.missing_ack, Severity.HIGH),
    (rules_groups.data_lost, Severity.HIGH),
    (rules_groups.competing_consumers, Severity.INFO),
)
"""Each rule, with the worst severity it reports."""


def stream_symptoms(
    snapshot: StreamsSnapshot,
    settings: StreamsSettings,
    now: int,
    *,
    paused: frozenset[bytes] = frozenset(),
    owners: OwnerLookup = no_owner,
    mentions: Mapping[bytes, Mention] | None = None,
) -> list[Symptom]:
    """The symptoms of one judged snapshot.

    Args:
        snapshot: With its judgements; without them there are no symptoms.
        settings: The thresholds.
        now: Unix ms.
        paused: Names of consumers that are paused: their pending entries may wait.
        owners: Finds the process or run that a consumer belongs to, as for the judgements.
        mentions: See `StreamCase.mentions`.

    Returns:
        At most `MOST`; where there are more, the least severe are left out.
    """
    streams: list[StreamCase] = []
    groups: list[GroupCase] = []
    for stream, judged in zip(snapshot.streams, snapshot.judgements, strict=False):
        case = StreamCase(stream, judged, settings, now, paused, snapshot.clients, owners, mentions)
        streams.append(case)
        of = dict(judged.groups)
        groups += [GroupCase(case, group, of[group.name]) for group in stream.groups if group.name in of]
    return list(islice(_worst_first(streams, groups), MOST))


def _worst_first(streams: list[StreamCase], groups: list[GroupCase]) -> Iterator[Symptom]:
    """All symptoms, lazily: no text is written for those that are not kept."""
    for severity in Severity:
        for of_group in (rule for rule, worst in OF_GROUPS if worst is severity):
            for group in groups:
                yield from of_group(group)
        for of_stream in (rule for rule, worst in OF_STREAMS if worst is severity):
            for stream in streams:
                yield from of_stream(stream)


def watched_since(
    snapshot: StreamsSnapshot | None, settings: StreamsSettings
) -> Callable[[Symptom], int | None]:
    """A lookup: since when (Unix ms) stream and group of a symptom are sampled, if their window is not full.

    The absence of a symptom then says nothing about an earlier finding.

    Args:
        snapshot: With its judgements.
        settings: Its ``window``.
    """

    @cache
    def begun() -> dict[tuple[bytes | None, bytes | None], int]:
        found: dict[tuple[bytes | None, bytes | None], int] = {}
        if snapshot is None:
            return found
        for stream, judged in snapshot.judged:
            if judged.window_s < settings.window:
                found[stream.name, None] = snapshot.taken_at - int(judged.window_s * 1000)
            for name, of in judged.groups:
                if of.window_s < settings.window:
                    found[stream.name, name] = snapshot.taken_at - int(of.window_s * 1000)
        return found

    def since(symptom: Symptom) -> int | None:
        of_stream = begun().get((symptom.stream, None))
        of_group = begun().get((symptom.stream, symptom.consumer_group))
        return max((at for at in (of_stream, of_group) if at is not None), default=None)

    return since
