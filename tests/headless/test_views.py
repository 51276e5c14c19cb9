"""Every document that is printed has the published shape, whole and nothing beside it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus, Tokens
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.headless.findings.view import FINDING
from agentdash.headless.json_object import plain
from agentdash.headless.schemas import model_of, settings_schema, view_schema
from agentdash.headless.views import OBJECTS, all_views, document, dumps
from tests.full_store import NOW, full_store


@pytest.mark.parametrize("store", [Store(), full_store()], ids=["empty", "full"])
@pytest.mark.parametrize("view", ["all", *Topic])
def test_a_document_has_the_published_shape(store: Store, view: str) -> None:
    made = all_views(store, NOW, "h") if view == "all" else document(Topic(view), store, NOW, "h")
    text = dumps(made)
    assert text.isascii()
    read = model_of(OBJECTS[view]).model_validate_json(text, strict=True)
    assert read.model_dump(mode="json", by_alias=True) == json.loads(text)
    assert made["schema"] == f"agentdash/{view}/1"


def test_a_name_that_is_not_text_has_its_bytes_beside_it() -> None:
    orders, odd = document(Topic.STREAMS, full_store(), NOW, "h")["items"]
    assert (orders["name"], orders["nameHex"]) == ("orders", None)
    assert (odd["name"], odd["nameHex"]) == ("\\xff␀", "ff00")
    (group,) = orders["groups"]
    assert (group["name"], group["nameHex"]) == ("g\\xff", "67ff")
    assert [consumer["nameHex"] for consumer in group["consumers"]] == [None, "c3a90a"]


def test_the_rate_of_tokens_is_known_once_a_run_was_watched() -> None:
    store = Store()

    def rate(at: int, total: int) -> object:
        run = Run("r", "", RunStatus.RUNNING, tokens=Tokens(total))
        snapshot = RunsSnapshot(at, "h", (run,), 1)
        store.put(Topic.RUNS, snapshot)
        store.run_history.add(snapshot)
        return document(Topic.RUNS, store, at, "h")["items"][0]["tokensPerMin"]

    assert (rate(NOW - 30_000, 1000), rate(NOW, 3000)) == (None, 4000)


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


def test_what_another_agent_says_of_its_finding_is_passed_on() -> None:
    told = {
        "priority": "P1",
        "pattern": "timeout",
        "expected": "group `workers`",
        "actual": "group `worker`",
        "affected_files": ("app/queue.py:12",),
        "related_findings": ("CA-002",),
    }
    symptom = Symptom("p", "CONFIG_AUDITOR", "CONFIG_DRIFT", Severity.LOW, "differs", **told)
    item = FINDING.document(Finding("CA-001", symptom, FindingStatus.OPEN, NOW, NOW))
    assert (item["priority"], item["pattern"]) == ("P1", "timeout")
    assert (item["expected"], item["actual"]) == ("group `workers`", "group `worker`")
    assert (item["affectedFiles"], item["relatedFindings"]) == (["app/queue.py:12"], ["CA-002"])


@pytest.mark.parametrize("view", list(OBJECTS))
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
