"""The rules about runs: what is wrong with one, as symptoms; the tracker gives them a life. Pure.

A record that cannot be understood is LOW (the run shows all the same), a run without its worker HIGH, one
whose program gets no answers or that failed a short while ago MEDIUM. What is not known raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.runs.activity import doing, malformed_words
from agentdash.core.runs.blockers import last_seen, worker_words
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import Run, RunKeys, RunsSnapshot, RunStatus
from agentdash.core.runs.orphan import child_words
from agentdash.core.symptom_text import identity, redis_cli, shell_word
from agentdash.core.units import age, plural

WATCHER = "RUN_WATCHER"
OPEN_AFTER_S = 1.0
"""A symptom of a run lasts so long before it is said: the lease was patient enough."""
RETRIES_MS = 120_000
RETRIES = 5
"""Retries in `RETRIES_MS` from which on it is a storm."""
RECENT_MS = 15 * 60_000
"""A failed run is spoken of for so long."""


def run_symptoms(snapshot: RunsSnapshot, history: RunHistory, keys: RunKeys, now: int) -> list[Symptom]:
    """What is wrong with the runs of one snapshot.

    Args:
        snapshot: The runs.
        history: Their last minutes.
        keys: For the commands that show it.
        now: Unix ms.
    """
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
    names = malformed_words(run)
    odd = f"; its state is {run.status_text!r}" if run.status is RunStatus.UNKNOWN and run.status_text else ""
    yield Symptom(
        fingerprint=identity("MALFORMED_RUN", run.id.encode()),
        agent_id=WATCHER,
        category="MALFORMED_RUN",
        severity=Severity.LOW,
        summary=f"{_name(run)}: record not understood: {names}",
        run=run.id,
        evidence=(f"fields or keys: {names}{odd}",),
        hypothesis="Another program, or another version, writes this record.",
        recommendation="Nothing is lost: the run shows. Mend its writer; docs/runs.md has the fields.",
        see=redis_cli("HGETALL", keys.meta(run.id)),
        clears="It clears when the record can be understood, or is gone.",
    )


def _orphaned(run: Run, keys: RunKeys, now: int) -> Iterator[Symptom]:
    if run.child is not None:
        child = f"its command still runs: {child_words(run.child)}"
        cure = "End its command, then mark it as failed; or go on with:  agentdash run --run-id"
    elif run.pid is not None:
        child = f"its command was process {run.pid} on {run.host or 'a machine that is not known'}"
        cure = "Mark it as failed, or go on with:  agentdash run --run-id"
    else:
        child, cure = (
            "no command of it runs, by its record",
            "Mark it as failed, or go on with:  agentdash run --run-id",
        )
    worker = f"worker: {worker_words(run.worker)}" if run.worker else "worker: never named"
    yield Symptom(
        fingerprint=identity("ORPHANED_RUN", run.id.encode()),
        agent_id=WATCHER,
        category="ORPHANED_RUN",
        severity=Severity.HIGH,
        summary=f"{_name(run)}: {run.status} without a worker"
        + (", its command goes on" if run.child else ""),
        run=run.id,
        evidence=(last_seen(run, now), worker, child),
        hypothesis="Its worker was killed, or its machine is gone; a worker that ends says so in the record.",
        recommendation=f"{cure} {shell_word(run.id)} -- COMMAND",
        see=redis_cli("GET", keys.lock(run.id)),
        clears="It clears when a worker holds its lock, or its state says that it has ended.",
    )


def _failed(run: Run, keys: RunKeys, now: int) -> Iterator[Symptom]:
    if run.ended_at is None or now - run.ended_at >= RECENT_MS or run.error_code == "orphaned":
        return
    retry = " It may work at another time." if run.retryable else ""
    code = () if run.exit_code is None else (f"exit code {run.exit_code}",)
    yield Symptom(
        fingerprint=identity("RUN_FAILED", run.id.encode()),
        agent_id=WATCHER,
        category="RUN_FAILED",
        severity=Severity.MEDIUM,
        summary=f"{_name(run)}: failed: {doing(run)}" if doing(run) != "failed" else f"{_name(run)}: failed",
        run=run.id,
        evidence=(f"{run.error_code or 'failed'}: {run.error_message or 'no message'}", *code),
        hypothesis=None,
        recommendation=f"Look at its last output and events.{retry}",
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
        summary=f"{_name(run)}: asked again {recent} times in {age(RETRIES_MS)}",
        run=run.id,
        metrics=(("retries", float(run.retries or 0)), ("recentRetries", float(recent))),
        evidence=(f"now: {doing(run)}", f"{plural(run.retries or 0, 'time')} over the whole run"),
        hypothesis="A rate limit, an overloaded model, or a network that drops connections.",
        recommendation="Pause some runs, so that the others get answers.",
        see=redis_cli("XREVRANGE", keys.events(run.id), "+", "-", "COUNT", "20"),
        clears=f"It clears when there were fewer than {RETRIES} in {age(RETRIES_MS)}.",
    )


def _name(run: Run) -> str:
    return run.title[:60] or run.id
