"""What reaches the screen, and how often."""

from __future__ import annotations

from agentdash.core.clock import ManualClock
from agentdash.core.snapshot import SourceHealth, Topic
from agentdash.core.store import Store
from tui.bridge import LOG_RATE, Bridge


def test_many_changes_are_one_and_log_lines_wait_for_their_turn() -> None:
    store, clock = Store(), ManualClock()
    bridge = Bridge(store, clock.monotonic)
    assert bridge.take() == frozenset(Topic)
    assert bridge.take() == frozenset()
    for number in range(50):
        store.put_health(Topic.RUNS, SourceHealth("runs", polls=number + 1))
        store.put_health(Topic.LOGS, SourceHealth("logs", polls=number + 1))
    assert bridge.take() == {Topic.RUNS}
    clock.advance(LOG_RATE)
    assert bridge.take() == {Topic.LOGS}
    bridge.close()
    store.put_health(Topic.RUNS, SourceHealth("runs", polls=99))
    assert bridge.take() == frozenset()
