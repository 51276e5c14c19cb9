"""Through a proxy that loses, delays and repeats: each change is carried out at most once, and said rightly.

What is said is held against the server's own count of the commands that it has carried out.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from agentdash.actions.runs.control import control, mark_orphan_failed
from agentdash.actions.streams.groups import change
from agentdash.core.commands import ControlRun, Effect, Outcome
from agentdash.core.runs.model import ControlAction, RunKeys
from agentdash.core.settings.model import RedisSettings
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    StreamCommand,
    TrimStream,
)
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedUse
from agentdash.server.outcome import in_outcome
from tests.proxy import Fault, Proxy, proxy

STREAM, GROUP, DEAD = b"jobs", b"g", b"jobs:dead"
KEYS = RunKeys()
ENTRIES = (SeenEntry("1-1", b"a"), SeenEntry("1-2", b"a"))
LATE = {Fault.LATE_COMMAND, Fault.LATE_REPLY}
CONNECTING = {"CLIENT", "HELLO", "AUTH", "SELECT"}

Act = Callable[[Redis], Awaitable[Outcome]]


@dataclass(frozen=True)
class Case:
    """An action, and the commands that change something which it comes down to, as the server counts them."""

    name: str
    act: Act
    writes: Counter[str]

    def __str__(self) -> str:
        return self.name


def of_stream(command: StreamCommand, *writes: str) -> Case:
    return Case(type(command).__name__, lambda client: change(client, command), Counter(writes))


def pause(client: Redis) -> Awaitable[Outcome]:
    return control(client, KEYS, ControlRun("r1", ControlAction.PAUSE, "test"))


def mark_failed(client: Redis) -> Awaitable[Outcome]:
    return mark_orphan_failed(client, KEYS, "r1", "test")


CASES = (
    of_stream(AcknowledgeEntries(STREAM, GROUP, ENTRIES), "xack"),
    of_stream(ClaimEntries(STREAM, GROUP, ENTRIES, b"z"), "xclaim"),
    of_stream(DeleteEntries(STREAM, ENTRIES, GROUP), "xack", "xdel"),
    of_stream(DeadLetterEntries(STREAM, GROUP, ENTRIES, DEAD), "xadd", "xadd", "xack"),
    of_stream(CreateGroup(STREAM, b"new"), "xgroup|create"),
    of_stream(DestroyGroup(STREAM, GROUP, 2), "xgroup|destroy"),
    of_stream(DeleteConsumer(STREAM, GROUP, b"idle"), "xgroup|delconsumer"),
    of_stream(SetGroupId(STREAM, GROUP, "$", "1-2"), "xgroup|setid"),
    of_stream(TrimStream(STREAM, maxlen=1), "xtrim"),
    Case("pause", pause, Counter(["xadd"])),
    Case("mark failed", mark_failed, Counter(["hset", "xadd"])),
)
COUNTED = frozenset(name for case in CASES for name in case.writes)


@pytest.fixture
async def between(private_server: EmbeddedUse, redis_url: str) -> AsyncIterator[Proxy]:
    async with proxy(str(private_server.socket)) as found:
        yield found


async def prepare(client: Redis) -> None:
    """Three entries, of which consumer a holds two; a run that has no worker."""
    pipe = client.pipeline(transaction=False)
    pipe.flushall()
    for entry_id in ("1-1", "1-2", "1-3"):
        pipe.xadd(STREAM, {"n": entry_id}, id=entry_id)
    pipe.xgroup_create(STREAM, GROUP, "0")
    pipe.execute_command("XGROUP", "CREATECONSUMER", STREAM, GROUP, "idle")
    pipe.xreadgroup(GROUP, "a", {STREAM: ">"}, count=2)
    pipe.hset(KEYS.meta("r1"), mapping={"id": "r1", "status": "running", "createdAt": "1"})
    pipe.config_resetstat()
    await pipe.execute()


async def carried_out(client: Redis) -> Counter[str]:
    """How often the server has carried out each command that changes something."""
    stats = await client.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
    return Counter({name: calls[name] for name in COUNTED if calls.get(name)})


async def through(between: Proxy, case: Case, fault: Fault | None, number: int = -1) -> Outcome:
    """Carry out *case* while *fault* happens to that command; the server has done all it will afterwards."""
    seconds = 0.1 if fault in LATE else 5.0
    client = open_client(between.url, RedisSettings(timeout=seconds, connect_timeout=5.0))
    between.arm(fault, number)
    try:
        return await in_outcome(case.act(client), between.url)
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()


def is_true(outcome: Outcome, done: Counter[str], case: Case) -> bool:
    """Whether what is said of it is so."""
    match outcome.effect:
        case Effect.DONE:
            # A missing event is said in words; the change itself is made.
            return done == case.writes or "recorded" in outcome.message
        case Effect.NONE:
            return not done
        case Effect.PARTLY:
            return Counter() < done < case.writes
        case Effect.UNSURE:
            return True
    return False


async def points(between: Proxy, case: Case, client: Redis) -> Sequence[str]:
    """The commands that pass where nothing goes wrong."""
    await prepare(client)
    outcome = await through(between, case, None)
    seen = tuple(between.seen)
    assert outcome.effect is Effect.DONE, outcome
    assert await carried_out(client) == case.writes
    await between.settle()
    return seen


def worth_trying(case: Case, fault: Fault, names: Sequence[str]) -> Iterator[int]:
    """Not each connecting for each case, nor each time limit to be waited for; all if asked for."""
    for number, name in enumerate(names):
        connecting = name in CONNECTING and case is not CASES[0]
        reading = name not in {"MULTI", "EXEC", "PING"} and name not in written(case)
        if os.environ.get("AGENTDASH_FUZZ") or not (connecting or (fault in LATE and reading)):
            yield number


def written(case: Case) -> set[str]:
    """Names of the commands of *case* that change something."""
    return {name.partition("|")[0].upper() for name in case.writes}


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_change_is_carried_out_at_most_once_and_said_rightly(
    between: Proxy, client: Redis, case: Case, fault: Fault
) -> None:
    names = await points(between, case, client)
    for number in worth_trying(case, fault, names):
        await prepare(client)
        outcome = await through(between, case, fault, number)
        await between.settle()
        done = await carried_out(client)
        where = f"{fault} at {number} of {names}: {outcome}, carried out: {done}"
        assert done <= case.writes, where
        assert is_true(outcome, done, case), where


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(
    "fault", [Fault.LOSE_REPLY, Fault.LOSE_COMMAND], ids=lambda fault: fault.name.lower()
)
async def test_an_answer_that_is_lost_is_said_to_be_lost(
    between: Proxy, client: Redis, case: Case, fault: Fault
) -> None:
    names = await points(between, case, client)
    changing = {"EXEC"} if "EXEC" in names else written(case)
    first = next(number for number, name in enumerate(names) if name in changing)
    await prepare(client)
    outcome = await through(between, case, fault, first)
    assert outcome.effect is Effect.UNSURE, outcome
    assert outcome.title == "May have been carried out"
    assert "closed the connection" in outcome.message


async def test_where_nobody_listens_nothing_was_carried_out(between: Proxy, client: Redis) -> None:
    await prepare(client)
    nowhere = open_client("redis://127.0.0.1:1", RedisSettings(timeout=1.0, connect_timeout=1.0))
    outcome = await in_outcome(CASES[0].act(nowhere), "redis://127.0.0.1:1")
    assert outcome.effect is Effect.NONE
    assert outcome.title == "Not carried out"
    assert "Nothing listens" in outcome.message


@pytest.mark.parametrize("fault", [Fault.TWICE, Fault.TWICE_LATE], ids=lambda fault: fault.name.lower())
async def test_an_answer_that_comes_twice_shifts_no_other(
    between: Proxy, client: Redis, fault: Fault
) -> None:
    await prepare(client)
    reader = open_client(between.url, RedisSettings())
    between.arm(None)
    await reader.ping()
    between.arm(fault, 4)
    for command in (
        AcknowledgeEntries(STREAM, GROUP, ENTRIES[:1]),
        AcknowledgeEntries(STREAM, GROUP, ENTRIES[1:]),
    ):
        outcome = await in_outcome(change(reader, command), between.url)
        assert outcome.effect in {Effect.DONE, Effect.NONE, Effect.UNSURE}
    for number in range(5):
        assert await reader.echo(f"{number}") == f"{number}".encode()
    await reader.aclose()
    await reader.connection_pool.disconnect()
