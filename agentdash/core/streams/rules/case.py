"""One stream, or one of its groups, as input of a rule; and what all their symptoms share. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import identity
from agentdash.core.secrets.safe_text import safe_name
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.liveness import OwnerLookup, no_owner
from agentdash.core.streams.mentions import Mention
from agentdash.core.streams.model import Clients, Group, GroupJudgement, Stream, StreamJudgement
from agentdash.core.streams.rules.wording import evidence_line, lag_text

ANALYST = "REDIS_STREAM_ANALYST"


@dataclass(frozen=True, slots=True)
class StreamCase:
    """A stream with its judgement.

    Attributes:
        now: Unix ms.
        paused: Names of consumers that are paused runs, or their workers.
        clients: Who is blocked in a read; None while CLIENT LIST was not read.
        owners: Finds the process or run that a consumer belongs to.
        mentions: Mentions of names of streams in repositories, as far as searched; None where there is no
            search.
    """

    stream: Stream
    judged: StreamJudgement
    settings: StreamsSettings
    now: int
    paused: frozenset[bytes] = frozenset()
    clients: Clients | None = None
    owners: OwnerLookup = no_owner
    mentions: Mapping[bytes, Mention] | None = None

    def symptom(self, category: str, severity: Severity, summary: str, *lines: str, **more: Any) -> Symptom:
        """A symptom of this stream; *lines* are evidence besides the counts of the server."""
        rate = self.judged.rate_in
        metrics = [("streamLen", float(self.stream.length))]
        metrics += [("messagesPerMinute", round(rate, 1))] if rate is not None else []
        return Symptom(
            fingerprint=identity(category, self.stream.name),
            agent_id=ANALYST,
            category=category,
            severity=severity,
            summary=summary,
            stream=self.stream.name,
            metrics=tuple(metrics),
            evidence=(evidence_line(self.stream), *lines),
            **more,
        )


@dataclass(frozen=True, slots=True)
class GroupCase:
    """A group with its judgement, and the case of its stream."""

    at: StreamCase
    group: Group
    of: GroupJudgement

    def symptom(
        self,
        category: str,
        severity: Severity,
        summary: str,
        *lines: str,
        numbers: tuple[tuple[str, float], ...] = (),
        **more: Any,
    ) -> Symptom:
        """A symptom of this group; *lines* and *numbers* are evidence besides that of all symptoms."""
        stream = self.at.stream
        return Symptom(
            fingerprint=identity(category, stream.name, self.group.name),
            agent_id=ANALYST,
            category=category,
            severity=severity,
            summary=summary,
            stream=stream.name,
            consumer_group=self.group.name,
            metrics=(*self._metrics(), *numbers),
            evidence=(*self._evidence(), *lines),
            **more,
        )

    def _metrics(self) -> list[tuple[str, float]]:
        group = self.group
        found = [("streamLen", float(self.at.stream.length)), ("pendingCount", float(group.pending))]
        if group.lag.value is not None:
            found.append(("consumerLagMessages", float(group.lag.value)))
        if self.of.rate_out is not None:
            found.append(("messagesPerMinute", round(self.of.rate_out, 1)))
        return found

    def _evidence(self) -> tuple[str, ...]:
        group = self.group
        reason = f" ({group.lag.grade}: {group.lag.reason})" if group.lag.reason else ""
        counts = f"pending {group.pending}, consumers {len(group.consumers)}"
        position = f"last-delivered-id {group.last_delivered_id}"
        return (
            evidence_line(self.at.stream),
            f"group {safe_name(group.name)}: {position}, lag {lag_text(group.lag)}{reason}, {counts}",
            f"verdict {self.of.verdict}: {self.of.why}",
        )
