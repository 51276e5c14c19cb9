"""The shapes of the documents, published as JSON Schema by ``agentdash config schema VIEW``.

Imported only to publish and to test: the documents themselves are made by `views` without pydantic. Readers
must let pass fields that they do not know, since fields are added within a version.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from agentdash.core.findings.model import FindingStatus, Severity
from agentdash.core.logs.model import Level
from agentdash.core.repos.model import Operation, RepoKind
from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.core.services.model import ServiceState
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.core.streams.model import Cap, LagGrade, Verdict


class Shape(BaseModel):
    """Every key is always there; null is *unknown* or *not so*. Times are Unix ms."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Health(Shape):
    """How the source of a view is doing."""

    state: Literal["ok", "stale", "error", "absent"]
    error: str | None = Field(description="what failed, in words")
    cure: str | None = Field(description="what to do about it")
    age_ms: int | None = Field(description="since the last pass that worked")
    gaps: list[str] = Field(description="what could not be read, each with the reason")


class View(Shape):
    """What all views share."""

    host: str
    taken_at: int | None
    health: Health


class TokenCounts(Shape):
    """The parts of a run's tokens."""

    input: int | None
    output: int | None
    cached: int | None


class LastEvent(Shape):
    """The newest event of a run."""

    id: str
    type: str
    at: int | None
    turn: int | None


class Plan(Shape):
    """Steps of an agent's plan."""

    done: int | None
    total: int


class Child(Shape):
    """A process that executes the command of a run."""

    pid: int
    host: str
    created_at: int
    command: str
    processes: int = Field(description="it and those that descend from it")


class Run(Shape):
    """One run of an agent."""

    id: str
    source: str
    title: str
    status: RunStatus
    status_text: str | None = Field(description="what the record says, where `status` does not know it")
    requested: ControlAction | None = Field(description="asked for, effect not seen yet")
    orphaned: bool | None = Field(description="live by its record, but no worker holds its lock")
    current_turn: int | None
    max_turns: int | None
    tokens: int | None
    token_counts: TokenCounts
    pid: int | None
    host: str | None
    cwd: str | None
    command: list[str] | None
    reason: str | None
    created_at: int | None
    started_at: int | None
    updated_at: int | None
    ended_at: int | None
    last_event_at: int | None
    last_event: LastEvent | None
    completion: str | None
    exit_code: int | None
    error: str | None
    error_code: str | None
    malformed: list[str] = Field(description="fields of the record that could not be understood")
    turns: int | None = Field(description="turns that are done")
    turn_started_at: int | None
    retries: int | None = Field(description="how often its program had to ask a model again")
    plan: Plan | None = Field(description="the agent's own list of steps")
    worker: str | None = Field(description="the token of its worker: host:pid:random")
    worker_seen_at: int | None = Field(description="of an orphan: when a worker was last seen to hold it")
    child: Child | None = Field(description="of an orphan: its command, where it still runs on this machine")
    retryable: bool | None = Field(description="of a failed run: whether it could work at another time")
    tokens_per_min: float | None = Field(
        description="of a running run, over the last minute; null until it was watched for 10 s"
    )
    command_left_out: int = Field(description="characters of a long command that are not in `command`")


class RunsView(View):
    """``agentdash runs --json``."""

    schema_: Literal["agentdash/runs/1"] = Field(alias="schema")
    total: int | None = Field(description="runs in the index; more than `items` where the list is cut")
    items: list[Run]


class Lag(Shape):
    """Entries that a group has yet to be given; for ``bounded`` the least there are."""

    value: int | None
    grade: LagGrade
    reason: str | None


class OldestPending(Shape):
    """The entry of a group that waits for its acknowledgement the longest."""

    id: str
    consumer: str
    consumer_hex: str | None
    idle_ms: int = Field(description="since it was last delivered")
    entry_age_ms: int | None = Field(description="since it was added, where its id is a time")
    deliveries: int


class Consumer(Shape):
    """One consumer of a group."""

    name: str
    name_hex: str | None
    pending: int
    idle_ms: int | None = Field(description="since its last attempt to read (before Redis 7.2: success)")
    inactive_ms: int | None = Field(description="since its last success; -1 never; null before Redis 7.2")


class Group(Shape):
    """One consumer group."""

    name: str
    name_hex: str | None
    pending: int
    lag: Lag
    last_delivered_id: str
    entries_read: int | None
    verdict: Verdict | None
    verdict_since: int | None
    why: str | None
    drain_per_min: float | None
    forecast_seconds: float | None = Field(description="until it has caught up; null: never, or unknown")
    active_consumers: int | None
    oldest_pending: OldestPending | None
    consumers_known: bool = Field(description="false: the server's ACL withholds them; there may be any")
    consumers: list[Consumer]


class Stream(Shape):
    """One stream."""

    name: str = Field(description="printable")
    name_hex: str | None = Field(description="the key, where `name` is not exactly it")
    length: int
    first_id: str | None
    last_id: str | None
    entries_added: int | None
    max_deleted_id: str | None
    memory_bytes: int | None
    rate_per_min: float | None
    cap: Cap
    fields: list[str] | None
    producers: list[str] | None
    status: Literal["HEALTHY", "DEGRADED", "CRITICAL", "UNKNOWN"]
    sampled: bool = Field(description="false: memory, fields and producers were not looked up yet")
    groups_known: bool = Field(description="false: the server's ACL withholds them; there may be any")
    groups: list[Group]
    error: str | None


class StreamsView(View):
    """``agentdash streams --json``."""

    schema_: Literal["agentdash/streams/1"] = Field(alias="schema")
    server: str | None
    known: int | None
    scan_complete: bool | None
    items: list[Stream]


class Submodules(Shape):
    """How the submodules of a repository are."""

    total: int
    uninitialised: int
    moved: int
    folders: list[str] = Field(description="where they are, below the repository")


class Repo(Shape):
    """One repository."""

    path: str
    name: str
    kind: RepoKind
    branch: str | None
    detached: bool
    head: str | None
    subject: str | None
    author: str | None
    committed_at: int | None
    upstream: str | None
    upstream_gone: bool
    ahead: int | None
    behind: int | None
    staged: int | None
    unstaged: int | None
    untracked: int | None
    conflicted: int | None
    renamed: int | None
    stash: int | None
    operation: Operation | None
    operation_step: str | None
    operation_branch: str | None = Field(description="the branch it goes back to, while HEAD is detached")
    shallow: bool
    submodules: Submodules
    error: str | None
    changed: int | None = Field(description="paths that are not as committed")
    operation_since: int | None = Field(description="when the operation last moved")
    lock_age_ms: int | None = Field(
        description="age of an index.lock that stays, in steps; null: there is none"
    )
    lock_held: bool | None = Field(description="whether a process holds that lock; null: not known")
    only_here: int | None = Field(
        description="commits of a detached HEAD that nothing else holds, of a submodule that no remote has"
    )
    runs: list[str] | None = Field(description="runs at work in it; null: runs are not read with this view")


class ReposView(View):
    """``agentdash repos --json``."""

    schema_: Literal["agentdash/repos/1"] = Field(alias="schema")
    roots: list[str] | None
    complete: bool | None = Field(description="whether the search for nested repositories is through")
    unread: int | None = Field(description="how many were found and not read yet")
    mode: Literal["watching", "polling"] | None = Field(description="how changes are noticed")
    reason: str | None = Field(description="why not all changes are noticed by events")
    problems: list[str] | None = Field(description="folders that cannot be searched, and why")
    items: list[Repo]


class Probe(Shape):
    """The answer of a health probe."""

    kind: str
    target: str
    ok: bool | None
    latency_ms: float | None
    error: str | None


class ServiceProcess(Shape):
    """One process of a service."""

    pid: int
    parent: int
    created_at: int
    command: str | None
    status: str | None = Field(description="the system's own word, e.g. sleeping, stopped, zombie")
    cpu_percent: float | None = Field(description="of one core, without its children")
    rss_bytes: int | None
    threads: int | None


class Service(Shape):
    """One service; null also where another user's process may not be read."""

    name: str
    state: ServiceState
    pid: int | None
    create_time: int | None
    command: str | None
    cwd: str | None
    cpu_percent: float | None
    rss_bytes: int | None
    rss_trend_per_min: float | None
    threads: int | None
    open_files: int | None
    children: int | None
    ports: list[int]
    restarts: int
    down_since: int | None
    exit_code: int | None = Field(description="of the process that ended last; below 0 the signal")
    exit_unknown: str | None = Field(description="why that is not known, where one has ended")
    processes: list[ServiceProcess] = Field(description="it and its children, at most 50")
    probe: Probe | None
    last_line: str | None
    silent_ms: int | None
    error: str | None


class ServicesView(View):
    """``agentdash services --json``."""

    schema_: Literal["agentdash/services/1"] = Field(alias="schema")
    items: list[Service]


class Finding(Shape):
    """One finding."""

    finding_id: str
    fingerprint: str
    agent_id: str
    category: str
    severity: Severity
    priority: str | None
    summary: str
    status: FindingStatus
    service: str | None
    stream: str | None
    stream_hex: str | None
    consumer_group: str | None
    consumer_group_hex: str | None
    consumer: str | None
    consumer_hex: str | None
    run: str | None
    repo: str | None
    timestamp: int
    first_seen: int
    last_seen: int
    count: int
    correlation_id: str | None
    message_ids: list[str]
    metrics: dict[str, float | None]
    evidence: list[str]
    pattern: str | None
    hypothesis: str | None
    recommendation: str | None
    expected: str | None
    actual: str | None
    affected_files: list[str] | None
    related_findings: list[str] | None
    cause: str | None = Field(description="fingerprint of the finding that this one is a symptom of")
    outside: bool = Field(description="written by an outside agent")
    reason: str | None
    muted_until: int | None
    see: str | None = Field(description="the read-only command that shows it")
    clears: str | None = Field(description="what would clear it")


class BadLine(Shape):
    """A line of the inbox that was not understood."""

    file: str
    line: int
    error: str


class FindingsView(View):
    """``agentdash findings --json``."""

    schema_: Literal["agentdash/findings/1"] = Field(alias="schema")
    bad_lines: list[BadLine]
    bad_total: int | None
    items: list[Finding]


class LogLine(Shape):
    """One line of a log: what ``agentdash logs --json`` prints, one object a line of input."""

    source: str
    offset: int = Field(description="where the line begins in its source, bytes")
    time: int | None
    seen_at: int
    level: Level | None
    service: str | None
    message: str
    correlation_id: str | None
    fields: dict[str, object]
    continues: int | None = Field(description="offset of the line that this one continues")
    masked: list[str] = Field(description="kinds of secrets that were masked")


class LogFile(Shape):
    """One followed file."""

    name: str
    path: str
    size: int
    error: str | None


class LogsView(View):
    """The logs as one document, as in ``agentdash snapshot``."""

    schema_: Literal["agentdash/logs/1"] = Field(alias="schema")
    skipped: int
    behind_ms: int
    sources: list[LogFile]
    items: list[LogLine]


class Views(Shape):
    """The views of a snapshot."""

    runs: RunsView
    streams: StreamsView
    findings: FindingsView
    repos: ReposView
    services: ServicesView
    logs: LogsView


class AllViews(Shape):
    """``agentdash snapshot`` and ``agentdash demo --headless``."""

    schema_: Literal["agentdash/all/1"] = Field(alias="schema")
    host: str
    taken_at: int
    server: str | None
    views: Views


SHAPES: dict[str, type[BaseModel]] = {
    "all": AllViews,
    Topic.RUNS.value: RunsView,
    Topic.STREAMS.value: StreamsView,
    Topic.REPOS.value: ReposView,
    Topic.SERVICES.value: ServicesView,
    Topic.FINDINGS.value: FindingsView,
    Topic.LOGS.value: LogsView,
    "logline": LogLine,
}


def view_schema(view: str) -> dict[str, object]:
    """The JSON Schema of a view.

    Raises:
        KeyError: when there is no such view.
    """
    return SHAPES[view].model_json_schema(by_alias=True)


def settings_schema() -> dict[str, object]:
    """The JSON Schema of a settings file."""
    return TypeAdapter(Settings).json_schema()
