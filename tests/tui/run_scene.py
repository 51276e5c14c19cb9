"""A run at one moment, made by hand: its events, its repository's diff, why it does not move."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core.links.run_blockers import find_blockers
from agentdash.core.queries import Answer, Query, RunEvents, RunEventsOf, WhyOf
from agentdash.core.repos.queries import RepoDiff, RepoDiffQuery
from agentdash.core.runs.model import ChildProbe, OrphanProcess, Run, RunEvent, RunsSnapshot
from agentdash.core.snapshot import SourceError, Topic
from tests.tui import scene
from tui.app import AgentDash

NOW = scene.NOW
DIFF = [
    "diff --git a/src/auth/token.py b/src/auth/token.py",
    "index 1a2b3c4..5d6e7f8 100644",
    "--- a/src/auth/token.py",
    "+++ b/src/auth/token.py",
    "@@ -12,7 +12,9 @@ class Token:",
    "     issued: int",
    "     expires: int",
    " ",
    "-    def refresh(self) -> Token:",
    "-        return replace(self, expires=now() + TTL)",
    "+    def refresh(self, now: int) -> Token:",
    "+        if now > self.expires:",
    "+            raise Expired(self.subject)",
    "+        return replace(self, expires=now + TTL)",
    " ",
    " ",
    "diff --git a/tests/test_token.py b/tests/test_token.py",
    "index 2222222..3333333 100644",
    "--- a/tests/test_token.py",
    "+++ b/tests/test_token.py",
    "@@ -40,3 +40,7 @@ def test_issue() -> None:",
    " def test_expiry() -> None:",
    '     token = issue("ada", now=0)',
    "     assert token.expires == TTL",
    "+",
    "+",
    "+def test_refresh_of_an_expired_token_is_refused() -> None:",
    '+    token = issue("ada", now=0)',
]


def events() -> list[RunEvent]:
    """Four turns: one good, one whose tests failed, one that ended badly, one that goes on."""
    told: list[RunEvent] = []

    def tell(ago: float, kind: str, turn: int | None, **data: object) -> None:
        at = NOW - int(ago * 1000)
        told.append(RunEvent(f"{at}-0", kind, at, turn, dict(data)))

    tell(192, "run_started", None, pid=41_004)
    for turn, begin, length, passed, failed, code in (
        (1, 190, 41, 38, 0, 0),
        (2, 148, 63, 39, 3, 0),
        (3, 84, 22, None, None, 1),
    ):
        tell(begin, "turn_started", turn, command=["codex", "exec", "--json"])
        tell(begin - 2, "file_read", turn, path="/projects/web/src/auth/token.py")
        tell(begin - 6, "file_written", turn, path="/projects/web/src/auth/token.py")
        tell(
            begin - 7, "subprocess_output", turn, stream="stdout", text=f"mending turn {turn}\nran ruff: ok\n"
        )
        if passed is not None:
            tell(begin - 9, "test_run_started", turn, command="pytest -q tests/test_token.py")
            tell(begin - 14, "test_run_completed", turn, passed=passed, failed=failed, skipped=1)
        else:
            tell(
                begin - 9, "subprocess_output", turn, stream="stderr", text="error: the model is overloaded\n"
            )
        tell(begin - 16, "token_usage", turn, total=3_100, input=2_400, output=700)
        tell(
            begin - length,
            "turn_completed",
            turn,
            exitCode=code,
            durationMs=length * 1000,
            tokens={"total": 3_100 + turn},
        )
    tell(50, "turn_started", 4, command=["codex", "exec", "--json"])
    tell(44, "file_read", 4, path="/projects/web/tests/test_token.py")
    tell(31, "file_deleted", 4, path="/projects/web/src/auth/old.py")
    tell(22, "token_usage", 4, total=2_900)
    tell(14, "test_run_started", 4, command="pytest -q")
    tell(9, "log_updated", 4, path="/logs/fix-auth.log", text="INFO refresh: expired tokens are refused\n")
    tell(4, "subprocess_output", 4, stream="stdout", text="37 passed, 2 failed\nlooking at test_refresh")
    tell(0.9, "file_written", 4, path="/projects/web/src/auth/token.py")
    return told


class TellingEngine(scene.StillEngine):
    """An engine that reads nothing, and answers what a run screen asks for.

    Attributes:
        told: The events of every run.
        asked: What was asked so far.
        diff: What `git diff` tells.
    """

    told: list[RunEvent]
    asked: list[Query]
    diff: list[str]

    async def ask(self, query: Query) -> Answer:
        """Answer from what is made up."""
        self.asked.append(query)
        match query:
            case RunEventsOf(after=after, before=before, count=count):
                known = self.told
                if before is not None:
                    return RunEvents(tuple([e for e in known if _key(e.id) < _key(before)][-count:]))
                if after is None:
                    return RunEvents(tuple(known[-count:]))
                return RunEvents(tuple([e for e in known if _key(e.id) > _key(after)][:count]))
            case RepoDiffQuery(path=path):
                return RepoDiff(path, tuple(self.diff))
            case WhyOf(run_id=run_id):
                runs = self.store.runs.runs if self.store.runs else ()
                run = next((run for run in runs if run.id == run_id), None)
                if run is None:
                    raise SourceError("there is no such run")
                alive = ChildProbe(True, "", "codex exec --json", "sleeping", 0.4, 3)
                gone = ChildProbe(None, "its worker is gone, so its process is unknown")
                store = self.store
                return find_blockers(
                    run, NOW, gone if run.orphaned else alive,
                    history=store.run_history, streams=store.streams, repos=store.repos,
                )  # fmt: skip
        return None


def _key(entry_id: str) -> tuple[int, int]:
    ms, _, sequence = entry_id.partition("-")
    return int(ms), int(sequence or 0)


def runs() -> RunsSnapshot:
    """Those of the scene; the first works in a repository, the orphan has left a process behind."""
    found = scene.runs()

    def changed(run: Run) -> Run:
        if run.title == "fix-auth-refresh":
            return replace(run, cwd="/projects/web/src", events=31, turn_started_at=NOW - 50_000)
        if run.title == "web-checkout":
            child = OrphanProcess(41_009, scene.HOST, NOW - 170_000, "codex exec --json", 2)
            return replace(run, child=child, worker_seen_at=NOW - 95_000)
        return run

    return replace(found, runs=tuple(changed(run) for run in found.runs))


def app(told: list[RunEvent] | None = None, **options: object) -> AgentDash:
    """The app over a store that stands still, whose runs can be looked into."""
    dash = scene.app(**options)  # type: ignore[arg-type]
    engine = dash.engine
    engine.__class__ = TellingEngine
    assert isinstance(engine, TellingEngine)
    engine.told = events() if told is None else told
    engine.asked, engine.diff = [], DIFF
    for step in range(7):
        shown = runs()
        tokens = replace(shown.runs[0].tokens, total=12_400 - (6 - step) * 250)
        earlier = replace(shown, taken_at=NOW - (6 - step) * 10_000)
        dash.store.run_history.add(
            replace(earlier, runs=(replace(shown.runs[0], tokens=tokens), *shown.runs[1:]))
        )
    dash.store.put(Topic.RUNS, runs())
    return dash
