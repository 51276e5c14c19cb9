"""The views as tables for people: the same facts as the documents, in few columns and short units."""

from __future__ import annotations

from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.findings.model import Finding, Severity
from agentdash.core.fleet import run_age_ms
from agentdash.core.repos.model import Repo
from agentdash.core.runs.activity import doing, tokens_words
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import (
    Group,
    Lag,
    LagGrade,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)
from agentdash.core.text import decode
from agentdash.core.units import UNKNOWN, age, count, percent, plural, size
from agentdash.headless.grid import Cell, Grid, Row, columns_of

_RUN_TONES = {
    RunStatus.RUNNING: "good",
    RunStatus.PAUSING: "warn",
    RunStatus.PAUSED: "warn",
    RunStatus.CANCELLING: "warn",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELLED: "dim",
    RunStatus.COMPLETED: "dim",
}
_SERVICE_TONES = {ServiceState.UP: "good", ServiceState.STARTING: "warn", ServiceState.UNKNOWN: "dim"}
_SEVERITY_TONES = {Severity.CRITICAL: "bad", Severity.HIGH: "bad", Severity.MEDIUM: "warn"}
_STATUS_TONES = {"HEALTHY": "good", "DEGRADED": "warn", "CRITICAL": "bad"}
_LAG_SIGNS = {LagGrade.EXACT: "", LagGrade.BOUNDED: "≥", LagGrade.ESTIMATED: "≈"}


def table(topic: Topic, store: Store, now: int) -> Grid:
    """The table of a view; logs have none, see `headless.lines`."""
    match topic:
        case Topic.RUNS:
            return _runs(store, now)
        case Topic.STREAMS:
            return _streams(store.streams)
        case Topic.REPOS:
            return _repos(store, now)
        case Topic.SERVICES:
            return _services(store, now)
        case Topic.FINDINGS:
            return _findings(store, now)
        case Topic.LOGS:
            raise ValueError("logs are lines, not a table")


def _since(at: int | None, now: int) -> str:
    return age(None if at is None else now - at)


def _runs(store: Store, now: int) -> Grid:
    columns = columns_of("RUN | STATUS | >TURN | >TOKENS | >AGE | >QUIET | ~TITLE | ~DOING")
    rows = tuple(_run(run, now) for run in (store.runs.runs if store.runs else ()))
    return Grid(columns, rows, "no runs yet: start one with `agentdash run -- COMMAND`")


def _run(run: Run, now: int) -> Row:
    tone = "bad" if run.orphaned else _RUN_TONES.get(run.status, "")
    status = "orphaned" if run.orphaned else run.status_text or run.status.value
    turns = f"{count(run.current_turn)}/{count(run.max_turns)}" if run.max_turns else count(run.current_turn)
    return (
        run.id,
        Cell(f"{status} ({run.requested} requested)" if run.requested else status, tone),
        turns,
        tokens_words(run),
        age(run_age_ms(run, now)),
        UNKNOWN if run.status.terminal else _since(run.last_event_at, now),
        run.title,
        doing(run),
    )


def _streams(snapshot: StreamsSnapshot | None) -> Grid:
    columns = columns_of(
        "~STREAM | >LENGTH | >/MIN | STATUS | ~GROUP | >CONS | >LAG | >PENDING | >OLDEST | VERDICT"
    )
    rows: list[Row] = []
    if snapshot is not None:
        for stream, judgement in snapshot.judged:
            head: Row = (
                decode(stream.name),
                count(stream.length),
                count(judgement.rate_in),
                Cell(judgement.status, _STATUS_TONES.get(judgement.status, "dim")),
            )
            if not stream.groups:
                rows.append((*head, Cell(stream.error or _no_group(stream), "dim"), "", "", "", "", ""))
            for number, group in enumerate(stream.groups):
                rows.append((*(head if number == 0 else ("", "", "", "")), *_group(group, judgement)))
    return Grid(columns, tuple(rows), "no streams on this server")


def _no_group(stream: Stream) -> str:
    return "no group" if stream.groups_known else "? groups are not told"


def _group(group: Group, judgement: StreamJudgement) -> Row:
    oldest = group.oldest_pending
    return (
        decode(group.name),
        count(len(group.consumers)),
        _lag(group.lag),
        count(group.pending),
        age(oldest.idle_ms) if oldest else UNKNOWN,
        _verdict(group, judgement),
    )


def _verdict(group: Group, judgement: StreamJudgement) -> str:
    """The verdict; before there is one, what can be said against the group at once."""
    judged = judgement.group(group.name)
    if judged is None:
        return UNKNOWN
    if judged.verdict is not Verdict.WATCHING or judgement.status not in {"CRITICAL", "DEGRADED"}:
        return judged.verdict.value
    if judged.active == 0 and (group.lag.value or group.pending):
        return f"{judged.verdict}: nobody reads"
    return f"{judged.verdict}: {_lag(group.lag)} behind" if group.lag.value else judged.verdict.value


def _lag(lag: Lag) -> str:
    return "?" if lag.value is None else _LAG_SIGNS.get(lag.grade, "") + count(lag.value)


def _repos(store: Store, now: int) -> Grid:
    columns = columns_of(
        "REPOSITORY | ~BRANCH | SYNC | >STAGED | >CHANGED | >NEW | >STASH | STATE | >COMMIT | ~SUBJECT"
    )
    rows = tuple(_repo(repo, now) for repo in (store.repos.repos if store.repos else ()))
    return Grid(columns, rows, "no repositories below " + ", ".join(store.repos.roots if store.repos else ()))


def _repo(repo: Repo, now: int) -> Row:
    return (
        repo.name,
        _branch(repo),
        _sync(repo),
        count(repo.staged),
        count(repo.unstaged),
        count(repo.untracked),
        count(repo.stash),
        _repo_state(repo),
        OUT_OF_RANGE if repo.committed_out_of_range else _since(repo.committed_at, now),
        repo.error
        or repo.subject
        or ("not read yet" if repo.unread else "" if repo.head else "no commits yet"),
    )


def _branch(repo: Repo) -> Cell:
    """The branch, or what stands in its place, as in the pane: an operation, a detached HEAD."""
    if repo.operation:
        words = (repo.operation, repo.operation_step, repo.operation_branch or repo.branch)
        return Cell(" ".join(word for word in words if word), "bad")
    return Cell(f"({(repo.head or '')[:7]})" if repo.detached else repo.branch or UNKNOWN)


def _sync(repo: Repo) -> str:
    if repo.upstream_gone:
        return "gone"
    if repo.upstream is None:
        return f"↑{repo.loose}" if repo.loose else UNKNOWN
    marks = [f"{sign}{number}" for sign, number in (("↑", repo.ahead), ("↓", repo.behind)) if number]
    return " ".join(marks) or "="


def _repo_state(repo: Repo) -> Cell:
    if repo.error:
        return Cell("error", "bad")
    if repo.conflicted:
        return Cell(plural(repo.conflicted, "conflict"), "bad")
    if repo.staged is None:
        return Cell(UNKNOWN, "dim")
    return Cell("dirty", "warn") if repo.dirty else Cell("clean", "good")


def _services(store: Store, now: int) -> Grid:
    columns = columns_of(
        "SERVICE | STATE | >PID | >UP | >CPU | >MEMORY | PORTS | >RESTARTS | >SILENT | ~LAST LINE"
    )
    rows = tuple(_service(service, now) for service in (store.services.services if store.services else ()))
    return Grid(columns, rows, "no services are set or found: name them as [[services]] in agentdash.toml")


def _service(service: Service, now: int) -> Row:
    return (
        service.name,
        Cell(service.state.value, _SERVICE_TONES.get(service.state, "bad")),
        str(service.pid) if service.pid else UNKNOWN,
        _since(service.create_time, now),
        percent(service.cpu_percent),
        size(service.rss_bytes),
        ",".join(map(str, service.ports)) or UNKNOWN,
        count(service.restarts),
        _since(service.last_line_at, now),
        service.error or service.last_line or "",
    )


def _findings(store: Store, now: int) -> Grid:
    columns = columns_of("SEVERITY | ID | STATUS | CATEGORY | ~WHERE | >SINCE | >TIMES | ~SUMMARY")
    rows = tuple(_finding(finding, now) for finding in (store.findings.findings if store.findings else ()))
    return Grid(columns, rows, "no findings")


def _finding(finding: Finding, now: int) -> Row:
    symptom = finding.symptom
    names = [
        decode(raw) for raw in (symptom.stream, symptom.consumer_group, symptom.consumer) if raw is not None
    ]
    where = " › ".join(names) or symptom.run or symptom.repo or symptom.service or ""
    return (
        Cell(symptom.severity.value, _SEVERITY_TONES.get(symptom.severity, "")),
        finding.finding_id,
        finding.status.value,
        symptom.category,
        where,
        _since(finding.first_seen, now),
        count(finding.count),
        symptom.summary,
    )
