"""Judges streams over a window of time: rates, verdicts, forecasts, caps. Pure: time comes with snapshots."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core.judge_signs import active_consumers, note_signs
from agentdash.core.judge_verdict import forecast_s, rate_out, verdict
from agentdash.core.judge_window import (
    GroupSample,
    GroupWindow,
    StreamSample,
    StreamWindow,
    least,
    per_minute,
)
from agentdash.core.lag import position
from agentdash.core.settings import StreamsSettings
from agentdash.core.streams import (
    Cap,
    Group,
    GroupJudgement,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)

POINTS = 60
"""Samples kept of a window, at most."""

BUDGET = 200_000
"""Samples kept of all groups and streams together, at most: with thousands of them the spacing grows."""

LEAST_RATE_MS = 2000
"""A rate over less time than this says nothing."""

SLOW_MATTERS = 10
"""A group that keeps an even distance degrades its stream only above one such part of the lag limit."""


class StreamJudge:
    """Keeps a bounded past of every stream and group, and judges each new snapshot by it.

    Args:
        settings: Its ``window``, ``dead_after``, ``stuck_after`` and ``lag_limit``.
    """

    def __init__(self, settings: StreamsSettings) -> None:
        self._settings = settings
        self._window_ms = int(settings.window * 1000)
        self._dead_ms = int(settings.dead_after * 1000)
        self._gap_ms = max(10_000, int(settings.poll * 5000))
        self._streams: dict[bytes, StreamWindow] = {}
        self._last_at: int | None = None

    def judge(self, snapshot: StreamsSnapshot) -> StreamsSnapshot:
        """The snapshot with one judgement for each stream.

        After a gap (a lost connection, a paused process) or a step back in time the windows start anew.
        """
        now = snapshot.taken_at
        if self._last_at is not None and not 0 <= now - self._last_at <= self._gap_ms:
            self._start_anew()
        self._last_at = now
        items = sum(1 + len(stream.groups) for stream in snapshot.streams)
        spacing = max(self._window_ms // POINTS, self._window_ms * items // BUDGET)
        windows = {}
        judgements = []
        for stream in snapshot.streams:
            window = self._streams.get(stream.name) or StreamWindow()
            windows[stream.name] = window
            if stream.error is None:
                window = windows[stream.name] = self._take(window, stream, now, spacing)
            judgements.append(self._judge(window, stream, now))
        self._streams = windows
        return replace(snapshot, judgements=tuple(judgements))

    def _start_anew(self) -> None:
        for window in self._streams.values():
            window.samples.clear()
            for group in window.groups.values():
                group.samples.clear()

    def _take(self, window: StreamWindow, stream: Stream, now: int, spacing: int) -> StreamWindow:
        if window.samples and _made_anew(window.samples[-1], stream):
            window = StreamWindow()
        sample = StreamSample(now, stream.length, stream.entries_added, stream.last_id, stream.max_deleted_id)
        window.trimmed = window.trimmed or _trimmed(window, sample)
        window.add(sample, self._window_ms, spacing)
        groups = {}
        for group in stream.groups:
            of = groups[group.name] = window.groups.get(group.name) or GroupWindow()
            note_signs(of, group, now, self._dead_ms)
            lag = group.lag.value
            of.add(
                GroupSample(
                    at=now,
                    position=position(group.last_delivered_id) or (0, 0),
                    lag=lag,
                    least_lag=lag,
                    entries_read=group.entries_read,
                    pending=group.pending,
                ),
                self._window_ms,
                spacing,
            )
        window.groups = groups
        return window

    def _judge(self, window: StreamWindow, stream: Stream, now: int) -> StreamJudgement:
        rate = None
        if len(window.samples) >= 2 and window.samples[-1].at - window.samples[0].at >= LEAST_RATE_MS:
            rate = per_minute(window.samples[0], window.samples[-1])
        groups = tuple(
            (group.name, self._judge_group(window.groups[group.name], group, rate, now))
            for group in stream.groups
            if group.name in window.groups and window.groups[group.name].samples
        )
        judgement = StreamJudgement(
            rate_in=rate,
            cap=self._cap(window),
            rates=tuple(window.rates),
            lengths=tuple(window.lengths),
            groups=groups,
        )
        return replace(judgement, status=self._status(stream, judgement, now))

    def _judge_group(
        self, window: GroupWindow, group: Group, rate_in: float | None, now: int
    ) -> GroupJudgement:
        idle = least(consumer.idle_ms for consumer in group.consumers)
        opinion = verdict(window, len(group.consumers), idle, self._window_ms)
        known = window.span_ms >= LEAST_RATE_MS
        outgoing = rate_out(window.samples[0], window.samples[-1], rate_in) if known else None
        return GroupJudgement(
            verdict=opinion.verdict,
            since=opinion.since,
            rate_out=outgoing,
            forecast_s=forecast_s(group.lag.value, rate_in, outgoing),
            active=active_consumers(window, group, now, self._dead_ms),
            why=opinion.why,
            window_s=window.span_ms / 1000,
            pending_since=window.pending_since,
        )

    def _cap(self, window: StreamWindow) -> Cap:
        if window.trimmed:
            return Cap.YES
        if not window.samples:
            return Cap.UNKNOWN
        first, last = window.samples[0], window.samples[-1]
        full = last.at - first.at >= self._window_ms
        never_cut = last.added is not None and last.added == last.length
        return Cap.NO if full and never_cut and last.length > first.length else Cap.UNKNOWN

    def _status(self, stream: Stream, judgement: StreamJudgement, now: int) -> str:
        """The worst of its groups; a stream that is not known to be well is UNKNOWN, never HEALTHY."""
        if stream.error is not None:
            return "UNKNOWN"
        found = {self._group_status(group, judgement.group(group.name), now) for group in stream.groups}
        if not stream.groups:
            found = {
                "UNKNOWN" if judgement.rate_in is None else "DEGRADED" if judgement.rate_in > 0 else "HEALTHY"
            }
        return next(status for status in ("CRITICAL", "DEGRADED", "UNKNOWN", "HEALTHY") if status in found)

    def _group_status(self, group: Group, judged: GroupJudgement | None, now: int) -> str:
        if judged is None:
            return "UNKNOWN"
        lag, over = group.lag.value, (group.lag.value or 0) > self._settings.lag_limit
        dead = judged.active == 0 and ((lag or 0) > 0 or group.pending > 0)
        if dead or judged.verdict is Verdict.STOPPED or (over and judged.forecast_s is None):
            return "CRITICAL"
        waits = (
            judged.pending_since is not None
            and now - judged.pending_since > self._settings.stuck_after * 1000
        )
        slow = judged.verdict is Verdict.SLOW and (lag or 0) * SLOW_MATTERS > self._settings.lag_limit
        if over or waits or slow or judged.verdict in {Verdict.STALLED, Verdict.REWOUND}:
            return "DEGRADED"
        if lag is None or (judged.verdict is Verdict.WATCHING and lag > 0):
            return "UNKNOWN"
        return "HEALTHY"


def _made_anew(before: StreamSample, stream: Stream) -> bool:
    """Whether this is another stream of the same name: its counter or its newest id went back."""
    if before.added is not None and stream.entries_added is not None and stream.entries_added < before.added:
        return True
    old, new = position(before.last), position(stream.last_id)
    return old is not None and new is not None and new < old


def _trimmed(window: StreamWindow, sample: StreamSample) -> bool:
    """Whether *sample* shows that entries were trimmed (XTRIM, MAXLEN, MINID), not deleted one by one.

    A deletion moves the greatest deleted id; trimming does not. Where nothing was ever deleted, what was
    added and is no longer there has been trimmed.
    """
    if sample.added is None:
        return False
    if sample.deleted == "0-0":
        return sample.added > sample.length
    if not window.samples or window.samples[-1].added is None or window.samples[-1].deleted != sample.deleted:
        return False
    before = window.samples[-1]
    return sample.added - sample.length > (before.added or 0) - before.length
