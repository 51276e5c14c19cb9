"""When the rules of a watch run, and what they report."""

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.runtime.watch import RuleWatch

SYMPTOM = Symptom("f", "RUN_WATCHER", "CRASH", Severity.HIGH, "it fails")


def watch_of(symptoms: list[Symptom]) -> RuleWatch:
    return RuleWatch(
        Topic.REPOS,
        FindingTracker(1.0),
        lambda *_: symptoms,
        passes=frozenset({Topic.RUNS}),
        every_ms=1000,
        calm_ms=10_000,
    )


def test_a_run_reports_whether_a_finding_changed() -> None:
    watch = watch_of([SYMPTOM])
    assert watch.run(Store(), 1000), "it is watched"
    assert not watch.run(Store(), 1500), "it has not lasted"
    assert watch.run(Store(), 2500), "it is open"
    assert not watch.run(Store(), 3000)


def test_rules_run_after_polls_at_their_pace_and_less_often_while_calm() -> None:
    watch = watch_of([])
    assert watch.is_due(Topic.RUNS, 100_000)
    assert not watch.is_due(Topic.STREAMS, 100_000), "it does not depend on them"
    watch.run(Store(), 100_000)
    assert not watch.is_due(Topic.RUNS, 105_000), "calm"
    assert watch.is_due(Topic.RUNS, 110_000)
    watch.is_waiting = True
    assert not watch.is_due(Topic.RUNS, 100_900)
    assert watch.is_due(Topic.RUNS, 101_000), "there is a new snapshot"
