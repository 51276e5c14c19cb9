"""Changes between two snapshots, as lines for the activity log."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.findings.model import FindingsSnapshot, FindingStatus, InboxSnapshot, Severity
from agentdash.core.logs.model import Level, LogBatch
from agentdash.core.repos.changes import repo_changes
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.runs.model import RunsSnapshot, RunStatus
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.services.model import ServicesSnapshot, ServiceState
from agentdash.core.snapshot import Snapshot
from agentdash.core.streams.model import StreamsSnapshot

Line = tuple[str, str, Level]
"""(actor, step, level)."""

_LEVELS = {Severity.CRITICAL: Level.ERROR, Severity.HIGH: Level.ERROR, Severity.MEDIUM: Level.WARN}


def run_news(before: RunsSnapshot | None, after: RunsSnapshot) -> list[Line]:
    """One line for each run that changed its status or lost its worker."""
    if before is None:
        return []
    old = {run.id: run for run in before.runs}
    lines: list[Line] = []
    for run in after.runs:
        was = old.get(run.id)
        if was is run:
            continue
        name = f"run {run.title or run.id}"
        if was is None:
            lines.append((name, f"appeared, {run.status}", Level.INFO))
        elif was.status is not run.status:
            why = f": {run.error_message}" if run.error_message else ""
            level = Level.ERROR if run.status is RunStatus.FAILED else Level.INFO
            lines.append((name, f"{was.status}→{run.status}{why}", level))
        if run.orphaned and not (was and was.orphaned):
            lines.append((name, "orphaned: no worker holds its lock", Level.ERROR))
    return lines


def repo_news(before: ReposSnapshot | None, after: ReposSnapshot) -> list[Line]:
    """One line for each change of a repository."""
    if before is None:
        return []
    old = {repo.path: repo for repo in before.repos}
    lines: list[Line] = []
    for repo in after.repos:
        was = old.pop(repo.path, None)
        if was is None:
            lines.append((f"repo {repo.name}", "found", Level.INFO))
        elif was is not repo:
            lines += [
                (f"repo {repo.name}", change, Level.ERROR if repo.error else Level.INFO)
                for change in repo_changes(was, repo)
            ]
    if after.complete:
        lines += [(f"repo {gone.name}", "gone", Level.INFO) for gone in old.values()]
    return lines


def service_news(before: ServicesSnapshot | None, after: ServicesSnapshot) -> list[Line]:
    """One line for each service that changed its state or has a new process."""
    if before is None:
        return []
    old = {service.name: service for service in before.services}
    lines: list[Line] = []
    for service in after.services:
        was = old.get(service.name)
        if was is None or was is service:
            continue
        level = Level.INFO if service.state in {ServiceState.UP, ServiceState.STARTING} else Level.ERROR
        if was.state is not service.state:
            lines.append((f"service {service.name}", f"{was.state}→{service.state}", level))
        elif was.pid != service.pid and service.pid is not None:
            lines.append(
                (f"service {service.name}", f"new process {service.pid} (was {was.pid})", Level.INFO)
            )
    return lines


def finding_news(before: FindingsSnapshot | None, after: FindingsSnapshot) -> list[Line]:
    """One line for each finding that opened or was resolved."""
    old = {f.symptom.fingerprint: f for f in before.findings} if before else {}
    lines: list[Line] = []
    for finding in after.findings:
        was = old.get(finding.symptom.fingerprint)
        if finding.status is (was.status if was else None):
            continue
        stream = f"{as_text(finding.symptom.stream)}: " if finding.symptom.stream else ""
        what = f"{finding.symptom.severity} {stream}{finding.symptom.summary}"
        if finding.status is FindingStatus.OPEN:
            lines.append(
                (
                    f"finding {finding.finding_id}",
                    f"opened: {what}",
                    _LEVELS.get(finding.symptom.severity, Level.INFO),
                )
            )
        elif finding.status is FindingStatus.RESOLVED:
            lines.append((f"finding {finding.finding_id}", f"resolved: {what}", Level.INFO))
    return lines


def describe(snapshot: Snapshot | None) -> str:
    """What a pass has read, for the activity log."""
    match snapshot:
        case StreamsSnapshot():
            groups = sum(len(stream.groups) for stream in snapshot.streams)
            trips = units.plural(snapshot.round_trips, "round trip")
            return (
                f"{units.plural(len(snapshot.streams), 'stream')}, {units.plural(groups, 'group')} in {trips}"
            )
        case RunsSnapshot():
            return units.plural(len(snapshot.runs), "run")
        case ReposSnapshot():
            started = units.plural(snapshot.git_processes, "time")
            return f"{len(snapshot.repos)} repositories, git started {started}"
        case ServicesSnapshot():
            return units.plural(len(snapshot.services), "service")
        case LogBatch():
            return units.plural(len(snapshot.lines), "line")
        case InboxSnapshot():
            return units.plural(len(snapshot.findings), "finding")
    return ""
