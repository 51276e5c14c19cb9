"""Judges streams over a window of time: rates, verdicts, forecasts, caps. Pure: snapshots carry the time."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.judge.cap import cap_of, was_recreated, was_trimmed
from agentdash.core.streams.judge.loss import record_loss
from agentdash.core.streams.judge.observations import observe, redelivered
from agentdash.core.streams.judge.verdict import Opinion, forecast_s, never_falls, rate_out, verdict
from agentdash.core.streams.judge.window import (
    GroupSample,
    GroupWindow,
    StreamSample,
    StreamWindow,
    least,
    per_minute,
)
from agentdash.core.streams.lag import position
from agentdash.core.streams.liveness import OwnerLookup, dead_consumers, no_owner
from agentdash.core.streams.model import (
    Clients,
    Group,
    GroupJudgement,
    LagGrade,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)

POINTS = 60
"""Samples kept per window at most."""

BUDGET = 200_000
"""Samples kept of all groups and streams together: with thousands of them the spacing grows."""

ITEMS_A_PASS = 2000
"""Streams and groups judged per pass, about: with more of them, unchanged ones are judged in turn."""

MOST_TURNS = 6

LEAST_RATE_MS = 2000
"""The shortest time for a rate."""

SLOW_FRACTION = 10
"""A group whose lag is constant degrades its stream only above this fraction of the lag limit."""


class StreamJudge:
    """Keeps a window of samples of every stream and group, and judges each new snapshot by it.

    Args:
        settings: Its ``window``, ``dead_after``, ``stuck_after``, ``grow_after`` and ``lag_limit``.
    """

    def __init__(self, settings: StreamsSettings) -> None:
        self._settings = settings
        self._window_ms = int(settings.window * 1000)
        self._dead_ms = int(settings.dead_after * 1000)
        self._max_pause_ms = max(10_000, int(settings.grow_after * 500), int(settings.poll * 3000))
        self._streams: dict[bytes, StreamWindow] = {}
        self._last_at: int | None = None
        self._epoch = 0
        self._clients: Clients | None = None
        self._owners: OwnerLookup = no_owner
        self._judged: dict[bytes, tuple[Stream, StreamJudgement]] = {}
        self._passes = 0

    def judge(self, snapshot: StreamsSnapshot, owners: OwnerLookup = no_owner) -> StreamsSnapshot:
        """The snapshot with one judgement for each stream.

        *owners* finds the process or run that a consumer belongs to, for its liveness.

        With another server, or after a step back in time, the samples are dropped. After a mere gap (a lost
        connection, a paused process) they are kept: positions and counters show what happened in between.
        """
        now = snapshot.taken_at
        passed = 0 if self._last_at is None else now - self._last_at
        if passed < 0 or snapshot.epoch != self._epoch:
            self._clear_samples()
        clients_changed = snapshot.clients != self._clients
        self._owners = owners
        self._last_at, self._epoch, self._clients = now, snapshot.epoch, snapshot.clients
        items = sum(1 + len(stream.groups) for stream in snapshot.streams)
        spacing = max(self._window_ms // POINTS, self._window_ms * items // BUDGET)
        turns = 1 if clients_changed else self._turns(items)
        self._passes += 1
        windows, judged = {}, {}
        for number, stream in enumerate(snapshot.streams):
            name = stream.name
            window = self._streams.get(name) or StreamWindow()
            before = self._judged.get(name)
            is_unchanged = before is not None and before[0] is stream and (number + self._passes) % turns
            if before is not None and is_unchanged:
                windows[name], judged[name] = window, before
                continue
            if stream.error is None:
                window = self._add_samples(window, stream, now, spacing)
            windows[name], judged[name] = window, (stream, self._judge(window, stream, now))
        self._streams, self._judged = windows, judged
        return replace(snapshot, judgements=tuple(judgement for _, judgement in judged.values()))

    def _turns(self, items: int) -> int:
        """In how many passes each unchanged one is judged once: 1 where they are few, or polled seldom."""
        return max(
            1, min(items // ITEMS_A_PASS, MOST_TURNS, int(self._max_pause_ms / 2000 / self._settings.poll))
        )

    def _clear_samples(self) -> None:
        self._judged.clear()
        for window in self._streams.values():
            window.clear_samples()

    def _add_samples(self, window: StreamWindow, stream: Stream, now: int, spacing: int) -> StreamWindow:
        if window.samples and was_recreated(window.samples[-1], stream):
            window = StreamWindow()
        sample = StreamSample(
            now, stream.length, stream.entries_added, stream.last_id, stream.max_deleted_id, stream.first_id
        )
        before = window.samples[-1] if window.samples else None
        window.trimmed = window.trimmed or was_trimmed(window, sample)
        window.growth.record(stream.length, now, self._max_pause_ms)
        window.add(sample, self._window_ms, spacing)
        groups = {}
        for group in stream.groups:
            of = groups[group.name] = window.groups.get(group.name) or GroupWindow()
            observe(of, group, now, self._dead_ms)
            record_loss(of, stream, group, before, now)
            of.unacknowledged.record(group.pending, now, self._max_pause_ms)
            lag = group.lag.value
            of.add(
                GroupSample(
                    at=now,
                    position=position(group.last_delivered_id) or (0, 0),
                    lag=lag,
                    least_lag=lag,
                    entries_read=group.entries_read,
                    pending=group.pending,
                    exact=group.lag.grade is LagGrade.EXACT,
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
            cap=cap_of(window, self._window_ms),
            rates=tuple(window.rates),
            lengths=tuple(window.lengths),
            groups=groups,
            window_s=window.span_ms / 1000,
            grows_s=window.growth.lasts_s,
        )
        return replace(judgement, status=self._status(stream, judgement, now))

    def _judge_group(
        self, window: GroupWindow, group: Group, rate_in: float | None, now: int
    ) -> GroupJudgement:
        idle = least(consumer.idle_ms for consumer in group.consumers)
        consumers = len(group.consumers) if group.consumers_known else None
        opinion = verdict(window, consumers, idle, self._window_ms)
        known = window.span_ms >= LEAST_RATE_MS
        outgoing = rate_out(window.samples[0], window.samples[-1], rate_in) if known else None
        forecast = forecast_s(group.lag.value, rate_in, outgoing)
        known = rate_in is not None and outgoing is not None
        if opinion.verdict is Verdict.OK and known and forecast is None and self._far_behind(group):
            # The lag may dip between two polls; this far behind it counts that it does not drain.
            opinion = Opinion(Verdict.SLOW, None, f"{group.lag.value} behind, not draining")
        dead = self._dead(window, group, now)
        return GroupJudgement(
            verdict=opinion.verdict,
            since=opinion.since,
            rate_out=outgoing,
            forecast_s=forecast,
            active=None if consumers is None else consumers - len(dead),
            dead=dead,
            why=opinion.why,
            window_s=window.span_ms / 1000,
            pending_since=window.pending_since,
            lag_grows=_grows(window),
            pending_rises_s=window.unacknowledged.lasts_s,
            lost_since=window.lost_at if self._is_recent(window.lost_at, now) else None,
            lost=window.lost,
            redelivered=redelivered(window),
        )

    def _dead(self, window: GroupWindow, group: Group, now: int) -> frozenset[bytes]:
        limit = max(self._dead_ms, 2 * window.usual_pause_ms)
        since = least((window.waiting_since, window.pending_since))
        waiting = None if since is None else now - since
        return dead_consumers(group, limit, waiting, self._clients, self._owners, now)

    def _far_behind(self, group: Group) -> bool:
        return (group.lag.value or 0) > self._settings.lag_limit

    def _is_recent(self, at: int | None, now: int) -> bool:
        return at is not None and now - at <= self._window_ms

    def _status(self, stream: Stream, judgement: StreamJudgement, now: int) -> str:
        """The worst of its groups; UNKNOWN, never HEALTHY, where something is unknown."""
        if stream.error is not None or not stream.groups_known:
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
        dead = judged.active == 0 and group.has_work
        if dead or judged.verdict is Verdict.STOPPED or (over and judged.forecast_s is None):
            return "CRITICAL"
        waits = (
            judged.pending_since is not None
            and now - judged.pending_since > self._settings.stuck_after * 1000
        )
        slow = judged.verdict is Verdict.SLOW and (lag or 0) * SLOW_FRACTION > self._settings.lag_limit
        if over or waits or slow or judged.verdict in {Verdict.STALLED, Verdict.REWOUND}:
            return "DEGRADED"
        if lag is None or (judged.verdict is Verdict.WATCHING and lag > 0):
            return "UNKNOWN"
        return "HEALTHY"


def _grows(window: GroupWindow) -> bool:
    """Whether the lag rose over the window and never fell."""
    first, last = window.samples[0], window.samples[-1]
    if first.lag is None or last.lag is None or last.lag <= first.lag:
        return False
    return never_falls(window.samples)
