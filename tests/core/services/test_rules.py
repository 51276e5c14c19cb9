"""What is said about services: each finding where it is due, its healthy twin silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.findings.model import FindingStatus, Severity, Symptom
from agentdash.core.findings.order import merge
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState
from agentdash.core.services.rules import (
    AFTER_REQUEST_MS,
    DOWN_MS,
    OPEN_AFTER_S,
    RESTARTS,
    RESTARTS_MS,
    ServiceRules,
)

NOW = 1_732_112_345_000
UP = Service("web", ServiceState.UP, pid=100, create_time=NOW - 5_000, log="/srv/web.log")
DOWN = replace(UP, state=ServiceState.DOWN, pid=None, create_time=None, down_since=NOW, last_line="bye")


def take(rules: ServiceRules, now: int, *services: Service) -> list[Symptom]:
    rules.add(ServicesSnapshot(now, "box", services))
    return rules.symptoms(now)


def restarted(times: int, now: int, code: int | None = 1) -> Service:
    return replace(UP, pid=100 + times, create_time=now - 100, restarts=times, exit_code=code)


def crash(rules: ServiceRules, times: int, every: int = 5_000) -> list[Symptom]:
    found = take(rules, NOW, UP)
    for number in range(1, times + 1):
        now = NOW + number * every
        found = take(rules, now, restarted(number, now))
    return found


def test_a_loop_of_crashes_with_each_of_its_ends() -> None:
    rules = ServiceRules()
    assert crash(rules, RESTARTS - 1) == []
    (found,) = crash(ServiceRules(), RESTARTS)
    assert (found.category, found.severity, found.service) == ("CRASH", Severity.CRITICAL, "web")
    assert found.summary == "web restarted 3 times in 10s, each with exit 1"
    assert len(found.evidence) == RESTARTS
    assert found.evidence[0] == "process 100 exited after 10s (exit 1), then process 101 10s ago"
    assert found.evidence[-1].startswith("process 102 exited after ")
    assert (found.see, found.times) == ("agentdash logs /srv/web.log", RESTARTS)
    assert found.hypothesis
    assert found.recommendation
    assert found.clears


def test_a_loop_clears_when_it_has_held_for_long_enough() -> None:
    rules = ServiceRules()
    assert crash(rules, RESTARTS)
    last = NOW + RESTARTS * 5_000
    up = restarted(RESTARTS, last)
    assert take(rules, NOW + 5_000 + RESTARTS_MS, up)
    assert take(rules, NOW + 5_001 + RESTARTS_MS, up) == []


def test_restarts_now_and_then_are_none() -> None:
    assert crash(ServiceRules(), 10, every=RESTARTS_MS // 2 + 1) == []


def test_a_service_that_is_gone() -> None:
    rules = ServiceRules()
    assert take(rules, NOW, UP) == []
    gone = replace(DOWN, exit_code=-9)
    assert take(rules, NOW + 1_000, gone) == []
    assert take(rules, NOW + 999 + DOWN_MS, gone) == []
    (found,) = take(rules, NOW + 1_000 + DOWN_MS, gone)
    assert (found.category, found.severity) == ("CRASH", Severity.HIGH)
    assert found.summary == "web is down: SIGKILL"
    assert found.evidence == ("process 100 exited 15s ago: SIGKILL", "last line: bye")
    assert take(rules, NOW + 2_000 + DOWN_MS, restarted(1, NOW)) == []


@pytest.mark.parametrize(
    ("code", "category", "severity"),
    [
        (0, "ANOMALY", Severity.MEDIUM),
        (-15, "ANOMALY", Severity.MEDIUM),
        (3, "CRASH", Severity.HIGH),
        (None, "CRASH", Severity.HIGH),
    ],
)
def test_how_it_ended_says_how_bad_it_is(code: int | None, category: str, severity: Severity) -> None:
    rules = ServiceRules()
    take(rules, NOW, UP)
    take(rules, NOW, replace(DOWN, exit_code=code))
    (found,) = take(rules, NOW + DOWN_MS, replace(DOWN, exit_code=code))
    assert (found.category, found.severity) == (category, severity)


def test_a_zombie_is_gone_too() -> None:
    rules = ServiceRules()
    zombie = replace(UP, state=ServiceState.ZOMBIE, exit_code=7)
    take(rules, NOW, UP)
    take(rules, NOW, zombie)
    (found,) = take(rules, NOW + DOWN_MS, zombie)
    assert found.summary == "web is a zombie, not reaped by its parent: exit 7"
    rules = ServiceRules()
    take(rules, NOW, zombie)  # it had ended before anybody looked
    assert take(rules, NOW + DOWN_MS, zombie)[0].summary == found.summary


def test_one_that_was_never_seen_to_run() -> None:
    never = replace(DOWN, down_since=None)
    rules = ServiceRules()
    assert take(rules, NOW, never) == []
    (found,) = take(rules, NOW + DOWN_MS, never)
    assert (found.category, found.severity) == ("ANOMALY", Severity.MEDIUM)
    assert "never seen running" in found.summary


@pytest.mark.parametrize(
    "twin",
    [
        UP,
        replace(UP, state=ServiceState.STARTING),
        replace(UP, state=ServiceState.UNKNOWN, pid=None),
        replace(DOWN, found=True),
        replace(DOWN, origin="Procfile"),
        replace(DOWN, origin="Procfile", exit_code=-2),
        replace(DOWN, origin="Procfile", down_since=None),
    ],
)
def test_healthy_twins_are_silent(twin: Service) -> None:
    rules = ServiceRules()
    for seen in (UP, twin):
        take(rules, NOW, replace(seen, origin=twin.origin, found=twin.found))
    assert take(rules, NOW + DOWN_MS, twin) == []


def test_one_of_a_file_that_crashed_is_told() -> None:
    rules = ServiceRules()
    take(rules, NOW, replace(UP, origin="Procfile"))
    gone = replace(DOWN, origin="Procfile", exit_code=1)
    take(rules, NOW, gone)
    assert take(rules, NOW + DOWN_MS, gone)


def test_what_a_person_does_is_no_trouble() -> None:
    rules = ServiceRules()
    take(rules, NOW, UP)
    for number in range(1, 2 * RESTARTS):
        now = NOW + number * 20_000
        rules.action_started("web")
        assert take(rules, now, replace(DOWN, restarts=number - 1)) == []
        rules.action_finished("web", now + 100, stopped=False)
        assert take(rules, now + 200, restarted(number, now)) == []
    rules.action_started("web")
    rules.action_finished("web", NOW + 500_000, stopped=True)
    assert rules.stopped == {"web"}
    gone = replace(DOWN, restarts=5)
    assert take(rules, NOW + 500_000, gone) == []
    assert take(rules, NOW + 900_000, gone) == []
    assert take(rules, NOW + 901_000, restarted(6, NOW + 901_000)) == []
    assert rules.stopped == set()


def test_what_comes_after_what_a_person_did_is() -> None:
    """It was started again from here and crashes all the same."""
    rules = ServiceRules()
    take(rules, NOW, UP)
    rules.action_started("web")
    rules.action_finished("web", NOW + 100, stopped=False)
    take(rules, NOW + 200, DOWN)
    later = NOW + 200 + AFTER_REQUEST_MS
    assert take(rules, later, DOWN) == []
    assert take(rules, later + DOWN_MS, DOWN)


def log_symptom(category: str, key: str, *metrics: tuple[str, float]) -> Symptom:
    return Symptom(key, "LOG_WATCHER", category, Severity.CRITICAL, key, service="web", metrics=metrics)


def test_what_has_one_cause_is_one_cause_with_its_symptoms() -> None:
    looping = crash(ServiceRules(), RESTARTS)
    said = log_symptom("CRASH", "started 3 times", ("starts", 3.0))
    trace = log_symptom("CRASH", "ValueError: boom")
    silent = log_symptom("ANOMALY", "silent for 40s", ("silentMs", 40_000.0))
    tracker = FindingTracker(OPEN_AFTER_S)
    for now in (NOW, NOW + 5_000):
        tracker.update([said, silent, *looping], now)
    found = merge(tracker.findings, None, NOW, "box").findings
    assert (found[0].symptom, found[0].cause) == (looping[0], None)
    assert {f.cause for f in found[1:]} == {looping[0].fingerprint}
    for now in (NOW + 6_000, NOW + 12_000):
        tracker.update([said, silent, *looping, trace, replace(said, fingerprint="x", service="api")], now)
    found = merge(tracker.findings, None, NOW, "box").findings
    assert all(f.status is FindingStatus.OPEN for f in found)
    assert {f.symptom.fingerprint: f.cause for f in found} == {
        "ValueError: boom": None,
        looping[0].fingerprint: "ValueError: boom",
        "started 3 times": "ValueError: boom",
        "silent for 40s": "ValueError: boom",
        "x": None,
    }
