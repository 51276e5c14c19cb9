"""Runs, repositories, services, findings and log lines as items of their views."""

from __future__ import annotations

import math

from agentdash.core.findings.model import Finding
from agentdash.core.logs.model import LogLine
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import ChildSeen, Run
from agentdash.core.services.model import Probe, Service, ServiceProcess
from agentdash.headless.names import named

Item = dict[str, object]


def run_item(run: Run, tokens_per_min: float | None = None) -> Item:
    """One run. ``tokens`` is the total; its parts stand in ``tokenCounts``, their rate is given."""
    last = run.last_event
    return {
        "id": run.id,
        "source": run.source,
        "title": run.title,
        "status": run.status.value,
        "statusText": run.status_text or None,
        "requested": run.requested.value if run.requested else None,
        "orphaned": run.orphaned,
        "currentTurn": run.current_turn,
        "maxTurns": run.max_turns,
        "tokens": run.tokens.total,
        "tokenCounts": {
            "input": run.tokens.input,
            "output": run.tokens.output,
            "cached": run.tokens.cached,
        },
        "pid": run.pid,
        "host": run.host,
        "cwd": run.cwd,
        "command": list(run.command) or None,
        "reason": run.reason,
        "createdAt": run.created_at,
        "startedAt": run.started_at,
        "updatedAt": run.updated_at,
        "endedAt": run.ended_at,
        "lastEventAt": run.last_event_at,
        "lastEvent": {"id": last.id, "type": last.type, "at": last.at, "turn": last.turn} if last else None,
        "completion": run.completion,
        "exitCode": run.exit_code,
        "error": run.error_message or run.error_code,
        "errorCode": run.error_code,
        "malformed": list(run.malformed),
        "turns": run.turns,
        "turnStartedAt": run.turn_started_at,
        "retries": run.retries,
        "plan": None if run.plan_total is None else {"done": run.plan_done, "total": run.plan_total},
        "worker": run.lock_owner or run.worker,
        "workerSeenAt": run.worker_seen_at,
        "child": _child(run.child),
        "retryable": run.retryable,
        "tokensPerMin": None if tokens_per_min is None else round(tokens_per_min, 1),
        "commandLeftOut": run.command_left_out,
    }


def _child(child: ChildSeen | None) -> Item | None:
    if child is None:
        return None
    return {
        "pid": child.pid,
        "host": child.host,
        "createdAt": child.created_at,
        "command": child.command,
        "processes": child.processes,
    }


def repo_item(repo: Repo, runs: list[str] | None = None) -> Item:
    """One repository; *runs* are the ids of those at work in it, None where runs are not known."""
    return {
        "path": repo.path,
        "name": repo.name,
        "kind": repo.kind.value,
        "branch": repo.branch,
        "detached": repo.detached,
        "head": repo.head,
        "subject": repo.subject,
        "author": repo.author,
        "committedAt": repo.committed_at,
        "upstream": repo.upstream,
        "upstreamGone": repo.upstream_gone,
        "ahead": repo.ahead,
        "behind": repo.behind,
        "staged": repo.staged,
        "unstaged": repo.unstaged,
        "untracked": repo.untracked,
        "conflicted": repo.conflicted,
        "renamed": repo.renamed,
        "stash": repo.stash,
        "operation": repo.operation.value if repo.operation else None,
        "operationStep": repo.operation_step,
        "operationBranch": repo.operation_branch,
        "shallow": repo.shallow,
        "submodules": {
            "total": repo.submodules.total,
            "uninitialised": repo.submodules.uninitialised,
            "moved": repo.submodules.moved,
            "folders": list(repo.submodules.folders),
        },
        "error": repo.error,
        "changed": repo.changes_total if repo.unstaged is not None else None,
        "operationSince": repo.operation_since,
        "lockAgeMs": repo.lock_age_ms,
        "lockHeld": repo.lock_held,
        "onlyHere": repo.only_here,
        "runs": runs,
    }


def service_item(service: Service, now: int) -> Item:
    """One service; ``silentMs`` is as of *now*."""
    return {
        "name": service.name,
        "state": service.state.value,
        "pid": service.pid,
        "createTime": service.create_time,
        "command": service.command,
        "cwd": service.cwd,
        "cpuPercent": service.cpu_percent,
        "rssBytes": service.rss_bytes,
        "rssTrendPerMin": service.rss_trend,
        "threads": service.threads,
        "openFiles": service.open_files,
        "children": service.children,
        "ports": list(service.ports),
        "restarts": service.restarts,
        "downSince": service.down_since,
        "exitCode": service.exit_code,
        "exitUnknown": service.exit_unknown,
        "processes": [_process(process) for process in service.processes],
        "probe": _probe(service.probe),
        "lastLine": service.last_line,
        "silentMs": None if service.last_line_at is None else max(0, now - service.last_line_at),
        "error": service.error,
    }


def _process(process: ServiceProcess) -> Item:
    return {
        "pid": process.pid,
        "parent": process.parent,
        "createdAt": process.created_at,
        "command": process.command,
        "status": process.status,
        "cpuPercent": process.cpu_percent,
        "rssBytes": process.rss_bytes,
        "threads": process.threads,
    }


def _probe(probe: Probe | None) -> Item | None:
    if probe is None:
        return None
    return {
        "kind": probe.kind,
        "target": probe.target,
        "ok": probe.ok,
        "latencyMs": probe.latency_ms,
        "error": probe.error,
    }


def finding_item(finding: Finding) -> Item:
    """One finding; ``timestamp`` is when it was first seen."""
    symptom = finding.symptom
    return {
        "findingId": finding.finding_id,
        "fingerprint": symptom.fingerprint,
        "agentId": symptom.agent_id,
        "category": symptom.category,
        "severity": symptom.severity.value,
        "priority": symptom.priority,
        "summary": symptom.summary,
        "status": finding.status.value,
        "service": symptom.service,
        **named("stream", symptom.stream),
        **named("consumerGroup", symptom.consumer_group),
        **named("consumer", symptom.consumer),
        "run": symptom.run,
        "repo": symptom.repo,
        "timestamp": finding.first_seen,
        "firstSeen": finding.first_seen,
        "lastSeen": finding.last_seen,
        "count": finding.count,
        "correlationId": symptom.correlation_id,
        "messageIds": list(symptom.message_ids),
        "metrics": {name: plain(value) for name, value in symptom.metrics},
        "evidence": list(symptom.evidence),
        "pattern": symptom.pattern,
        "hypothesis": symptom.hypothesis,
        "recommendation": symptom.recommendation,
        "expected": symptom.expected,
        "actual": symptom.actual,
        "affectedFiles": list(symptom.affected_files) or None,
        "relatedFindings": list(symptom.related_findings) or None,
        "cause": finding.cause,
        "outside": finding.outside,
        "reason": finding.reason,
        "mutedUntil": finding.muted_until,
        "see": symptom.see,
        "clears": symptom.clears,
    }


def log_item(line: LogLine) -> Item:
    """One line of a log; ``time`` is its own, ``seenAt`` when it was read."""
    return {
        "source": line.source,
        "offset": line.offset,
        "time": line.at,
        "seenAt": line.seen_at,
        "level": line.level.value if line.level else None,
        "service": line.service,
        "message": line.message,
        "correlationId": line.correlation_id,
        "fields": plain(line.fields),
        "continues": line.continues,
        "masked": list(line.masked),
    }


def plain(value: object, depth: int = 16) -> object:
    """*value* as JSON can hold it: no NaN or infinity (null), no foreign types (their text), not too deep."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict() if depth:
            return {str(key): plain(item, depth - 1) for key, item in value.items()}
        case list() | tuple() if depth:
            return [plain(item, depth - 1) for item in value]
        case dict() | list() | tuple():
            return "…"
        case _:
            return str(value)
