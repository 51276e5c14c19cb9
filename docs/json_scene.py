"""The moment whose documents docs/json.md shows: one record of each kind."""

from __future__ import annotations

from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, Severity, Symptom
from agentdash.core.logs.model import Level, LogBatch, LogLine, LogSource
from agentdash.core.repos.model import Operation, Repo, ReposSnapshot
from agentdash.core.runs.model import Run, RunEvent, RunsSnapshot, RunStatus, Tokens
from agentdash.core.services.model import Probe, Service, ServiceProcess, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import (
    Cap,
    Consumer,
    Group,
    GroupJudgement,
    Lag,
    LagGrade,
    OldestPending,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)

NOW = 1_795_195_275_500
HOST = "dev"
_FOLDER = "/home/me/shop"


def store() -> Store:
    """What was read by `NOW`."""
    made = Store(server_label="valkey 9.1.2 at localhost:6379")
    for topic, snapshot in (
        (Topic.RUNS, RunsSnapshot(NOW - 177, HOST, (_run(),), total=4)),
        (Topic.STREAMS, _streams()),
        (
            Topic.REPOS,
            ReposSnapshot(NOW - 10_990, HOST, (_repo(),), (f"{_FOLDER}/projects",), mode="watching"),
        ),
        (Topic.SERVICES, ServicesSnapshot(NOW - 369, HOST, (_service(),))),
        (Topic.FINDINGS, FindingsSnapshot(NOW - 208, HOST, (_finding(),))),
    ):
        made.put(topic, snapshot)
    made.put_lines(
        LogBatch(NOW - 51, HOST, (_line(),), (LogSource("indexer", f"{_FOLDER}/logs/indexer.log", 10_052),))
    )
    for topic in Topic:
        made.put_health(topic, SourceHealth(topic.value, SourceState.LIVE, NOW - 51, polls=1))
    return made


def _run() -> Run:
    return Run(
        "29447afb8f",
        "fix-auth-refresh",
        RunStatus.RUNNING,
        status_text="running",
        orphaned=False,
        current_turn=1,
        max_turns=10,
        tokens=Tokens(13_375, 7_626, 1_937, 3_812),
        pid=1494,
        host=HOST,
        cwd=f"{_FOLDER}/web",
        command=("claude", "-p", "fix the token refresh"),
        created_at=NOW - 19_190,
        started_at=NOW - 19_190,
        updated_at=NOW - 1_623,
        last_event_at=NOW - 1_623,
        last_event=RunEvent(f"{NOW - 1_623}-2", "file_written", NOW - 1_623, 1),
        turns=0,
        turn_started_at=NOW - 19_100,
        retries=0,
        plan_done=3,
        plan_total=5,
        worker=f"{HOST}:1480:9f2c61d0a3b4",
    )


def _streams() -> StreamsSnapshot:
    group = Group(
        name=b"mailer",
        pending=3,
        lag=Lag(13, LagGrade.EXACT),
        last_delivered_id=f"{NOW - 21_044}-4",
        entries_read=5,
        oldest_pending=OldestPending(f"{NOW - 21_044}-2", b"mailer-1", 19_860, 1),
        consumers=(Consumer(b"mailer-1", 3, 19_860, 19_860),),
    )
    stream = Stream(
        name=b"emails",
        length=18,
        first_id=f"{NOW - 21_044}-0",
        last_id=f"{NOW - 1_861}-0",
        entries_added=18,
        max_deleted_id="0-0",
        memory_bytes=4_896,
        fields=("to", "template", "correlationId"),
        sampled=True,
        groups=(group,),
    )
    judged = GroupJudgement(
        Verdict.STOPPED, NOW - 19_309, 0.0, active=0, why="nothing delivered for 19s, no consumer reads"
    )
    judgement = StreamJudgement(27.86, Cap.NO, "CRITICAL", groups=((b"mailer", judged),))
    return StreamsSnapshot(NOW - 210, HOST, (stream,), "valkey 9.1.2", 7, True, judgements=(judgement,))


def _repo() -> Repo:
    return Repo(
        f"{_FOLDER}/projects/site",
        "site",
        detached=True,
        head="3965ebb058cf8e18db5d499813770af9b9b114bd",
        subject="Shorter title",
        author="Demo Agent",
        committed_at=NOW - 21_500,
        staged=0,
        unstaged=0,
        untracked=0,
        conflicted=1,
        renamed=0,
        stash=0,
        operation=Operation.REBASE,
        operation_step="1/2",
        operation_branch="short-title",
        operation_since=NOW - 21_500,
        changes_total=1,
        only_here=1,
    )


def _service() -> Service:
    process = ServiceProcess(1386, 1371, 0, NOW - 21_040, "python3 -m api", "sleeping", 0.0, 33_419_264, 2)
    return Service(
        "api",
        ServiceState.UP,
        1386,
        NOW - 21_040,
        "python3 -m api",
        _FOLDER,
        cpu_percent=0.0,
        rss_bytes=33_419_264,
        threads=2,
        open_files=6,
        children=0,
        processes=(process,),
        ports=(34_055,),
        probe=Probe("http", "http://127.0.0.1:34055/health", True, 3.43),
        last_line="POST /orders 201",
        last_line_at=NOW - 608,
    )


def _finding() -> Finding:
    symptom = Symptom(
        "STUCK_MESSAGE/emails/mailer",
        "REDIS_STREAM_ANALYST",
        "STUCK_MESSAGE",
        Severity.HIGH,
        "pending for 19s at mailer-1: 1795195254456-2",
        stream=b"emails",
        consumer_group=b"mailer",
        consumer=b"mailer-1",
        message_ids=("1795195254456-2",),
        metrics=(("pendingCount", 3.0), ("oldestPendingAgeMs", 19_862.0)),
        evidence=("1795195254456-2: consumer mailer-1, idle 19860 ms, delivered once",),
        hypothesis="mailer-1 received it and did not acknowledge it: it hangs, died, or lacks an XACK.",
        recommendation="Check mailer-1; acknowledge the entry if it was handled, or claim it for another.",
        see="redis-cli XPENDING emails mailer - + 10",
        clears="Clears when its oldest entry is pending for 5s or less.",
    )
    cause = "DEAD_CONSUMER/emails/mailer"
    return Finding("RSA-005", symptom, FindingStatus.OPEN, NOW - 14_283, NOW - 210, 15, cause=cause)


def _line() -> LogLine:
    return LogLine(
        "indexer",
        889,
        NOW - 153,
        "indexed 60 updates",
        NOW - 214,
        Level.INFO,
        "indexer",
        "d56d0c59",
        {"pid": 1400, "correlationId": "d56d0c59", "sku": "sku-32", "lead": 0.0},
    )
