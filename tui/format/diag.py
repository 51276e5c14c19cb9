"""The diagnostics page: what the program itself costs, and how each of its sources is doing."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core import units
from agentdash.core.snapshot import SourceHealth, SourceState
from agentdash.core.store import Store
from agentdash.core.text import printable
from tui.cost import OwnCost
from tui.widgets.document import Para, field

MARKS = {
    SourceState.LIVE: ("●", "good"),
    SourceState.STALE: ("◌", "warn"),
    SourceState.ERROR: ("✗", "bad"),
    SourceState.LOADING: ("◌", "dim"),
    SourceState.ABSENT: ("○", "dim"),
}
HEAD = f"  {'SOURCE':<10}{'STATE':<9}{'EVERY':>7}{'TIME':>9}{'SUCCESS':>9}{'PASSES':>9}{'FAILED':>8}"


def paras(cost: OwnCost, sources: Sequence[SourceHealth], store: Store, now: int) -> list[Para]:
    """The page.

    Args:
        cost: Of this program.
        sources: One for each collector.
        store: What is known; here for what was dropped, and the pass over the streams.
        now: Unix ms.
    """
    return [
        Para.of("This program", "bold"),
        *_own(cost),
        Para(),
        Para.of("Redis", "bold"),
        *_redis(store),
        Para(),
        Para.of("Sources", "bold"),
        Para.of(HEAD, "dim"),
        *(para for health in sources for para in _source(health, now)),
        *([] if sources else [Para.of("  none started yet", "dim")]),
        Para(),
        Para.of("Dropped", "bold"),
        *_dropped(store),
    ]


def _own(cost: OwnCost) -> list[Para]:
    keys, key_half, key_most = cost.keys()
    turns, late_half, late_most = cost.stalls()
    grown = None if cost.rss is None or cost.rss_first is None else cost.rss - cost.rss_first
    memory = "unknown, or unavailable on this system" if cost.rss is None else units.size(cost.rss)
    if grown is not None:
        memory += f" · {'+' if grown >= 0 else '−'}{units.size(abs(grown))} since start"
    cpu = "not measured yet" if cost.cpu is None else f"{cost.cpu * 100:.1f} % of a core"
    return [
        field("  cpu", f"{cpu} · {cost.cpu_all * 100:.1f} % since start", width=16),
        field("  memory", memory, width=16),
        field("  key to screen", _spread(keys, key_half, key_most, "keys", "press some"), width=16),
        field(
            "  event loop",
            _spread(turns, late_half, late_most, "turns", "wait a little") + ", delay",
            width=16,
        ),
    ]


def _spread(number: int, half: float | None, most: float | None, what: str, how: str) -> str:
    if half is None or most is None:
        return f"no data yet: {how}"
    return f"{half:.1f} ms median · {most:.1f} ms p99 of {number} {what}"


def _redis(store: Store) -> list[Para]:
    streams = store.streams
    if streams is None:
        return [Para.of("  streams not read yet", "dim")]
    ping = "?" if streams.ping_ms is None else f"{streams.ping_ms:.1f} ms"
    asked = (
        f"{units.plural(streams.commands, 'command')} in {units.plural(streams.round_trips, 'round trip')}"
    )
    return [
        field("  server", f"{printable(streams.server or '?')} · responds in {ping}", width=16),
        field("  last pass", f"{asked}, for {units.plural(len(streams.streams), 'stream')}", width=16),
        field("  server time", "per-client time unavailable: redis-cli INFO commandstats", "dim", 16),
    ]


def _source(health: SourceHealth, now: int) -> list[Para]:
    state = health.seen_at(now)
    mark, style = MARKS[state]
    duration = "?" if health.duration_ms is None else f"{health.duration_ms:.1f} ms"
    success = units.age(health.age_ms(now))
    every = f"{health.expected_every_ms / 1000:.3g} s"
    failed = str(health.failures)
    line = Para(
        (
            (f"{mark} ", style),
            (f"{health.source:<10}", ""),
            (f"{state.value:<9}", style),
            (f"{every:>7}{duration:>9}{success:>9}{health.polls:>9}", ""),
            (f"{failed:>8}", "warn" if health.failures else "dim"),
        )
    )
    return [line, *([Para.of(f"    {printable(health.error)}", style, hang=4)] if health.error else [])]


def _dropped(store: Store) -> list[Para]:
    skipped = store.logs.skipped
    behind = f" · {units.age(store.log_behind_ms)} behind" if store.log_behind_ms else ""
    gone = store.logs.first
    return [
        field("  log lines", f"{skipped} skipped to keep up{behind}", "warn" if skipped else "", 16),
        field("  ", f"{gone} older lines dropped, {len(store.logs)} of {store.logs.limit} kept", "dim", 16),
    ]
