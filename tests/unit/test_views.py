"""Every document that is printed has the published shape, whole and nothing beside it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.findings import Finding, FindingsSnapshot, FindingStatus, Severity, Symptom
from agentdash.core.logs import Level, LogBatch, LogLine, LogSource
from agentdash.core.repos import Operation, Repo, ReposSnapshot
from agentdash.core.runs import ControlAction, Run, RunEvent, RunsSnapshot, RunStatus, Tokens
from agentdash.core.services import Probe, Service, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.streams import (
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
from agentdash.headless.items import plain
from agentdash.headless.schemas import SHAPES, settings_schema, view_schema
from agentdash.headless.views import all_views, document, dumps

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
                ),
                Service("db", ServiceState.DOWN),
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


@pytest.mark.parametrize("store", [Store(), full_store()], ids=["empty", "full"])
@pytest.mark.parametrize("view", ["all", *Topic])
def test_a_document_has_the_published_shape(store: Store, view: str) -> None:
    made = all_views(store, NOW, "h") if view == "all" else document(Topic(view), store, NOW, "h")
    text = dumps(made)
    assert text.isascii()
    read = SHAPES[view].model_validate_json(text, strict=True)
    assert read.model_dump(mode="json", by_alias=True) == json.loads(text)
    assert made["schema"] == f"agentdash/{view}/1"


def test_a_name_that_is_not_text_has_its_bytes_beside_it() -> None:
    orders, odd = document(Topic.STREAMS, full_store(), NOW, "h")["items"]
    assert (orders["name"], orders["nameHex"]) == ("orders", None)
    assert (odd["name"], odd["nameHex"]) == ("\\xff␀", "ff00")
    (group,) = orders["groups"]
    assert (group["name"], group["nameHex"]) == ("g\\xff", "67ff")
    assert [consumer["nameHex"] for consumer in group["consumers"]] == [None, "c3a90a"]


def test_what_is_not_known_is_null_and_never_zero() -> None:
    store = full_store()
    (group,) = document(Topic.STREAMS, store, NOW, "h")["items"][0]["groups"]
    assert group["lag"] == {"value": None, "grade": "unknown", "reason": "entries were deleted"}
    assert group["oldestPending"]["entryAgeMs"] == 5000
    assert document(Topic.SERVICES, store, NOW, "h")["items"][1]["rssBytes"] is None
    assert document(Topic.REPOS, store, NOW, "h")["items"][0]["staged"] == 0


@pytest.mark.parametrize(
    ("health", "state", "error"),
    [
        (None, "error", "not read in time"),
        (SourceHealth("x"), "error", "not read in time"),
        (SourceHealth("x", SourceState.LIVE, NOW - 10), "ok", None),
        (SourceHealth("x", SourceState.LIVE, NOW - 60_000), "stale", None),
        (SourceHealth("x", SourceState.ERROR, error="refused"), "error", "refused"),
        (SourceHealth("x", SourceState.ABSENT, error="no files are set"), "absent", "no files are set"),
    ],
)
def test_health_says_how_good_a_view_is(health: SourceHealth | None, state: str, error: str | None) -> None:
    store = Store()
    if health:
        store.put_health(Topic.RUNS, health)
    told = document(Topic.RUNS, store, NOW, "h")["health"]
    assert (told["state"], told["error"]) == (state, error)


@pytest.mark.parametrize("view", list(SHAPES))
def test_every_shape_is_published(view: str) -> None:
    schema = view_schema(view)
    assert schema["type"] == "object"
    assert set(schema["required"]) == set(schema["properties"]), "every key is always there"


def test_the_settings_have_a_schema() -> None:
    assert "streams" in settings_schema()["properties"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    )
)
def test_fields_from_outside_are_always_json(value: object) -> None:
    json.loads(dumps(plain(value)))


def test_fields_that_nest_without_end_are_cut() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert "…" in json.loads(dumps(plain(deep)).replace("[", "").replace("]", ""))
