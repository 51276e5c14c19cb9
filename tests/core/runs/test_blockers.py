"""Why a run does not move: each fact true, false or not known, and the first that is false is the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.runs.blockers import ChildProbe, RunWhy, why
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import ControlAction, Run, RunEvent, RunsSnapshot, RunStatus
from agentdash.core.streams.model import Consumer, Group, Lag, Stream, StreamsSnapshot

NOW = 1_732_112_345_000
EVENT = RunEvent("1-0", "file_written", NOW - 2000, 1, {"path": "a.py"})
RUN = Run(
    "r1", "Fix", RunStatus.RUNNING, orphaned=False, lock_owner="box:41:ab", lock_ttl_ms=12_000, pid=42,
    host="box", cwd="/src/app/lib", last_event=EVENT, last_event_at=NOW - 2000, worker="box:41:ab", retries=0,
    updated_at=NOW - 240_000,
)  # fmt: skip
ALIVE = ChildProbe(True, command="python agent.py", status="sleeping", cpu_percent=3.0, processes=2)
REPOS = ReposSnapshot(NOW, "box", (Repo("/src", "src"), Repo("/src/app", "app")))


def facts(
    run: Run = RUN,
    child: ChildProbe = ALIVE,
    streams: StreamsSnapshot | None = None,
    repos: ReposSnapshot | None = REPOS,
    retries: tuple[int, ...] = (0,),
) -> RunWhy:
    history = RunHistory()
    for place, count in enumerate(retries):
        history.saw(RunsSnapshot(NOW - 60_000 + place, "box", (replace(RUN, retries=count),), 1))
    empty = StreamsSnapshot(NOW, "box", ())
    return why(run, NOW, child, history=history, streams=streams or empty, repos=repos)


def holds(answer: RunWhy) -> dict[str, bool | None]:
    return {fact.name: fact.holds for fact in answer.facts}


def test_what_an_orphan_told_last_is_not_that_it_has_no_worker() -> None:
    words = {fact.name: fact.words for fact in facts(replace(RUN, orphaned=True, lock_owner=None)).facts}
    assert words["event"] == "2s ago: edit a.py"


def test_a_run_that_moves() -> None:
    answer = facts()
    assert list(holds(answer)) == [
        "state", "request", "lease", "event", "process", "retries", "message", "git",
    ]  # fmt: skip
    assert set(holds(answer).values()) == {True}
    assert answer.verdict == "it moves"
    words = {fact.name: fact.words for fact in answer.facts}
    assert words["lease"] == "held by process 41 on box, for another 12s"
    assert words["process"].startswith("process 42 and 1 descendant: sleeping, 3.0 % CPU")
    assert words["git"] == "no index.lock in app"


@pytest.mark.parametrize(
    ("run", "name", "said"),
    [
        (replace(RUN, status=RunStatus.PAUSED, reason="too dear"), "state", "paused 4m00 ago: too dear"),
        (replace(RUN, status=RunStatus.QUEUED), "state", "waits for a worker"),
        (replace(RUN, status=RunStatus.CANCELLING), "state", "being ended"),
        (replace(RUN, status=RunStatus.FAILED, ended_at=NOW - 1000, error_message="boom"), "state", "boom"),
        (
            replace(RUN, orphaned=True, lock_owner=None, worker_seen_at=NOW - 9000),
            "lease",
            "last seen 9s ago",
        ),
        (replace(RUN, requested=ControlAction.PAUSE, requested_at=NOW - 3000), "request", "pause was asked"),
        (replace(RUN, last_event_at=NOW - 600_000), "event", "10m00 ago: edit a.py"),
    ],
)
def test_what_the_run_itself_tells(run: Run, name: str, said: str) -> None:
    answer = facts(run)
    assert holds(answer)[name] is False
    assert said in next(fact.words for fact in answer.facts if fact.name == name)
    assert said in answer.verdict or name == "event"


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (replace(ALIVE, status="stopped"), False),
        (ChildProbe(False, "process 42 has ended"), False),
        (ChildProbe(None, "it runs on far, which cannot be seen from box"), None),
    ],
)
def test_its_process(child: ChildProbe, expected: bool | None) -> None:
    answer = facts(child=child)
    assert holds(answer)["process"] is expected


def test_a_message_that_it_holds_and_retries_and_a_lock_of_git() -> None:
    group = Group(b"g", 3, Lag(0), "0-0", None, consumers=(Consumer(b"r1", 3, 10), Consumer(b"other", 9, 1)))
    streams = StreamsSnapshot(NOW, "box", (Stream(b"orders", 5, groups=(group,)),))
    locked = ReposSnapshot(NOW, "box", (Repo("/src", "src", lock_age_ms=60_000),))
    answer = facts(streams=streams, repos=locked, retries=(0, 4), run=replace(RUN, retries=4))
    assert {name for name, so in holds(answer).items() if so is False} == {"message", "git", "retries"}
    words = " ".join(fact.words for fact in answer.facts)
    assert "r1 holds 3 messages of orders, group g" in words
    assert "index.lock in src since 1m00" in words
    assert "asked again 4 times" in words


def test_what_is_not_known_is_said_and_no_reason() -> None:
    run = replace(
        RUN, last_event_at=NOW - 600_000, retries=None, cwd="/elsewhere", orphaned=None, lock_owner=None
    )
    answer = facts(run, ChildProbe(None, "elsewhere"))
    unknown = {name for name, so in holds(answer).items() if so is None}
    assert unknown == {"lease", "process", "retries", "git"}
    assert answer.verdict.startswith("silent, and nothing that is known holds it up; not known: lease")
    assert holds(why(run, NOW, ALIVE, history=RunHistory(), streams=None, repos=None))["message"] is None
