"""The rules about runs. Pure: they yield symptoms; the tracker turns them into findings.

A malformed record is LOW (the run is still shown), an orphaned run HIGH, one with many retries or a recent
failure MEDIUM. Unknown values raise nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import identity, redis_cli, shell_word
from agentdash.core.runs.activity import activity_text, malformed_text
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import Run, RunKeys, RunsSnapshot, RunStatus
from agentdash.core.runs.orphan import last_seen, process_text, worker_name
from agentdash.core.units import age

WATCHER = "RUN_WATCHER"
OPEN_AFTER_S = 1.0
"""Seconds that a symptom lasts before its finding is opened."""
RETRIES_MS = 120_000
RETRIES = 5
"""Number of retries in `RETRIES_MS` that makes a retry storm."""
RECENT_MS = 15 * 60_000
"""How long a failed run is reported."""


def run_symptoms(snapshot: RunsSnapshot, history: RunHistory, keys: RunKeys, now: int) -> list[Symptom]:
    """The symptoms of the runs of one snapshot at *now*, Unix ms."""
    found: list[Symptom] = []
    for run in snapshot.runs:
        if run.malformed:
            found += _malformed(run, keys)
        if run.orphaned:
            found += _orphaned(run, keys, now)
        if run.status is RunStatus.FAILED:
            found += _failed(run, keys, now)
        elif run.retries:
            found += _retry_storm(run, history, keys)
    return found


def _malformed(run: Run, keys: RunKeys) -> Iterator[Symptom]:
    names = malformed_text(run)
    odd = f"; its state is {run.status_text!r}" if run.status is RunStatus.UNKNOWN and run.status_text else ""
    yield Symptom(
        fingerprint=identity("MALFORMED_RUN", run.id.encode()),
        agent_id=WATCHER,
        category="MALFORMED_RUN",
        severity=Severity.LOW,
        summary=f"{_name(run)}: malformed record: {names}",
        run=run.id,
        evidence=(f"fields or keys: {names}{odd}",),
        hypothesis="Another program, or another version, writes this record.",
        recommendation="Fix the program that writes it; docs/runs.md has the fields. The run is still shown.",
        see=redis_cli("HGETALL", keys.meta(run.id)),
        clears="It clears when the record is valid, or is deleted.",
    )


def _orphaned(run: Run, keys: RunKeys, now: int) -> Iterator[Symptom]:
    if run.child is not None:
        child = f"its command still runs: {process_text(run.child)}"
        cure = "End its command, then mark it as failed; or resume it with:  agentdash run --run-id"
    else:
        where = f"process {run.pid} on {run.host or 'an unknown machine'}"
        child = "no command in its record" if run.pid is None else f"its command was {where}"
        cure = "Mark it as failed, or resume it with:  agentdash run --run-id"
    worker = f"worker: {worker_name(run.worker) if run.worker else 'unknown'}"
    yield Symptom(
        fingerprint=identity("ORPHANED_RUN", run.id.encode()),
        agent_id=WATCHER,
        category="ORPHANED_RUN",
        severity=Severity.HIGH,
        summary=f"{_name(run)}: {run.status} without a worker"
        + (", its command still running" if run.child else ""),
        run=run.id,
        evidence=(last_seen(run, now), worker, child),
        hypothesis="Its worker was killed, or its machine is down; a worker that exits records the end.",
        recommendation=f"{cure} {shell_word(run.id)} -- COMMAND",
        see=redis_cli("GET", keys.lock(run.id)),
        clears="It clears when a worker holds its lock, or the run has ended.",
    )


def _failed(run: Run, keys: RunKeys, now: int) -> Iterator[Symptom]:
    if run.ended_at is None or now - run.ended_at >= RECENT_MS or run.error_code == "orphaned":
        return
    retry = " A retry may succeed." if run.retryable else ""
    code = () if run.exit_code is None else (f"exit code {run.exit_code}",)
    yield Symptom(
        fingerprint=identity("RUN_FAILED", run.id.encode()),
        agent_id=WATCHER,
        category="RUN_FAILED",
        severity=Severity.MEDIUM,
        summary=f"{_name(run)}: failed: {activity_text(run)}"
        if activity_text(run) != "failed"
        else f"{_name(run)}: failed",
        run=run.id,
        evidence=(f"{run.error_code or 'failed'}: {run.error_message or 'no message'}", *code),
        hypothesis=None,
        recommendation=f"Read its last output and events.{retry}",
        see=redis_cli("XREVRANGE", keys.events(run.id), "+", "-", "COUNT", "20"),
        clears=f"It clears {age(RECENT_MS)} after the run failed.",
    )


def _retry_storm(run: Run, history: RunHistory, keys: RunKeys) -> Iterator[Symptom]:
    recent = history.retries_within(run.id, RETRIES_MS)
    if recent is None or recent < RETRIES:
        return
    yield Symptom(
        fingerprint=identity("RETRY_STORM", run.id.encode()),
        agent_id=WATCHER,
        category="RETRY_STORM",
        severity=Severity.MEDIUM,
        summary=f"{_name(run)}: {recent} retries in {age(RETRIES_MS)}",
        run=run.id,
        metrics=(("retries", float(run.retries or 0)), ("recentRetries", float(recent))),
        evidence=(f"now: {activity_text(run)}", f"{run.retries or 0} retries over the whole run"),
        hypothesis="A rate limit, an overloaded model, or a network that drops connections.",
        recommendation="Pause some runs to reduce the load.",
        see=redis_cli("XREVRANGE", keys.events(run.id), "+", "-", "COUNT", "20"),
        clears=f"It clears when there are fewer than {RETRIES} in {age(RETRIES_MS)}.",
    )


def _name(run: Run) -> str:
    return run.title[:60] or run.id
