"""What is said about runs: each finding where it is due, its healthy twin silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.runs.history import KEPT_MS, RunHistory
from agentdash.core.runs.model import OrphanProcess, Run, RunKeys, RunsSnapshot, RunStatus, Tokens
from agentdash.core.runs.orphan import end_child_question, mark_failed_question
from agentdash.core.runs.record import parse_run
from agentdash.core.runs.rules import RECENT_MS, RETRIES, run_symptoms

NOW = 1_732_112_345_000
HEALTHY = Run("r1", "Fix auth", RunStatus.RUNNING, orphaned=False, lock_owner="box:7:ab", retries=0)
CHILD = OrphanProcess(42, "box", NOW - 60_000, "python agent.py", 3)


def symptoms(*runs: Run, history: RunHistory | None = None) -> list[Symptom]:
    snapshot = RunsSnapshot(NOW, "box", runs, len(runs))
    return run_symptoms(snapshot, history or RunHistory(), RunKeys(), NOW)


@pytest.mark.parametrize("status", RunStatus)
def test_healthy_runs_are_silent(status: RunStatus) -> None:
    assert symptoms(replace(HEALTHY, status=status)) == []


def test_a_record_that_cannot_be_understood() -> None:
    run = parse_run("r1", {"status": b"exploded", "pid": b"many"})
    (found,) = symptoms(run)
    assert (found.category, found.severity, found.run) == ("MALFORMED_RUN", Severity.LOW, "r1")
    assert "status, pid" in found.summary
    assert "'exploded'" in found.evidence[0]
    assert symptoms(parse_run("r1", {"status": b"null", "pid": b""})) == []


def test_an_orphan_names_the_child_that_still_lives() -> None:
    orphan = replace(
        HEALTHY, orphaned=True, lock_owner=None, worker="box:41:ab", pid=42, host="box", child=CHILD
    )
    (found,) = symptoms(replace(orphan, worker_seen_at=NOW - 20_000))
    assert (found.category, found.severity) == ("ORPHANED_RUN", Severity.HIGH)
    text = "\n".join(found.evidence)
    assert "worker last seen 20s ago" in text
    assert "process 41 on box" in text
    assert "process 42 on box (python agent.py) and 2 descendants" in text
    (gone,) = symptoms(replace(orphan, child=None))
    assert "was process 42 on box" in gone.evidence[-1]
    assert gone.fingerprint == found.fingerprint


def test_a_run_that_failed_is_spoken_of_for_a_while() -> None:
    failed = replace(
        HEALTHY,
        status=RunStatus.FAILED,
        ended_at=NOW - 1000,
        error_code="agent_error",
        error_message="turn 1: 529",
    )
    (found,) = symptoms(failed)
    assert (found.category, found.severity) == ("RUN_FAILED", Severity.MEDIUM)
    assert found.summary == "Fix auth: failed: turn 1: 529"
    assert symptoms(replace(failed, ended_at=NOW - RECENT_MS)) == []
    assert symptoms(replace(failed, ended_at=None)) == []
    assert symptoms(replace(failed, error_code="orphaned")) == []


def seen(*retries: int | None, step: int = 10_000, tokens: int = 0) -> RunHistory:
    history = RunHistory()
    for number, count in enumerate(retries):
        run = replace(HEALTHY, retries=count, tokens=Tokens(number * tokens))
        history.add(RunsSnapshot(NOW + number * step, "box", (run,), 1))
    return history


def test_a_storm_of_retries_and_its_end() -> None:
    run = replace(HEALTHY, retries=RETRIES)
    (found,) = symptoms(run, history=seen(0, RETRIES))
    assert (found.category, found.severity) == ("RETRY_STORM", Severity.MEDIUM)
    assert symptoms(run, history=seen(0, RETRIES - 1)) == []
    assert symptoms(run, history=seen(0, *[RETRIES] * 20)) == []
    assert symptoms(run, history=seen(RETRIES)) == []  # what was before we looked is not known


def test_the_rate_of_tokens_is_over_what_was_seen() -> None:
    assert seen(0, tokens=100).tokens_per_minute(HEALTHY, NOW) is None
    assert seen(0, 0, step=5000, tokens=100).tokens_per_minute(HEALTHY, NOW + 5000) is None
    assert seen(*[0] * 7, tokens=100).tokens_per_minute(HEALTHY, NOW + 60_000) == pytest.approx(600)
    assert seen(*[0] * 7, tokens=100).tokens_per_minute(replace(HEALTHY, id="other"), NOW + 60_000) is None


def test_the_rate_falls_to_nothing_when_nothing_is_used() -> None:
    history = seen(*[0] * 31, tokens=100)
    end = NOW + 300_000
    assert history.tokens_per_minute(HEALTHY, end) == pytest.approx(600)
    assert history.tokens_per_minute(HEALTHY, end + 33_000) == pytest.approx(300, rel=0.2)
    assert history.tokens_per_minute(HEALTHY, end + 60_000) == 0


@pytest.mark.parametrize("status", [one for one in RunStatus if one is not RunStatus.RUNNING])
def test_a_run_that_is_not_running_has_no_rate(status: RunStatus) -> None:
    history = seen(*[0] * 7, tokens=100)
    assert history.tokens_per_minute(replace(HEALTHY, status=status), NOW + 60_000) is None
    assert history.tokens_per_minute(replace(HEALTHY, orphaned=True), NOW + 60_000) is None


def test_history_is_bounded_and_forgets_what_has_ended() -> None:
    history = seen(*[0] * 5000, step=500, tokens=1)
    assert len(history.samples("r1")) <= KEPT_MS // 4000
    assert history.tokens_per_minute(HEALTHY, NOW + 4999 * 500) == pytest.approx(120)
    history.add(RunsSnapshot(NOW, "box", (replace(HEALTHY, status=RunStatus.COMPLETED),), 1))
    assert history.samples("r1") == ()


def test_the_questions_before_an_orphan_is_cleaned_up() -> None:
    orphan = replace(HEALTHY, orphaned=True, child=CHILD, worker_seen_at=NOW - 62_000)
    said = "\n".join(mark_failed_question(orphan, NOW))
    assert "last seen 1m02 ago" in said
    assert "keeps running as process 42 on box" in said
    never = replace(orphan, worker_seen_at=None, updated_at=NOW - 5000, child=None)
    assert "record last written 5s ago" in mark_failed_question(never, NOW)[0]
    assert "SIGKILL after 10 s" in end_child_question(orphan, CHILD, NOW)[1]
