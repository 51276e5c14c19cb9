"""Which consumers are dead, by which evidence; what the finding and the screen say of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agentdash.core.links.owners import FRESH_MS, Owners, paused_consumers
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.judge.judge import StreamJudge
from agentdash.core.streams.liveness import liveness_of, no_owner
from agentdash.core.streams.model import Clients, Consumer, Group, Lag, LagGrade, Stream, StreamsSnapshot
from agentdash.core.streams.rules.apply import stream_symptoms
from agentdash.core.streams.rules.dead_consumer import ONE_SIGN
from agentdash.headless.views import document

NOW = 1_732_112_345_000
SETTINGS = StreamsSettings()
DOWN = Service("billing", ServiceState.DOWN, down_since=NOW - 30_000, exit_code=1, start_command="./billing")
LATELY = Service("billing", ServiceState.DOWN, down_since=NOW - 3_000, exit_code=1)
ZOMBIE = Service("billing", ServiceState.ZOMBIE, pid=41, exit_code=-9)
UP = Service("billing", ServiceState.UP, pid=42)
UNSEEN = Service("billing", ServiceState.UNKNOWN, error="another user's")
DECLARED = Service("billing", ServiceState.DOWN, origin="Procfile")
NOT_HERE = Service("billing", ServiceState.DOWN)
ORPHAN = Run("r7", "fix-auth", RunStatus.RUNNING, orphaned=True, worker_seen_at=NOW - 30_000)
HELD = Run("r7", "fix-auth", RunStatus.RUNNING, orphaned=False)
ENDED = Run("r7", "fix-auth", RunStatus.FAILED, ended_at=NOW - 30_000)
PAUSED = Run("r7", "fix-auth", RunStatus.PAUSED, orphaned=True, worker_seen_at=NOW - 30_000)

NAMED, OTHERS, NONE = Clients(frozenset({b"billing-1"})), Clients(unnamed=2), Clients()
DENIED = Clients(why_unknown="CLIENT LIST is not allowed (+client|list)")


def group(
    idle: int, pending: int, lag: int | None, name: bytes = b"billing-1", *others: Consumer
) -> StreamsSnapshot:
    one = Consumer(name, pending, idle, idle)
    found = Group(b"g", pending, Lag(lag), "5-0", 5, consumers=(one, *others))
    return StreamsSnapshot(NOW, "here", (Stream(b"s", 9, "1-0", "9-0", 9, "0-0", groups=(found,)),))


def owners(*known: Service | Run, taken_at: int = NOW) -> Owners:
    runs = tuple(one for one in known if isinstance(one, Run))
    services = tuple(one for one in known if isinstance(one, Service))
    return Owners.at(
        NOW,
        RunsSnapshot(taken_at, "here", runs, len(runs)),
        ServicesSnapshot(taken_at, "here", services),
    )


def judged(seen: StreamsSnapshot, known: Owners | None) -> tuple[int | None, StreamsSnapshot]:
    after = StreamJudge(SETTINGS).judge(seen, no_owner if known is None else known.status)
    of = after.judgements[0].group(b"g")
    assert of is not None
    return of.active, after


@pytest.mark.parametrize(
    ("idle", "pending", "lag", "clients", "known", "dead"),
    [
        pytest.param(31_000, 0, 4, None, DOWN, True, id="process gone, work unread: nobody can be blocked"),
        pytest.param(31_000, 3, 0, NONE, DOWN, True, id="process gone, nobody blocked"),
        pytest.param(31_000, 3, 0, NAMED, DOWN, False, id="its name is blocked in a read"),
        pytest.param(
            31_000, 3, 0, OTHERS, DOWN, False, id="somebody without a name is blocked, idle too short"
        ),
        pytest.param(90_000, 3, 0, OTHERS, DOWN, True, id="idle for long, process gone: two signs"),
        pytest.param(31_000, 3, 0, None, DOWN, False, id="CLIENT LIST not known: one sign"),
        pytest.param(90_000, 3, 0, None, DOWN, True, id="CLIENT LIST not known, idle for long"),
        pytest.param(31_000, 0, None, NONE, DOWN, False, id="no work is known to wait"),
        pytest.param(31_000, 0, 0, NONE, DOWN, False, id="no work waits"),
        pytest.param(9_000, 0, 4, None, DOWN, False, id="somebody read under its name since"),
        pytest.param(90_000, 0, 4, None, LATELY, True, id="gone lately, but idle for long"),
        pytest.param(31_000, 0, 4, None, LATELY, False, id="gone lately: it may come back"),
        pytest.param(31_000, 0, 4, None, ZOMBIE, False, id="zombie, not known since when"),
        pytest.param(90_000, 3, 0, OTHERS, ZOMBIE, True, id="zombie, idle for long"),
        pytest.param(31_000, 0, 4, None, UP, False, id="process lives, idle too short"),
        pytest.param(90_000, 3, 0, None, UP, False, id="process lives, CLIENT LIST not known: one sign"),
        pytest.param(90_000, 3, 0, NONE, UP, True, id="process lives, but hangs"),
        pytest.param(31_000, 0, 4, None, UNSEEN, False, id="may not be seen"),
        pytest.param(31_000, 0, 4, None, DECLARED, False, id="declared, never started"),
        pytest.param(31_000, 0, 4, None, ORPHAN, True, id="lease gone"),
        pytest.param(31_000, 0, 4, None, ENDED, True, id="run ended"),
        pytest.param(31_000, 0, 4, None, HELD, False, id="run held"),
    ],
)
def test_two_signs_must_agree(
    idle: int, pending: int, lag: int | None, clients: Clients | None, known: Service | Run, dead: bool
) -> None:
    name = b"r7" if isinstance(known, Run) else b"billing-1"
    seen = group(idle, pending, lag, name)
    seen = StreamsSnapshot(NOW, "here", seen.streams, clients=clients)
    assert judged(seen, owners(known))[0] == (0 if dead else 1)


def test_what_is_stale_is_no_sign() -> None:
    seen = group(31_000, 0, 4)
    assert judged(seen, owners(DOWN, taken_at=NOW - FRESH_MS))[0] == 0
    assert judged(seen, owners(DOWN, taken_at=NOW - FRESH_MS - 1))[0] == 1
    assert judged(seen, None)[0] == 1


def test_one_that_holds_nothing_does_not_hide_the_dead() -> None:
    mailer = Service("mailer", ServiceState.DOWN, down_since=NOW - 30_000)
    seen = group(31_000, 3, 0, b"billing-1", Consumer(b"mailer", 0, 31_000, 31_000))
    seen = StreamsSnapshot(NOW, "here", seen.streams, clients=NONE)
    assert judged(seen, owners(DOWN, mailer))[0] == 0
    assert judged(seen, owners(DOWN))[0] == 1


@pytest.mark.parametrize(
    ("known", "summary", "why", "cure"),
    [
        (
            DOWN,
            "4 unread and 3 pending, billing-1 (service billing): its process ended 30s ago, exit 1",
            "service billing has ended, and nothing has read under this name since",
            "Start billing (U in the services). If it does not resume what it left, claim 3 pending entries",
        ),
        (ZOMBIE, "its process ended, SIGKILL", "has ended", "Start service billing again. If it does not"),
        (NOT_HERE, "no process of it runs here", "has ended", "Start service billing again. If it does not"),
        (
            UP,
            "its consumer idle for 1m30",
            "It hangs: service billing is alive (process 42 runs)",
            "restart it (B in",
        ),
        (
            UNSEEN,
            "its consumer idle for 1m30",
            "The process has ended or hangs",
            "Check the process of billing-1",
        ),
        (
            ORPHAN,
            "r7 (run fix-auth): it has no worker, last seen 30s ago",
            "run fix-auth has ended, and",
            "Take over the run: `agentdash run --run-id r7 -- COMMAND …`; or mark it as failed (F). If it",
        ),
        (
            ENDED,
            "r7 (run fix-auth): it has ended 30s ago, failed",
            "run fix-auth has ended, and",
            "The run is over: claim 3 pending entries for a live consumer (C on the stream).",
        ),
    ],
)
def test_the_finding_says_who_died_and_what_to_do(
    known: Service | Run, summary: str, why: str, cure: str
) -> None:
    of = owners(known)
    _, after = judged(group(90_000, 3, 4, b"r7" if isinstance(known, Run) else b"billing-1"), of)
    (found,) = (
        one
        for one in stream_symptoms(after, SETTINGS, NOW, owners=of.status)
        if one.category == "DEAD_CONSUMER"
    )
    assert found.summary.endswith(summary)
    assert why in (found.hypothesis or "")
    assert cure in (found.recommendation or "")
    assert found.run == ("r7" if isinstance(known, Run) else None)
    assert found.service == (
        "billing" if isinstance(known, Service) and known.state is not ServiceState.UNKNOWN else None
    )
    assert any(line.startswith("no client is blocked in XREADGROUP") for line in found.evidence)
    assert ("its process ended" in "\n".join(found.evidence)) == (known in (DOWN, ZOMBIE))


@pytest.mark.parametrize(
    ("clients", "known", "line"),
    [
        (NONE, (), "no client is blocked in XREADGROUP for it (CLIENT LIST)"),
        (None, (), ONE_SIGN),
        (
            OTHERS,
            (DOWN,),
            "2 clients without a consumer's name blocked in XREADGROUP, for this group or another",
        ),
        (None, (DOWN,), "billing-1 (service billing): its process ended 30s ago, exit 1"),
    ],
)
def test_the_evidence_tells_which_signs_there_are(
    clients: Clients | None, known: tuple[Service, ...], line: str
) -> None:
    of = owners(*known)
    seen = StreamsSnapshot(NOW, "here", group(90_000, 3, 0).streams, clients=clients)
    symptoms = stream_symptoms(judged(seen, of)[1], SETTINGS, NOW, owners=of.status)
    (found,) = (one for one in symptoms if one.category == "DEAD_CONSUMER")
    assert found.evidence[-1] == line


def test_a_paused_run_is_not_dead() -> None:
    runs = RunsSnapshot(NOW, "here", (PAUSED,), 1)
    of = Owners.at(NOW, runs, None)
    _, after = judged(group(90_000, 3, 4, b"r7"), of)
    found = {
        one.category
        for one in stream_symptoms(after, SETTINGS, NOW, paused=paused_consumers(runs), owners=of.status)
    }
    assert "DEAD_CONSUMER" not in found


SCREEN_ROWS = [
    (None, 0, (), None, "CLIENT LIST not read yet"),
    (DENIED, 0, (), None, "CLIENT LIST is not allowed"),
    (NAMED, 0, (), True, "blocked in XREADGROUP now"),
    (NAMED, 9, (), None, "no client blocked"),  # with unread entries none is blocked
    (Clients(connected=frozenset({b"billing-1"})), 9, (), None, "connected, not blocked in XREADGROUP"),
    (None, 9, (), None, "not blocked in XREADGROUP: entries are unread"),
    (OTHERS, 0, (), None, "2 unnamed clients blocked in XREADGROUP, maybe this one"),
    (NONE, 0, (DOWN,), False, "billing: its process ended 30s ago, exit 1 · no client blocked"),
    (NAMED, 0, (DOWN,), True, "blocked in XREADGROUP now"),
    (NONE, 0, (UP,), True, "no client blocked · billing: process 42 runs"),
]


@pytest.mark.parametrize(("clients", "lag", "known", "alive", "detail"), SCREEN_ROWS)
def test_the_screen_shows_the_evidence(
    clients: Clients | None, lag: int, known: tuple[Service, ...], alive: bool | None, detail: str
) -> None:
    found = group(31_000, 0, lag).streams[0].groups[0]
    (one,) = liveness_of(found, None, clients, owners(*known).status, NOW).values()
    assert one.alive is alive
    assert one.detail == detail or (clients is DENIED and one.detail.startswith(detail))


def test_an_estimated_lag_does_not_outweigh_a_blocked_client() -> None:
    seen = group(90_000, 3, 4)
    found = replace(seen.streams[0].groups[0], lag=Lag(4, LagGrade.ESTIMATED))
    stream = replace(seen.streams[0], groups=(found,))
    for clients, active in ((NAMED, 1), (NONE, 0)):
        after = StreamJudge(SETTINGS).judge(replace(seen, streams=(stream,), clients=clients))
        of = after.judgements[0].group(b"g")
        assert of is not None
        assert of.active == active


@pytest.mark.parametrize("clients", [None, DENIED, NAMED, OTHERS, NONE])
@pytest.mark.parametrize("known", [None, DOWN, LATELY, ZOMBIE, UP, UNSEEN, NOT_HERE, ORPHAN, HELD, ENDED])
@pytest.mark.parametrize(("idle", "pending"), [(100, 3), (31_000, 3), (90_000, 3), (90_000, 0)])
@pytest.mark.parametrize("lag", [0, 4, None])
def test_finding_screen_and_json_agree(
    clients: Clients | None, known: Service | Run | None, idle: int, pending: int, lag: int | None
) -> None:
    of = owners(*([known] if known is not None else []))
    seen = replace(
        group(idle, pending, lag, b"r7" if isinstance(known, Run) else b"billing-1"), clients=clients
    )
    active, after = judged(seen, of)
    found = after.streams[0].groups[0]
    (shown,) = liveness_of(found, after.judgements[0].group(b"g"), clients, of.status, NOW).values()
    store = Store(streams=after)
    items: Any = document(Topic.STREAMS, store, NOW, "here")["items"]
    documented = items[0]["groups"][0]["activeConsumers"]
    symptoms = stream_symptoms(after, SETTINGS, NOW, owners=of.status)
    reported = "DEAD_CONSUMER" in {one.category for one in symptoms}
    assert reported == shown.dead == (active == 0) == (documented == 0)
    if reported:
        assert shown.alive is False
    if shown.alive:
        assert not reported
