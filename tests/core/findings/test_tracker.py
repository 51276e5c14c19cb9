"""The life of a finding, sample by sample."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.findings.tracker import FindingTracker

LAG = Symptom("lag/a", "REDIS_STREAM_ANALYST", "CONSUMER_LAG", Severity.CRITICAL, "212 behind")
DEAD = replace(LAG, fingerprint="dead/a", category="DEAD_CONSUMER")


def only(tracker: FindingTracker) -> Finding:
    (finding,) = tracker.findings
    return finding


def feed(tracker: FindingTracker, *seconds: float, symptoms: tuple[Symptom, ...] = (LAG,)) -> None:
    for second in seconds:
        tracker.update(symptoms, int(second * 1000))


def test_it_opens_after_two_samples_and_six_seconds() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 1, 5.9)
    assert only(tracker).status is FindingStatus.WATCHING
    feed(tracker, 6)
    assert only(tracker).status is FindingStatus.OPEN
    assert only(tracker).finding_id == "RSA-001"
    assert only(tracker).count == 1, "that it lasts is no second time"
    assert (only(tracker).first_seen, only(tracker).last_seen) == (0, 6000)


def test_one_sample_is_never_enough() -> None:
    tracker = FindingTracker(0.0)
    feed(tracker, 0)
    assert only(tracker).status is FindingStatus.WATCHING
    feed(tracker, 0.5)
    assert only(tracker).status is FindingStatus.OPEN


def test_what_comes_and_goes_is_not_said() -> None:
    tracker = FindingTracker(6.0)
    for second in range(60):
        feed(tracker, second, symptoms=(LAG,) if second % 3 else ())
    assert not [f for f in tracker.findings if f.status is not FindingStatus.WATCHING]


def test_it_clears_as_it_opened_and_comes_back_as_the_same() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 6)
    feed(tracker, 7, 8, 12, symptoms=())
    assert only(tracker).status is FindingStatus.OPEN
    feed(tracker, 13, symptoms=())
    assert only(tracker).status is FindingStatus.RESOLVED
    feed(tracker, 20, 21)
    assert only(tracker).status is FindingStatus.WATCHING
    feed(tracker, 26)
    assert only(tracker).status is FindingStatus.OPEN
    assert only(tracker).finding_id == "RSA-001"
    assert only(tracker).count == 2


def test_what_a_rule_counts_is_counted_on_over_its_absence() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 6, symptoms=(replace(LAG, times=4),))
    feed(tracker, 7, symptoms=(replace(LAG, times=9),))
    assert only(tracker).count == 9
    feed(tracker, 8, 15, symptoms=())
    assert only(tracker).status is FindingStatus.RESOLVED
    feed(tracker, 20, symptoms=(replace(LAG, times=2),))
    assert only(tracker).count == 11


def test_a_short_absence_does_not_clear() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 6)
    for second in range(7, 60, 4):
        feed(tracker, second, symptoms=())
        feed(tracker, second + 2)
    assert only(tracker).status is FindingStatus.OPEN


def test_what_is_watched_anew_is_neither_there_nor_gone() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 6)
    feed(tracker, 7, 8, symptoms=())
    for second in range(9, 60):
        tracker.update((), second * 1000, lambda _: 8500)
    assert only(tracker).status is FindingStatus.OPEN
    feed(tracker, 60, 61, 65, symptoms=())
    assert only(tracker).status is FindingStatus.OPEN, "only judged samples count"
    feed(tracker, 66, symptoms=())
    assert only(tracker).status is FindingStatus.RESOLVED


def test_what_was_seen_in_a_young_window_may_clear_in_it() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 10, 16)
    for second in (17, 18, 23):
        tracker.update((), second * 1000, lambda _: 5000)
    assert only(tracker).status is FindingStatus.RESOLVED


def test_no_samples_change_nothing() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 6)
    feed(tracker, 100, symptoms=())
    assert only(tracker).status is FindingStatus.OPEN


def test_an_acknowledged_one_stays_so_until_it_clears() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0)
    assert not tracker.acknowledge("lag/a", 1000)
    feed(tracker, 6)
    assert tracker.acknowledge("lag/a", 7000)
    assert tracker.acknowledge("lag/a", 7000)
    feed(tracker, 8, 9)
    assert only(tracker).status is FindingStatus.ACKNOWLEDGED
    feed(tracker, 10, 16, symptoms=())
    assert only(tracker).status is FindingStatus.RESOLVED
    assert not tracker.acknowledge("lag/a", 17_000)
    feed(tracker, 20, 26)
    assert only(tracker).status is FindingStatus.OPEN


def test_an_outside_one_is_remembered() -> None:
    tracker = FindingTracker(6.0)
    assert tracker.acknowledge("scout/ES-1", 0)
    assert tracker.outside_acknowledged == {"scout/ES-1"}


def test_the_newest_sight_is_kept() -> None:
    tracker = FindingTracker(6.0)
    feed(tracker, 0, 6)
    feed(tracker, 7, symptoms=(replace(LAG, severity=Severity.HIGH, summary="100 behind"),))
    assert only(tracker).symptom.summary == "100 behind"
    assert only(tracker).symptom.severity is Severity.HIGH


def test_memory_is_bounded() -> None:
    tracker = FindingTracker(0.0)
    for number in range(400):
        one = (replace(LAG, fingerprint=f"lag/{number}"),)
        feed(tracker, number, number + 0.1, symptoms=one)
    feed(tracker, 1000, 1001, 1002, symptoms=())
    assert len(tracker.findings) == 100


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 5000)), max_size=60))
def test_any_course_keeps_the_rules(course: list[tuple[bool, bool, int]]) -> None:
    tracker = FindingTracker(6.0)
    now = 0
    opened: dict[str, str] = {}
    for lag, dead, step in course:
        now += step
        before = {f.symptom.fingerprint: f for f in tracker.findings}
        tracker.update([LAG] * lag + [DEAD] * dead, now)
        for finding in tracker.findings:
            was = before.get(finding.symptom.fingerprint)
            if finding.status is FindingStatus.OPEN:
                assert now - finding.first_seen >= 6000
                name = opened.setdefault(finding.symptom.fingerprint, finding.finding_id)
                assert finding.finding_id == name
            if was is not None:
                assert finding.count - was.count in {0, 1}
    assert len(set(opened.values())) == len(opened)
