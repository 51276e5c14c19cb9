"""Why a run makes no progress: each check pass, fail or unknown, and the first failed one is the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.links.run_blockers import RunBlockers, find_blockers
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import ChildProbe, ControlAction, Run, RunEvent, RunsSnapshot, RunStatus
from agentdash.core.streams.model import Consumer, Group, Lag, Stream, StreamsSnapshot

NOW = 1_732_112_345_000
EVENT = RunEvent("1-0", "file_written", NOW - 2000, 1, {"path": "a.py"})
RUN = Run(
    "r1", "Fix", RunStatus.RUNNING, orphaned=False, lock_owner="box:41:ab", lock_ttl_ms=12_000, pid=42,
    host="box", cwd="/src/app/lib", last_event=EVENT, last_event_at=NOW - 2000, worker="box:41:ab", retries=0,
    updated_at=NOW - 240_000,
)  # fmt: skip
ORPHAN = replace(RUN, orphaned=True, lock_owner=None)
ALIVE = ChildProbe(True, command="python agent.py", status="sleeping", cpu_percent=3.0, processes=2)
REPOS = ReposSnapshot(NOW, "box", (Repo("/src", "src"), Repo("/src/app", "app")))


def check_run(
    run: Run = RUN,
    child: ChildProbe = ALIVE,
    streams: StreamsSnapshot | None = None,
    repos: ReposSnapshot | None = REPOS,
    retries: tuple[int, ...] = (0,),
) -> RunBlockers:
    history = RunHistory()
    for place, count in enumerate(retries):
        history.add(RunsSnapshot(NOW - 60_000 + place, "box", (replace(RUN, retries=count),), 1))
    empty = StreamsSnapshot(NOW, "box", ())
    return find_blockers(run, NOW, child, history=history, streams=streams or empty, repos=repos)


def results(answer: RunBlockers) -> dict[str, bool | None]:
    return {check.name: check.passed for check in answer.checks}


def test_the_last_event_of_an_orphan_is_shown() -> None:
    details = {check.name: check.detail for check in check_run(ORPHAN).checks}
    assert details["event"] == "2s ago: edit a.py"


def test_a_run_that_makes_progress() -> None:
    answer = check_run()
    assert list(results(answer)) == [
        "state", "request", "lease", "event", "process", "retries", "message", "git",
    ]  # fmt: skip
    assert set(results(answer).values()) == {True}
    assert answer.verdict == "making progress"
    details = {check.name: check.detail for check in answer.checks}
    assert details["lease"] == "process 41 on box, for another 12s"
    assert details["process"].startswith("process 42 and 1 descendant: sleeping, 3.0 % CPU")
    assert details["git"] == "no index.lock in app"


@pytest.mark.parametrize(
    ("run", "name", "said"),
    [
        (
            replace(RUN, status=RunStatus.PAUSED, reason="too slow"),
            "state",
            "paused 4m00 ago: too slow",
        ),
        (replace(RUN, status=RunStatus.QUEUED), "state", "waiting for a worker"),
        (replace(RUN, status=RunStatus.CANCELLING), "state", "terminating its processes"),
        (replace(RUN, status=RunStatus.FAILED, ended_at=NOW - 1000, error_message="boom"), "state", "boom"),
        (
            replace(RUN, orphaned=True, lock_owner=None, worker_seen_at=NOW - 9000),
            "lease",
            "last seen 9s ago",
        ),
        (
            replace(RUN, requested=ControlAction.PAUSE, requested_at=NOW - 3000),
            "request",
            "pause requested",
        ),
        (replace(RUN, last_event_at=NOW - 600_000), "event", "10m00 ago: edit a.py"),
    ],
)
def test_checks_of_the_record(run: Run, name: str, said: str) -> None:
    answer = check_run(run)
    assert results(answer)[name] is False
    assert said in next(check.detail for check in answer.checks if check.name == name)
    assert said in answer.verdict or name == "event"


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (replace(ALIVE, status="stopped"), False),
        (ChildProbe(False, "process 42 has exited"), False),
        (ChildProbe(None, "runs on far"), None),
    ],
)
def test_its_process(child: ChildProbe, expected: bool | None) -> None:
    answer = check_run(child=child)
    assert results(answer)["process"] is expected


def test_a_pending_message_and_retries_and_a_lock_of_git() -> None:
    group = Group(b"g", 3, Lag(0), "0-0", None, consumers=(Consumer(b"r1", 3, 10), Consumer(b"other", 9, 1)))
    streams = StreamsSnapshot(NOW, "box", (Stream(b"orders", 5, groups=(group,)),))
    locked = ReposSnapshot(NOW, "box", (Repo("/src", "src", lock_age_ms=60_000),))
    answer = check_run(streams=streams, repos=locked, retries=(0, 4), run=replace(RUN, retries=4))
    assert {name for name, so in results(answer).items() if so is False} == {"message", "git", "retries"}
    details = " ".join(check.detail for check in answer.checks)
    assert "r1 has 3 pending messages of orders, group g" in details
    assert "index.lock in src for 1m00" in details
    assert "4 retries in the last two minutes" in details


def test_unknown_checks_are_named_and_no_reason() -> None:
    run = replace(
        RUN, last_event_at=NOW - 600_000, retries=None, cwd="/elsewhere", orphaned=None, lock_owner=None
    )
    answer = check_run(run, ChildProbe(None, "elsewhere"))
    unknown = {name for name, so in results(answer).items() if so is None}
    assert unknown == {"lease", "process", "retries", "git"}
    assert answer.verdict.startswith("idle, no known blocker; unknown: lease")
    assert (
        results(find_blockers(run, NOW, ALIVE, history=RunHistory(), streams=None, repos=None))["message"]
        is None
    )
