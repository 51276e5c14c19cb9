"""Whose a consumer is, and what is related to what."""

from __future__ import annotations

import pytest

from agentdash.core.links import related
from agentdash.core.links.owners import owner_of
from agentdash.core.links.related import LinkKind, StreamPlace, Trace
from agentdash.core.logs.model import LogLine
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import (
    Consumer,
    Group,
    Lag,
    Stream,
    StreamsSnapshot,
)

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
