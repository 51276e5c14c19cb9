"""The rules: what is wrong in the streams, as symptoms with evidence and cure; a tracker gives them life.

Pure. `rules_streams` looks at a stream, `rules_groups` and `rules_pending` at one group. What
is not known raises nothing. Thresholds are settings; the verdict of the window is attached, and a group that
drains makes its lag one step less severe.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core import rules_groups, rules_pending, rules_streams
from agentdash.core.findings import Symptom
from agentdash.core.findings_order import merge
from agentdash.core.rules_case import ANALYST, GroupCase, StreamCase
from agentdash.core.runs import RunsSnapshot, RunStatus
from agentdash.core.settings import StreamsSettings
from agentdash.core.streams import StreamsSnapshot

__all__ = ["ANALYST", "merge", "stream_symptoms"]

MOST = 2000

OF_STREAMS = (
    rules_streams.no_consumer_group,
    rules_streams.stream_growing,
    rules_streams.unbounded_stream,
    rules_streams.schema_inconsistency,
    rules_streams.orphaned_stream,
)
OF_GROUPS = (
    rules_groups.dead_consumer,
    rules_pending.stuck_message,
    rules_pending.delivery_failure,
    rules_pending.missing_ack,
    rules_groups.consumer_lag,
    rules_groups.data_lost,
    rules_groups.competing_consumers,
)


def stream_symptoms(
    snapshot: StreamsSnapshot, runs: RunsSnapshot | None, settings: StreamsSettings, now: int
) -> list[Symptom]:
    """What is wrong with the streams of one judged snapshot.

    Args:
        snapshot: With its judgements; without them nothing is said.
        runs: Messages that a consumer named after a paused run (or its worker) holds wait on purpose.
        settings: The thresholds.
        now: Unix ms.

    Returns:
        At most `MOST`; where there are more, the least severe are left out.
    """
    paused = frozenset(_paused(runs))
    found: list[Symptom] = []
    for stream, judged in zip(snapshot.streams, snapshot.judgements, strict=False):
        case = StreamCase(stream, judged, settings, now, paused, snapshot.readers)
        for of_stream in OF_STREAMS:
            found += of_stream(case)
        for group in stream.groups:
            if (of := judged.group(group.name)) is None:
                continue
            group_case = GroupCase(case, group, of)
            for of_group in OF_GROUPS:
                found += of_group(group_case)
    if len(found) > MOST:
        found = sorted(found, key=lambda symptom: symptom.severity.rank)[:MOST]
    return found


def _paused(runs: RunsSnapshot | None) -> Iterator[bytes]:
    for run in runs.runs if runs else ():
        if run.status is RunStatus.PAUSED:
            yield run.id.encode()
            if run.worker:
                yield run.worker.encode()
