"""The model of the run screen, without a screen: what is read when, and why something is not possible."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core.queries import Answer, Query, RunEvents
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.runs.model import Run, RunEvent, RunsSnapshot, RunStatus
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.store import Store
from tui.screens.runs.model import RunModel

NOW = 1_732_112_345_000
RUN = Run("r1", "Fix", RunStatus.RUNNING, host="box", cwd="/src/app/lib")


def model_of(run: Run) -> tuple[RunModel, Store]:
    store = Store()
    store.put(Topic.RUNS, RunsSnapshot(NOW, "box", (run,), 1))
    store.put(Topic.REPOS, ReposSnapshot(NOW, "box", (Repo("/src/app", "app"),)))
    return RunModel("r1", store, None), store


async def one_event(_: Query) -> Answer:
    return RunEvents((RunEvent("1-0", "run_started", NOW, None),))


async def unavailable(_: Query) -> Answer:
    raise SourceError("no server", "start one")


def test_paths_are_relative_to_the_repository_else_to_the_folder() -> None:
    assert model_of(RUN)[0].root == "/src/app"
    elsewhere, _ = model_of(replace(RUN, cwd="/tmp"))
    assert (elsewhere.root, elsewhere.repo) == ("/tmp", None)
    assert elsewhere.why_no_repo


async def test_events_are_read_again_only_for_a_new_record_or_after_an_error() -> None:
    model, store = model_of(RUN)
    assert model.has_news
    model.mark_read()
    assert [event.id for event in await model.read_new(one_event)] == ["1-0"]
    assert not model.has_news
    assert await model.read_new(unavailable) == []
    assert model.error == "no server"
    assert model.has_news
    await model.read_new(one_event)
    store.put(Topic.RUNS, RunsSnapshot(NOW + 1, "box", (replace(RUN, turns=2),), 1))
    assert model.has_news
    model.mark_read(pending=True)
    assert model.has_news


async def test_no_older_events_where_the_first_is_loaded() -> None:
    model, _ = model_of(RUN)
    assert model.why_no_older is None
    await model.read_new(one_event)
    assert model.why_no_older == "no older events"
