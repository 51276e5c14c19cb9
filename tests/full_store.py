"""A store with one of everything, and the odd values that real sources give."""

from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, Severity, Symptom
from agentdash.core.logs.model import Level, LogBatch, LogLine, LogSource
from agentdash.core.repos.model import Operation, Repo, ReposSnapshot
from agentdash.core.runs.model import ControlAction, Run, RunEvent, RunsSnapshot, RunStatus, Tokens
from agentdash.core.services.model import Probe, Service, ServiceProcess, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import (
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

NOW = 1_732_112_345_000


def full_store() -> Store:
    """One of everything, with the odd values that real sources give."""
    store = Store(server_label="valkey 9.1 embedded")
    event = RunEvent("1-0", "turn_started", NOW, 2, {"x": 1})
    store.put(
        Topic.RUNS,
        RunsSnapshot(
            NOW,
            "h",
            (
                Run(
                    "r1",
                    "a run",
                    RunStatus.RUNNING,
                    tokens=Tokens(10, 6, 4),
                    last_event=event,
                    orphaned=False,
                ),
                Run(
                    "r2", "\x1b[31mred", RunStatus.UNKNOWN, status_text="odd", requested=ControlAction.CANCEL
                ),
            ),
            7,
        ),
    )
    group = Group(
        b"g\xff",
        3,
        Lag(None, LagGrade.UNKNOWN, "entries were deleted"),
        "0-0",
        None,
        OldestPending(f"{NOW - 5000}-0", b"c", 4000, 2),
        (Consumer(b"c", 3, 10, -1), Consumer("é\n".encode(), 0, None)),
    )
    streams = (Stream(b"orders", 5, f"{NOW}-0", f"{NOW}-1", 9, groups=(group,)), Stream(b"\xff\x00", 0))
    judged = StreamJudgement(
        12.5,
        status="DEGRADED",
        groups=((b"g\xff", GroupJudgement(Verdict.STALLED, NOW, why="position stands")),),
    )
    store.put(
        Topic.STREAMS,
        StreamsSnapshot(NOW, "h", streams, "valkey 9.1", 2, True, judgements=(judged, StreamJudgement())),
    )
    store.put(
        Topic.REPOS,
        ReposSnapshot(
            NOW, "h", (Repo("/a", "a", operation=Operation.REBASE, staged=0), Repo("/b", "b", error="no"))
        ),
    )
    store.put(
        Topic.SERVICES,
        ServicesSnapshot(
            NOW,
            "h",
            (
                Service(
                    "web",
                    ServiceState.UP,
                    12,
                    ports=(80,),
                    probe=Probe("tcp", "tcp://h:80"),
                    last_line_at=NOW - 9,
                    processes=(ServiceProcess(12, 1, 0, NOW - 99, "web \x1b", "sleeping", 0.5, 4096, 2),),
                ),
                Service("db", ServiceState.DOWN, exit_unknown="not ours"),
            ),
        ),
    )
    symptom = Symptom(
        "f1",
        "REDIS_STREAM_ANALYST",
        "DEAD_CONSUMER",
        Severity.CRITICAL,
        "dead",
        stream=b"\xff",
        metrics=(("lag", 2.0),),
    )
    store.put(
        Topic.FINDINGS,
        FindingsSnapshot(
            NOW,
            "h",
            (Finding("RSA-001", symptom, FindingStatus.OPEN, NOW - 10, NOW),),
            (("f.jsonl", 3, "no JSON"),),
            1,
        ),
    )
    store.put_lines(
        LogBatch(
            NOW,
            "h",
            (
                LogLine(
                    "web", 0, NOW, "hello", level=Level.INFO, fields={"n": float("nan"), "d": {"a": [1]}}
                ),
                LogLine("web", 6, NOW, "  at x", continues=0, masked=("password",)),
            ),
            (LogSource("web", "/web.log", 12),),
            skipped=2,
        )
    )
    for topic in Topic:
        store.put_health(topic, SourceHealth(topic.value, SourceState.LIVE, NOW - 100, polls=1))
    return store
