"""The state of the fleet, what needs attention, and the order of lists."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from agentdash.core.findings.model import Finding, FindingStatus, Severity
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.snapshot import SourceState, Topic
from agentdash.core.store import Store

RECENT_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that needs attention: where it is, and why."""

    topic: Topic
    key: Hashable
    why: str


def run_needs_person(run: Run, now: int) -> bool:
    """Whether a run needs attention: it has no worker, or failed in the last 15 minutes."""
    if run.orphaned:
        return True
    return run.status is RunStatus.FAILED and run.ended_at is not None and now - run.ended_at < RECENT_MS


def run_order(run: Run, now: int) -> tuple[int, int]:
    """Sort key: needs attention, then live, then ended; newest first."""
    if run_needs_person(run, now):
        group = 0 if run.orphaned else 1
    elif run.status.terminal:
        group = 4
    else:
        group = 3 if run.status in {RunStatus.PAUSED, RunStatus.PAUSING} else 2
    return group, -(run.ended_at or run.started_at or run.created_at or 0)


def run_age_ms(run: Run, now: int) -> int | None:
    """The AGE of a run in ms: since the start of a live one, since the end of another; None where unknown."""
    since = run.ended_at if run.status.terminal else run.started_at or run.created_at
    return None if since is None else now - since


def service_in_trouble(service: Service) -> bool:
    """Whether a service is down, flapping, a zombie, or fails its probe."""
    bad = {ServiceState.DOWN, ServiceState.ZOMBIE, ServiceState.FLAPPING}
    if service.never_seen:
        return False
    return service.state in bad or (service.probe is not None and service.probe.ok is False)


def repo_in_trouble(repo: Repo) -> bool:
    """Whether a repository is broken, in conflict, or in the middle of an operation."""
    return repo.error is not None or bool(repo.conflicted) or repo.operation is not None


def open_findings(store: Store) -> list[Finding]:
    """Findings that are open, worst first as the store has them."""
    found = store.findings.findings if store.findings else ()
    return [finding for finding in found if finding.status is FindingStatus.OPEN]


def attention(store: Store, now: int) -> list[Attention]:
    """What needs attention, most urgent first."""
    needs: list[Attention] = []
    if store.runs:
        for run in sorted(store.runs.runs, key=lambda run: run_order(run, now)):
            if run_needs_person(run, now):
                why = "no worker" if run.orphaned else (run.error_message or "failed")
                needs.append(Attention(Topic.RUNS, run.id, f"{run.title or run.id}: {why}"))
    said = {need.key for need in needs}
    needs += [
        Attention(Topic.FINDINGS, finding.symptom.fingerprint, finding.symptom.summary)
        for finding in open_findings(store)
        if finding.symptom.severity in {Severity.CRITICAL, Severity.HIGH}
        and finding.cause is None
        and finding.symptom.run not in said
    ]
    if store.services:
        needs += [
            Attention(Topic.SERVICES, service.name, f"{service.name}: {service.state}")
            for service in store.services.services
            if service_in_trouble(service)
        ]
    if store.repos:
        needs += [
            Attention(Topic.REPOS, repo.path, f"{repo.name}: {repo.error or repo.operation or 'conflicts'}")
            for repo in store.repos.repos
            if repo_in_trouble(repo)
        ]
    return needs


def fleet_state(store: Store, now: int) -> str:
    """``CRITICAL``, ``DEGRADED``, ``OK``, or ``UNKNOWN`` while a source that it depends on is not read."""
    worst = min((finding.symptom.severity.rank for finding in open_findings(store)), default=99)
    if worst == Severity.CRITICAL.rank:
        return "CRITICAL"
    troubled = store.services is not None and any(service_in_trouble(s) for s in store.services.services)
    orphaned = store.runs is not None and any(run.orphaned for run in store.runs.runs)
    if worst == Severity.HIGH.rank or troubled or orphaned:
        return "DEGRADED"
    for topic in (Topic.RUNS, Topic.STREAMS):
        health = store.health.get(topic)
        if health is None or health.seen_at(now) is not SourceState.LIVE:
            return "UNKNOWN"
    for topic in (Topic.REPOS, Topic.SERVICES, Topic.LOGS):
        health = store.health.get(topic)
        if health is not None and health.state in {SourceState.LOADING, SourceState.ERROR}:
            return "UNKNOWN"
    if store.repos is not None and _not_all_read(store.repos):
        return "UNKNOWN"
    return "OK"


def _not_all_read(repos: ReposSnapshot) -> bool:
    """Whether some are not found, not listed or not read yet, or cannot be read."""
    lacking = not repos.complete or bool(repos.problems) or repos.unread > 0
    return lacking or any(repo.error is not None for repo in repos.repos)
