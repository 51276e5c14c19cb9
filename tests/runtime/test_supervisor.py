"""What the supervisor makes of a collector that fails, hangs, or whose news nobody can digest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Collector, Snapshot, SourceError, SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.runtime import supervisor as module
from agentdash.runtime.analysis import Analysis
from agentdash.runtime.intake import Intake
from agentdash.runtime.sources import Sources
from agentdash.runtime.supervisor import Supervisor
from agentdash.runtime.tasks import Tasks
from tests.support import until


@dataclass
class Reading:
    taken_at: int = 1
    host: str = "host"


@dataclass
class Source(Collector):
    """A collector that does one act a pass."""

    acts: list[Callable[[], object]]
    name: str = "source"
    topic: Topic = Topic.RUNS
    cadence: float = 0.001
    timeout: float = 0.05
    passes: int = 0
    running: int = 0
    closed: bool = False
    overlapped: bool = field(default=False)

    async def collect(self) -> Snapshot | None:
        self.overlapped |= self.running > 0
        self.running += 1
        try:
            self.passes += 1
            act = self.acts[min(self.passes, len(self.acts)) - 1]()
            if asyncio.iscoroutine(act):
                await act
            return Reading()
        finally:
            self.running -= 1

    async def close(self) -> None:
        self.closed = True


def fail(problem: Exception) -> Callable[[], object]:
    def act() -> None:
        raise problem

    return act


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_MIN_S", 0.001)
    monkeypatch.setattr(module, "BACKOFF_MAX_S", 0.01)


def fine() -> None:
    return None


class Told:
    """Runs a supervisor and keeps what it says."""

    def __init__(self, source: Source, digest: Callable[[Snapshot], None] = lambda _: None) -> None:
        self.healths: list[SourceHealth] = []
        self.lines: list[tuple[str, bool, bool]] = []
        self.recovered = 0
        self.source = source

        async def recover() -> None:
            self.recovered += 1

        self.supervisor = Supervisor(
            source,
            SystemClock(),
            on_snapshot=digest,
            on_health=self.healths.append,
            note=lambda _actor, step, ok, _ms, routine: self.lines.append((step, ok, routine)),
            recover=recover,
        )
        self.task = asyncio.ensure_future(self.supervisor.run())

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert self.source.closed
        assert not self.source.overlapped


async def test_a_failure_is_said_in_words_and_passes() -> None:
    source = Source(
        [fine, fail(SourceError("it is away", "start it")), fail(SourceError("it is away", "start it")), fine]
    )
    told = Told(source)
    await until(lambda: source.passes >= 5)
    failed = [health for health in told.healths if health.state is SourceState.ERROR]
    assert failed[0].error == "it is away"
    assert failed[0].cure == "start it"
    assert failed[0].retry_at is not None
    assert told.supervisor.health.state is SourceState.LIVE
    assert told.supervisor.health.error is None
    assert told.supervisor.health.failures == 2
    assert told.recovered == 1, "what it stands on is mended at the second failure"
    assert ("it is away", False, False) in told.lines
    assert sum(step == "it is away" and not routine for step, _, routine in told.lines) == 1, "said once"
    await told.end()


async def test_a_pass_that_hangs_is_cut_off() -> None:
    source = Source([lambda: asyncio.sleep(60), fine])
    told = Told(source)
    await until(lambda: told.supervisor.health.state is SourceState.LIVE)
    assert any("no answer within 0.05 s" in (health.error or "") for health in told.healths)
    await told.end()


async def test_a_fault_of_ours_ends_nothing() -> None:
    def digest(_snapshot: Snapshot) -> None:
        if source.passes == 1:
            raise ZeroDivisionError("a rule went wrong")

    source = Source([fine])
    told = Told(source, digest)
    await until(lambda: source.passes >= 3)
    assert any("a rule went wrong" in (health.error or "") for health in told.healths)
    assert told.supervisor.health.state is SourceState.LIVE
    await told.end()


async def test_nothing_to_read_is_no_error() -> None:
    source = Source([fail(SourceError("nothing is set", "set it", absent=True))])
    told = Told(source)
    await until(lambda: source.passes >= 3)
    assert told.supervisor.health.state is SourceState.ABSENT
    assert told.supervisor.health.failures == 0
    assert told.recovered == 0
    await told.end()


async def test_waking_looks_again_at_once() -> None:
    source = Source([fine], cadence=60)
    told = Told(source)
    await told.supervisor.first_pass()
    assert source.passes == 1
    told.supervisor.wake()
    await until(lambda: source.passes == 2)
    await told.end()


async def test_when_the_server_is_back_for_one_source_the_other_is_tried_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "BACKOFF_MIN_S", 60.0)
    monkeypatch.setattr(module, "BACKOFF_MAX_S", 60.0)

    def fail() -> None:
        raise SourceError("the server is away")

    runs = Source([fail, lambda: None], name="runs", cadence=60.0)
    streams = Source([fail, lambda: None], name="streams", topic=Topic.STREAMS, cadence=60.0)
    repos = Source([fail, lambda: None], name="repos", topic=Topic.REPOS, cadence=60.0)
    store, clock = Store(), SystemClock()
    intake = Intake(store, Analysis(Settings(), "host"), clock, lambda *_: None)
    tasks = Tasks(lambda *_: None)
    sources = Sources(intake, lambda *_: None, clock, lambda *_: None, tasks)
    for source in (runs, streams, repos):
        sources.add(source)
    await until(lambda: runs.passes == streams.passes == repos.passes == 1)
    sources.wake(Topic.RUNS)
    await until(lambda: streams.passes == 2, what="streams are read again")
    assert (runs.passes, repos.passes) == (2, 1), "what does not stand on the server is left alone"
    await tasks.cancel()
