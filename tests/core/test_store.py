"""The store: lookups by key, in the newest snapshot."""

from dataclasses import replace

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tests.full_store import full_store


def test_every_record_is_found_by_its_key() -> None:
    store = full_store()
    assert store.runs is not None
    assert store.streams is not None
    assert store.findings is not None
    assert store.repos is not None
    assert store.services is not None
    assert [store.run(run.id) for run in store.runs.runs] == list(store.runs.runs)
    assert [store.stream(stream.name) for stream in store.streams.streams] == list(store.streams.streams)
    assert [store.judgement(stream.name) for stream in store.streams.streams] == list(
        store.streams.judgements
    )
    assert store.group(b"orders", b"g\xff") is store.streams.streams[0].groups[0]
    assert store.finding("f1") is store.findings.findings[0]
    assert [store.repo(repo.path) for repo in store.repos.repos] == list(store.repos.repos)
    assert [store.service(service.name) for service in store.services.services] == list(
        store.services.services
    )
    assert store.runs_named("a run") == [store.run("r1")] == store.runs_named("r1")
    assert store.repos_named("b") == [store.repo("/b")] == store.repos_named("/b")


def test_a_key_that_is_not_there_gives_none() -> None:
    for store in (Store(), full_store()):
        assert store.run("none") is store.stream(b"none") is store.group(b"none", b"g") is None
        assert store.finding("none") is store.repo("none") is store.service("none") is None
        assert store.record(Topic.LOGS, 0) is None
        assert store.runs_named("none") == store.repos_named("none") == []
        assert store.judgement(b"none").status == "UNKNOWN"


def test_a_lookup_reads_the_newest_snapshot() -> None:
    store = full_store()
    assert store.runs is not None
    first, second = store.runs.runs
    changed = replace(first, title="another")
    assert store.run(first.id) is first
    store.put(Topic.RUNS, replace(store.runs, runs=(changed,)))
    assert store.run(first.id) is changed
    assert store.run(second.id) is None
