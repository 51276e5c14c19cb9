"""A fleet at one moment, made by hand: what the pictures show. The clock stands still."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from agentdash.core.clock import ManualClock
from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, Severity, Symptom
from agentdash.core.logs.model import Level, LogBatch, LogLine, LogSource
from agentdash.core.repos.model import FileChange, Operation, Repo, RepoKind, ReposSnapshot, Submodules
from agentdash.core.runs.model import Run, RunEvent, RunsSnapshot, RunStatus, Tokens
from agentdash.core.services.model import Probe, Service, ServicesSnapshot, ServiceState
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
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
from agentdash.runtime.engine import Engine
from tui.app import AgentDash

NOW = 1_732_112_345_000
HOST = "host"


class StillEngine(Engine):
    """An engine that reads nothing: its store is filled by the test."""

    async def start(self) -> None:
        """Read nothing."""


def app(*, fill: bool = True, theme: str = "agentdash", read_only: bool = False) -> AgentDash:
    """The app over a store that stands still."""
    from agentdash.core.settings.model import UiSettings

    settings = Settings(ui=UiSettings(theme=theme), read_only=read_only)
    engine = StillEngine(settings, clock=ManualClock(NOW), host=HOST, cwd=Path("/"))
    if fill:
        put_all(engine)
    dash = AgentDash(engine, zone=UTC)
    dash.cost = "cpu 1.1 %"
    dash.measure = lambda: None  # type: ignore[method-assign]
    return dash


def put_all(engine: Engine) -> None:
    """Fill the store."""
    store = engine.store
    store.server_label = "valkey 9.1"
    store.put(Topic.RUNS, runs())
    store.put(Topic.STREAMS, streams())
    store.put(Topic.FINDINGS, findings())
    store.put(Topic.REPOS, repos())
    store.put(Topic.SERVICES, services())
    store.put_lines(logs())
    for topic in Topic:
        store.put_health(topic, health(topic))
    for step in range(60):
        at = NOW - (60 - step) * 10_000
        store.history.errors.add(0 if step < 40 else step - 38, at)
        store.history.tokens.add(900 + 70 * (step % 13), at)
        store.history.messages.add(140 + 9 * (step % 4), at)


def health(topic: Topic, state: SourceState = SourceState.LIVE, **more: object) -> SourceHealth:
    """A source that was read just now."""
    base = SourceHealth(topic.value, state=state, last_success=NOW - 400, polls=9, duration_ms=0.9)
    from dataclasses import replace

    return replace(base, **more)  # type: ignore[arg-type]


def runs() -> RunsSnapshot:
    """Seven runs in as many states."""

    def event(kind: str, **data: object) -> RunEvent:
        return RunEvent(f"{NOW - 900}-0", kind, NOW - 900, 4, dict(data))

    def run(name: str, status: RunStatus, turn: int, of: int, tokens: int, ago: int, **more: object) -> Run:
        base: dict[str, object] = {
            "id": f"run-{name}", "title": name, "status": status, "status_text": status.value, "orphaned": False,
            "current_turn": turn, "max_turns": of, "tokens": Tokens(tokens, tokens * 3 // 4, tokens // 4, 0),
            "pid": 41_000 + turn, "host": HOST, "cwd": f"/projects/{name}", "command": ("codex", "exec", "--json"),
            "worker": f"{HOST}:40017", "lock_owner": f"{HOST}:40017:ab12", "lock_ttl_ms": 11_000,
            "created_at": NOW - ago, "started_at": NOW - ago, "last_event_at": NOW - 900,
        }  # fmt: skip
        return Run(**{**base, **more})  # type: ignore[arg-type]

    ended = {"lock_owner": None, "lock_ttl_ms": None, "ended_at": NOW - 1_578_000}
    return RunsSnapshot(
        taken_at=NOW,
        host=HOST,
        runs=(
            run(
                "fix-auth-refresh",
                RunStatus.RUNNING,
                4,
                10,
                12_400,
                192_000,
                last_event=event("file_written", path="src/auth/token.py"),
            ),
            run(
                "port-cli-parser",
                RunStatus.RUNNING,
                7,
                20,
                48_100,
                664_000,
                last_event=event("test_run_completed", passed=42, failed=1),
            ),
            run(
                "migrate-orders",
                RunStatus.RUNNING,
                1,
                1,
                3_000,
                41_000,
                last_event=event("file_read", path="db/schema.sql"),
            ),
            run("docs-sweep", RunStatus.PAUSED, 2, 5, 8_100, 843_000, reason="paused by you"),
            run(
                "web-checkout",
                RunStatus.RUNNING,
                9,
                12,
                31_700,
                170_000,
                orphaned=True,
                lock_owner=None,
                lock_ttl_ms=None,
            ),
            run(
                "bump-deps",
                RunStatus.FAILED,
                3,
                3,
                22_900,
                1_578_000,
                error_code="exit",
                error_message="tests failed: 7 of 212",
                exit_code=1,
                **ended,
            ),
            run(
                "codex-infra",
                RunStatus.COMPLETED,
                4,
                4,
                9_600,
                3_900_000,
                completion="all tasks done",
                **ended,
            ),
        ),
        total=7,
    )


def streams() -> StreamsSnapshot:
    """Four streams: stopped, draining, without group, unknown lag."""
    stuck = OldestPending(f"{NOW - 252_000}-0", b"billing-1", 250_000, 1)
    orders = Stream(
        name=b"orders", length=12_000, first_id=f"{NOW - 9_000_000}-0", last_id=f"{NOW - 300}-0", entries_added=80_000,
        memory_bytes=2_400_000, fields=("type", "corr", "token", "payload"),
        groups=(
            Group(b"billing", 3, Lag(212), f"{NOW - 252_000}-0", 79_788, stuck, (Consumer(b"billing-1", 3, 250_000, 250_000),)),
            Group(b"shipping", 0, Lag(0), f"{NOW - 300}-0", 80_000, None, (Consumer(b"shipping-1", 0, 300, 300),)),
        ),
    )  # fmt: skip
    payments = Stream(
        name=b"payments", length=8_400, last_id=f"{NOW - 900}-0", entries_added=20_000, fields=("id", "amount"),
        groups=(
            Group(
                b"ledger", 1, Lag(40, LagGrade.ESTIMATED, "the server does not say"), f"{NOW - 9_000}-0", 19_960,
                OldestPending(f"{NOW - 2_000}-0", b"ledger-1", 2_000, 1), (Consumer(b"ledger-1", 1, 200, 200),),
            ),
        ),
    )  # fmt: skip
    audit = Stream(name=b"audit-events", length=91_200, last_id=f"{NOW - 100}-0", entries_added=91_200)
    emails = Stream(
        name=b"emails", length=120, last_id=f"{NOW - 60_000}-0", entries_added=500,
        groups=(
            Group(b"mailer", 0, Lag(None, LagGrade.UNKNOWN, "entries were deleted"), "0-0", None, None, (Consumer(b"m1", 0, 90, 90),)),
            Group(b"archive", 0, Lag(0), f"{NOW - 60_000}-0", 500, None, (Consumer(b"a1", 0, 90, 90),)),
        ),
    )  # fmt: skip
    up = tuple(float(v) for v in (5, 9, 12, 18, 22, 30, 34, 34))
    ok = GroupJudgement(Verdict.OK, rate_out=340.0, active=1, window_s=60)
    return StreamsSnapshot(
        taken_at=NOW,
        host=HOST,
        streams=(audit, emails, orders, payments),
        server="valkey 9.1.2",
        known=4,
        scan_complete=True,
        round_trips=1,
        ping_ms=0.4,
        judgements=(
            StreamJudgement(340.0, Cap.NO, "DEGRADED", up, (), ()),
            StreamJudgement(4.0, Cap.YES, "HEALTHY", (0.0, 0.0, 4.0, 0.0, 4.0, 0.0, 4.0, 0.0), (), ((b"mailer", ok), (b"archive", ok))),
            StreamJudgement(
                340.0, Cap.YES, "CRITICAL", up, (),
                ((b"billing", GroupJudgement(Verdict.STOPPED, NOW - 250_000, 0.0, None, 0, "its position has not moved")), (b"shipping", ok)),
            ),
            StreamJudgement(
                210.0, Cap.UNKNOWN, "HEALTHY", tuple(reversed(up)), (),
                ((b"ledger", GroupJudgement(Verdict.SLOW, None, 214.0, 720.0, 1, "drains", 60)),),
            ),
        ),
    )  # fmt: skip


def findings() -> FindingsSnapshot:
    """A cause with two symptoms, and three others."""

    def finding(
        number: int, severity: Severity, summary: str, stream: bytes | None, **more: object
    ) -> Finding:
        life = {key: more.pop(key) for key in ("status", "cause", "count") if key in more}
        symptom = Symptom(
            f"f{number}",
            "REDIS_STREAM_ANALYST",
            str(more.pop("category", "CONSUMER_LAG")),
            severity,
            summary,
            stream=stream,
            **more,
        )  # type: ignore[arg-type]
        base = {"status": FindingStatus.OPEN, "first_seen": NOW - 250_000, "last_seen": NOW}
        return Finding(f"RSA-{number:03}", symptom, **{**base, **life})  # type: ignore[arg-type]

    return FindingsSnapshot(
        taken_at=NOW,
        host=HOST,
        findings=(
            finding(
                4, Severity.CRITICAL, "stopped: its only consumer is gone", b"orders", consumer_group=b"billing", category="DEAD_CONSUMER",
                hypothesis="billing-1 has ended and nobody has taken its place.", metrics=(("pendingCount", 3.0), ("consumerLagMessages", 212.0)),
                recommendation="Start the consumer again, or claim its pending entries for another.", message_ids=(f"{NOW - 252_000}-0",),
                evidence=("billing: 212 behind, 3 pending", "billing-1: idle 4m10"), see="XINFO CONSUMERS orders billing",
                clears="a consumer that reads and acknowledges",
            ),
            finding(5, Severity.HIGH, "212 behind, never drains", b"orders", consumer_group=b"billing", cause="f4"),
            finding(6, Severity.HIGH, "3 messages stuck, 4m10", b"orders", consumer_group=b"billing", cause="f4", category="STUCK_MESSAGE"),
            finding(7, Severity.MEDIUM, "has traffic, and no group reads it", b"audit-events", category="NO_CONSUMER_GROUP"),
            finding(8, Severity.INFO, "2 consumers, 1 group", b"emails", category="COMPETING_CONSUMERS"),
            finding(9, Severity.HIGH, "1 message pending for 28 s", b"payments", consumer_group=b"ledger", status=FindingStatus.WATCHING),
        ),
    )  # fmt: skip


def repos() -> ReposSnapshot:
    """One in a rebase, two changed, two clean."""

    def repo(name: str, branch: str | None, ago: int, **more: object) -> Repo:
        base: dict[str, object] = {
            "staged": 0,
            "unstaged": 0,
            "untracked": 0,
            "conflicted": 0,
            "stash": 0,
            "head": "1a2b3c4d5e",
            "author": "Ada",
            "subject": "mend the refresh of tokens",
        }
        return Repo(f"/projects/{name}", name, branch=branch, committed_at=NOW - ago, **{**base, **more})  # type: ignore[arg-type]

    changes = (
        FileChange("src/auth/token.py", ".M"),
        FileChange("src/auth/new.py", "A."),
        FileChange("notes.md", "??"),
    )
    return ReposSnapshot(
        taken_at=NOW,
        host=HOST,
        roots=("/projects",),
        mode="watching",
        repos=(
            repo("web", "fix-auth", 240_000, staged=3, unstaged=5, untracked=2, changes=changes, changes_total=10),
            repo("api", "main", 720_000, unstaged=1, ahead=2, behind=1, upstream="origin/main"),
            repo("api/proto", None, 259_200_000, detached=True, kind=RepoKind.SUBMODULE, submodules=Submodules(1, 0, 1)),
            repo("orders-service", "main", 540_000, conflicted=2, operation=Operation.REBASE, operation_step="3/7"),
            repo("infra", "main", 7_200_000),
            repo("site", "main", 18_000_000),
            Repo("/projects/broken", "broken", error="HEAD points to nothing: git fsck says more"),
        ),
    )  # fmt: skip


def services() -> ServicesSnapshot:
    """One down, one whose memory grows, one silent, one well."""
    wave = (0.1, 0.5, 2.0, 1.0, 3.0, 2.0, 1.0, 2.0)
    return ServicesSnapshot(
        taken_at=NOW,
        host=HOST,
        services=(
            Service("api", ServiceState.UP, 41_200, NOW - 10_800_000, cpu_percent=2.1, cpu_history=wave, rss_bytes=184_000_000, ports=(8080,), threads=8, open_files=31, probe=Probe("http", "http://127.0.0.1:8080/health", True, 1.2)),
            Service("billing", ServiceState.DOWN, down_since=NOW - 250_000, exit_code=1, restarts=4, cpu_history=(3.0, 3.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0)),
            Service("worker", ServiceState.UP, 41_300, NOW - 10_800_000, cpu_percent=12.8, cpu_history=wave, rss_bytes=402_000_000, rss_trend=9_000_000.0),
            Service("mailer", ServiceState.UP, 41_400, NOW - 10_800_000, cpu_percent=0.0, cpu_history=(0.0,) * 8, rss_bytes=61_000_000, last_line="sent 12", last_line_at=NOW - 48_000),
        ),
    )  # fmt: skip


def logs() -> LogBatch:
    """Lines of several services, one with a stack trace folded beneath."""
    said = (
        ("shipping", Level.INFO, "acked orders 1732112344801-0", "aa90"),
        ("worker", Level.INFO, "consumed orders 1732112345118-0", "ab12"),
        ("billing", Level.ERROR, "TimeoutError: charge took 30 s", "ab12"),
        ("agentdash", Level.INFO, "repo web: +1 unstaged (src/auth/token.py)", None),
        ("gateway", Level.WARN, "token=•••••••• in query string", None),
        ("api", Level.INFO, "POST /orders 201 12 ms", "ab13"),
    )
    lines = []
    for number, (service, level, message, corr) in enumerate(said):
        at = NOW - 1_130 + number * 180
        lines.append(LogLine(service, number * 100, at, message, at, level, service, corr))
        if level is Level.ERROR:
            lines += [
                LogLine(
                    service,
                    number * 100 + row + 1,
                    at,
                    f'  File "charge.py", line {row}',
                    None,
                    None,
                    service,
                    continues=number * 100,
                )
                for row in range(3)
            ]
    return LogBatch(
        NOW, HOST, tuple(lines), (LogSource("billing", "/logs/billing.log", 10_000, 90),), behind_ms=100
    )
