"""Where Enter on a finding leads: to each kind of thing that it can be about, as far in as it says."""

from __future__ import annotations

from typing import Any

import pytest

from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.links.related import StreamPlace
from agentdash.core.logs.model import Level, LogBatch, LogLine
from agentdash.core.repos.model import Repo, RepoKind, ReposSnapshot
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.model import Group, Lag, Stream, StreamsSnapshot
from tui.screens.findings.about import subject_of_finding

RUN = Run("r7", "fix-auth", RunStatus.RUNNING)
BILLING = Service("billing", ServiceState.UP)
WEB = Repo("/src/web", "web", RepoKind.REPO)
LINES = tuple(
    LogLine("worker", at, at, text, level=level)
    for at, (text, level) in enumerate(
        [("no disk", Level.ERROR), ("no card", Level.ERROR), ("up", Level.INFO)],
    )
)


@pytest.fixture
def store() -> Store:
    known = Store()
    stream = Stream(b"orders", 9, groups=(Group(b"g", 3, Lag(0), "5-0", 5),))
    known.put(Topic.STREAMS, StreamsSnapshot(0, "box", (stream,)))
    known.put(Topic.RUNS, RunsSnapshot(0, "box", (RUN,), 1))
    known.put(Topic.SERVICES, ServicesSnapshot(0, "box", (BILLING,)))
    known.put(Topic.REPOS, ReposSnapshot(0, "box", (WEB,)))
    known.put_lines(LogBatch(0, "box", LINES))
    return known


@pytest.mark.parametrize(
    ("about", "subject"),
    [
        ({"stream": b"orders"}, StreamPlace(b"orders")),
        (
            {"stream": b"orders", "consumer_group": b"g", "consumer": b"c", "message_ids": ("5-0", "6-0")},
            StreamPlace(b"orders", b"g", b"c", "5-0"),
        ),
        ({"stream": b"orders", "consumer_group": b"g", "service": "billing"}, StreamPlace(b"orders", b"g")),
        ({"stream": b"gone", "service": "billing"}, BILLING),
        ({"run": "r7"}, RUN),
        ({"run": "fix-auth"}, RUN),
        ({"service": "billing"}, BILLING),
        ({"repo": "/src/web"}, WEB),
        ({"service": "worker", "evidence": ("no disk",)}, LINES[0]),
        ({"service": "worker"}, LINES[1]),
        ({"service": "nobody"}, None),
        ({}, None),
    ],
)
def test_enter_leads_to_what_it_is_about(store: Store, about: dict[str, Any], subject: object) -> None:
    symptom = Symptom("f", "A", "X", Severity.HIGH, "broken", **about)
    assert subject_of_finding(Finding("X-1", symptom, FindingStatus.OPEN, 0, 0), store) == subject
