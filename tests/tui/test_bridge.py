"""What reaches the screen, and how often."""

from __future__ import annotations

from agentdash.core.clock import ManualClock
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.runs.model import RunsSnapshot
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from tui.bridge import AGES, HOLD, Bridge

ALL = frozenset(Topic)


def test_what_changed_is_passed_on_in_one_go() -> None:
    store, clock = Store(), ManualClock()
    bridge = Bridge(store, clock.monotonic)
    assert bridge.collect() == ALL
    assert bridge.collect() == frozenset()
    store.put(Topic.RUNS, RunsSnapshot(0, "h", (), 0))
    assert bridge.collect() == {Topic.RUNS}  # the first data there is of it
    for number in range(1, 50):
        store.put(Topic.RUNS, RunsSnapshot(number, "h", (), 0))
        store.put_health(Topic.STREAMS, SourceHealth("streams", SourceState.ERROR, error=f"{number}"))
        assert bridge.collect() == frozenset()
    clock.advance(HOLD)
    assert bridge.collect() == {Topic.RUNS, Topic.STREAMS}
    store.put(Topic.REPOS, ReposSnapshot(1, "h", ()))
    assert bridge.collect() == {Topic.REPOS}
    store.put(Topic.RUNS, None)
    clock.advance(HOLD)
    assert bridge.collect(idle=True) == frozenset()
    assert bridge.collect() == {Topic.RUNS}
    clock.advance(AGES)
    assert bridge.collect() == ALL
    bridge.close()
    store.put(Topic.RUNS, None)
    clock.advance(AGES)
    assert bridge.collect() == frozenset()


def test_passes_that_found_nothing_new_are_not_passed_on() -> None:
    store, clock = Store(), ManualClock()
    bridge = Bridge(store, clock.monotonic)
    store.put_health(Topic.RUNS, SourceHealth("runs", SourceState.LIVE, last_success=1))
    assert bridge.collect() == ALL
    clock.advance(HOLD)
    for number in range(3):
        store.put_health(
            Topic.RUNS, SourceHealth("runs", SourceState.LIVE, last_success=number, polls=number)
        )
        assert bridge.collect() == frozenset()
    store.put_health(Topic.RUNS, SourceHealth("runs", SourceState.ERROR, error="gone"))
    assert bridge.collect() == {Topic.RUNS}
