"""Whose a consumer is, its signs of life, what hangs together, and what to press."""

from __future__ import annotations

import pytest

from agentdash.core.links import related
from agentdash.core.links.owners import Owner, owner_of
from agentdash.core.links.related import LinkKind, StreamPlace, Trace
from agentdash.core.logs.model import LogLine
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.consumer_signs import signs
from agentdash.core.streams.model import (
    Consumer,
    Group,
    Lag,
    LagGrade,
    PendingEntry,
    Stream,
    StreamsSnapshot,
)
from agentdash.core.streams.queries import Clients
from tui.format.streams.actions import presses

NOW = 1_732_112_345_000
HELD = Consumer(b"billing-1", 3, 250_000)
GROUP = Group(b"billing", 3, Lag(0), "5-0", 5, consumers=(HELD, Consumer(b"run-7", 1, 10)))


def store() -> Store:
    known = Store()
    run = Run("run-7", "fix-auth", RunStatus.RUNNING, orphaned=False, cwd="/src/web/api", worker="box:41:ab")
    services = (
        Service("billing", ServiceState.DOWN, down_since=NOW - 60_000, exit_code=1),
        Service("mailer", ServiceState.UP, pid=4711, cwd="/src/web"),
        Service("twin", ServiceState.UP, pid=77),
        Service("twin-2", ServiceState.UP, pid=77),
    )
    known.put(Topic.RUNS, RunsSnapshot(NOW, "box", (run,), 1))
    known.put(Topic.SERVICES, ServicesSnapshot(NOW, "box", services))
    known.put(Topic.STREAMS, StreamsSnapshot(NOW, "box", (Stream(b"orders", 9, groups=(GROUP,)),)))
    repos = (Repo("/src/web", "web", RepoKind.REPO),)
    known.put(Topic.REPOS, ReposSnapshot(NOW, "box", repos))
    return known


@pytest.mark.parametrize(
    ("name", "run", "service"),
    [
        (b"run-7", "run-7", None),
        (b"box:41:ab", "run-7", None),
        (b"billing-1", None, "billing"),
        (b"billing", None, "billing"),
        (b"host_4711_x", None, "mailer"),
        (b"billing-4711", None, "billing"),  # by its name, though that is a process of mailer's
        (b"billing-x", None, None),
        (b"c-77", None, None),  # two services have that process
        (b"\xff\x00", None, None),
    ],
)
def test_whose_a_consumer_is(name: bytes, run: str | None, service: str | None) -> None:
    owner = owner_of(name, store())
    assert (owner.run and owner.run.id, owner.service and owner.service.name) == (run, service)


NOBODY = Owner()
WAITS = Clients((b"billing-1", b""), frozenset({b"billing-1"}))


@pytest.mark.parametrize(
    ("clients", "lag", "owner", "alive", "words"),
    [
        (None, 0, NOBODY, None, "clients not asked yet"),
        (
            Clients(why="CLIENT LIST is not allowed (+client|list)"),
            0,
            NOBODY,
            None,
            "CLIENT LIST is not allowed",
        ),
        (WAITS, 0, NOBODY, True, "blocked in XREADGROUP now"),
        (WAITS, 9, NOBODY, None, "connected, not blocked"),  # with unread entries nobody waits
        (
            Clients((b"", b"other")),
            0,
            NOBODY,
            None,
            "2 unnamed clients blocked in XREADGROUP, maybe this one",
        ),
        (Clients((b"run-7",)), 0, NOBODY, None, "no client blocked"),
        (Clients(), 0, owner_of(b"billing-1", store()), False, "billing: its process ended 1m00 ago, exit 1"),
        (WAITS, 0, owner_of(b"billing-1", store()), True, "blocked in XREADGROUP now"),
        (Clients(), 0, owner_of(b"run-7", store()), True, "no client blocked · run fix-auth: running"),
    ],
)
def test_signs_say_what_is_seen_and_what_is_not(
    clients: Clients | None, lag: int, owner: Owner, alive: bool | None, words: str
) -> None:
    group = Group(b"billing", 3, Lag(lag, LagGrade.EXACT), "5-0", 5)
    found = signs(HELD, group, clients, frozenset({b"billing-1", b"run-7"}), owner, NOW)
    assert found.alive is alive
    assert found.words.startswith(words)


def test_the_chain_leads_on_and_back() -> None:
    known = store()
    run = known.runs.runs[0]  # type: ignore[union-attr]
    of_run = related.of_run(known, run)
    assert [link.kind for link in of_run] == [LinkKind.MESSAGE, LinkKind.LOG, LinkKind.REPO]
    assert of_run[0].target == StreamPlace(b"orders", b"billing", b"run-7")
    place = StreamPlace(b"orders", b"billing", None, "5-0")
    back = related.of_message(known, place, b"run-7", ("ab12",))
    assert back[0].target is run
    assert [link.target for link in back if link.kind is LinkKind.LOG][1:] == [Trace("ab12"), Trace("5-0")]
    repo = known.repos.repos[0]  # type: ignore[union-attr]
    assert [link.target for link in related.of_repo(known, repo)] == [
        run,
        known.services.services[1],  # type: ignore[union-attr]
    ]
    line = LogLine("mailer", 0, NOW, "sent", correlation_id="ab12")
    assert [link.kind for link in related.of_line(known, line)] == [
        LinkKind.SERVICE,
        LinkKind.REPO,
        LinkKind.RUN,
        LinkKind.LOG,
    ]


def test_what_to_press_depends_on_what_is_known() -> None:
    dead = owner_of(b"billing-1", store())
    found = {
        b"billing-1": signs(HELD, GROUP, Clients(), frozenset(), dead, NOW),
        b"run-7": signs(GROUP.consumers[1], GROUP, Clients((b"run-7",)), frozenset({b"run-7"}), NOBODY, NOW),
    }

    def keys(**entry: object) -> list[str]:
        facts = {"id": "5-0", "consumer": b"billing-1", "idle_ms": 250_000, "deliveries": 1, **entry}
        return [press.key + " " + press.words for press in presses(PendingEntry(**facts), GROUP, found)]  # type: ignore[arg-type]

    assert keys()[0] == "C claim for run-7, which lives"
    assert keys(deliveries=7)[0].startswith(". copy to dead letters")
    assert keys(gone=True) == ["A acknowledge: its data is gone, nobody can work on it"]
    assert keys(consumer=b"run-7", idle_ms=900) == []
    assert keys(idle_ms=900)[0].startswith("C ")  # its holder is known to be dead
