"""Why a run makes no progress: an ordered list of checks, each pass, fail or unknown. Pure.

A run that makes progress passes all of them, so the first failed one is the likely cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.runs.activity import event_line
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import ChildProbe, Run, RunStatus
from agentdash.core.runs.orphan import last_seen, worker_name
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.core.text import printable
from agentdash.core.units import age, percent, plural

IDLE_MS = 60_000
"""A run without an event for longer than this is idle."""
LOCK_MS = 5_000
"""A git lock older than this blocks other commands, or is stale."""
RETRIES_MS = 120_000


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a run.

    Attributes:
        name: ``state``, ``request``, ``lease``, ``event``, ``process``, ``retries``, ``message``, ``git``.
        statement: What is checked, e.g. ``a worker holds the lock``.
        passed: None where unknown.
        detail: What was observed, or why it is unknown.
    """

    name: str
    statement: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class RunBlockers:
    """The answer to `WhyOf`: all checks in their order, and a verdict in one sentence.

    Attributes:
        at: When the process was probed, Unix ms.
        child: The result of that, to evaluate the other checks again later.
    """

    run_id: str
    at: int
    checks: tuple[Check, ...]
    verdict: str
    child: ChildProbe


def find_blockers(
    run: Run,
    now: int,
    child: ChildProbe,
    *,
    history: RunHistory,
    streams: StreamsSnapshot | None,
    repos: ReposSnapshot | None,
) -> RunBlockers:
    """Check *run* at *now*, Unix ms; *streams* and *repos* are None where they are not read."""
    checks = (
        _state(run, now),
        _request(run, now),
        _lease(run, now),
        _event(run, now),
        _process(run, child),
        _retries(run, history),
        _message(run, streams),
        _git(run, repos),
    )
    return RunBlockers(run.id, now, checks, _verdict(run, checks), child)


def _state(run: Run, now: int) -> Check:
    statement = "state allows progress"
    reason = f": {run.reason}" if run.reason else ""
    since = f" {_ago(run.updated_at, now)}" if run.updated_at else ""
    match run.status:
        case RunStatus.RUNNING:
            return Check("state", statement, True, "running")
        case RunStatus.PAUSING:
            return Check("state", statement, True, f"pausing at the end of this turn{reason}")
        case RunStatus.PAUSED:
            return Check("state", statement, False, f"paused{since}{reason}; resume it")
        case RunStatus.QUEUED:
            return Check("state", statement, False, "queued, waiting for a worker")
        case RunStatus.CANCELLING:
            return Check("state", statement, False, f"cancelling{since}{reason}, terminating its processes")
        case RunStatus.UNKNOWN:
            return Check("state", statement, None, f"unknown state {run.status_text or '(none)'}")
    ended = _ago(run.ended_at, now)
    cause = run.error_message or run.completion or run.reason
    return Check("state", statement, False, f"{run.status} {ended}".strip() + (f": {cause}" if cause else ""))


def _request(run: Run, now: int) -> Check:
    statement = "no pending request"
    if run.requested is None:
        return Check("request", statement, True, "none")
    detail = f"{run.requested} requested {_ago(run.requested_at, now)}".strip()
    return Check("request", statement, False, detail)


def _lease(run: Run, now: int) -> Check:
    statement = "a worker holds the lock"
    if run.status.terminal:
        return Check("lease", statement, None, "ended, none needed")
    if run.lock_owner is not None:
        left = f", for another {age(run.lock_ttl_ms)}" if run.lock_ttl_ms else ""
        return Check("lease", statement, True, f"{worker_name(run.lock_owner)}{left}")
    if run.orphaned is None:
        return Check("lease", statement, None, "the lock could not be read")
    if not run.orphaned:
        return Check("lease", statement, None, "no worker has started yet")
    return Check("lease", statement, False, f"none; {last_seen(run, now)}")


def _event(run: Run, now: int) -> Check:
    statement = "output in the last minute"
    if run.last_event_at is None:
        return Check("event", statement, None, "no event yet")
    idle = now - run.last_event_at
    text = "" if run.last_event is None else f": {event_line(run.last_event)}"
    return Check("event", statement, idle <= IDLE_MS, f"{age(idle)} ago{text}")


def _process(run: Run, child: ChildProbe) -> Check:
    statement = "command running"
    if not child.alive:
        return Check("process", statement, child.alive, child.reason)
    others = f" and {plural(child.processes - 1, 'descendant')}" if child.processes > 1 else ""
    busy = "" if child.cpu_percent is None else f", {percent(child.cpu_percent)} CPU"
    detail = f"process {run.pid}{others}: {child.status}{busy} ({child.command})"
    return Check("process", statement, child.status != "stopped", detail)


def _retries(run: Run, history: RunHistory) -> Check:
    statement = "API responding"
    recent = history.retries_within(run.id, RETRIES_MS)
    if run.retries is None or recent is None:
        return Check("retries", statement, None, "its program reports no retries")
    detail = f"{_retry_count(recent)} in the last two minutes, {run.retries} in total"
    return Check("retries", statement, recent == 0, detail)


def _retry_count(count: int) -> str:
    return plural(count, "retry", "retries")


def _message(run: Run, streams: StreamsSnapshot | None) -> Check:
    statement = "no pending message"
    if streams is None:
        return Check("message", statement, None, "streams are not read")
    pending = list(_pending(run, streams))
    if not pending:
        return Check("message", statement, True, "no consumer with its name has pending entries")
    stream, group, consumer, count = pending[0]
    more = f", and in {plural(len(pending) - 1, 'more group')}" if len(pending) > 1 else ""
    detail = f"{consumer} has {plural(count, 'pending message')} of {stream}, group {group}{more}"
    return Check("message", statement, False, detail)


def _pending(run: Run, streams: StreamsSnapshot) -> Iterator[tuple[str, str, str, int]]:
    """(stream, group, consumer, pending) of consumers named as the run or its worker."""
    names = {run.id.encode(), *(name.encode() for name in (run.worker, run.lock_owner) if name)}
    for stream in streams.streams:
        for group in stream.groups:
            for consumer in group.consumers:
                if consumer.name in names and consumer.pending:
                    yield (
                        as_text(stream.name),
                        as_text(group.name),
                        as_text(consumer.name),
                        consumer.pending,
                    )


def _git(run: Run, repos: ReposSnapshot | None) -> Check:
    statement = "no git lock"
    if repos is None:
        return Check("git", statement, None, "repositories are not read")
    repo = RepoIndex(repos).of_run(run)
    if repo is None:
        where = f"{run.cwd} is in no watched repository" if run.cwd else "its folder is unknown"
        return Check("git", statement, None, printable(where))
    if repo.lock_age_ms is None:
        return Check("git", statement, True, f"no index.lock in {repo.name}")
    detail = f"index.lock in {repo.name} for {age(repo.lock_age_ms)}"
    return Check("git", statement, repo.lock_age_ms < LOCK_MS, detail)


def _verdict(run: Run, checks: tuple[Check, ...]) -> str:
    by_name = {check.name: check for check in checks}
    for name in ("state", "lease", "process", "request", "git", "message", "retries"):
        check = by_name[name]
        if check.passed is False:
            return check.detail
    if by_name["event"].passed is False:
        unknown = ", ".join(check.name for check in checks if check.passed is None)
        rest = f"; unknown: {unknown}" if unknown else ""
        return f"idle, no known blocker{rest}"
    return "making progress" if run.status is RunStatus.RUNNING else "no known blocker"


def _ago(at: int | None, now: int) -> str:
    return "" if at is None else f"{age(max(0, now - at))} ago"
