"""What the runs pane costs: 200 runs of which 20 write ten events a second, and a run with 10 000 events.

Each way is measured in turn in one run; only the ratio means something.

    python -m benchmarks.runs [ROUNDS]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from agentdash.core.queries import RunEventsOf
from agentdash.core.runs.model import RunKeys
from agentdash.core.runs.record import FIELDS
from agentdash.core.settings.model import RedisSettings, RunsSettings
from agentdash.runner.agents.decoder import OutputDecoder
from agentdash.runner.output.blocks import LineBlocks
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer
from collectors.runs.collector import RunsCollector
from collectors.runs.events import read_events

RUNS, LIVE, EVENTS = 200, 20, 10_000
KEYS = RunKeys()
NOISE = b"plain output that no decoder is interested in\n" * 1400


async def fill(client: Any) -> None:
    pipe = client.pipeline(transaction=False)
    for number in range(RUNS):
        status = "running" if number < LIVE else "completed"
        fields = {
            "title": f"run {number}",
            "status": status,
            "createdAt": str(number),
            "stats.tokens": "12345",
        }
        pipe.hset(KEYS.meta(f"r{number}"), mapping=fields)
        pipe.zadd(KEYS.index, {f"r{number}": number})
        if number < LIVE:
            pipe.set(KEYS.lock(f"r{number}"), "box:1:x")
    for number in range(EVENTS):
        pipe.xadd(KEYS.events("long"), {"type": "note", "at": str(number), "data": '{"path": "src/a.py"}'})
    await pipe.execute()


async def write_events(client: Any) -> None:
    """Write the events of twenty workers in half a second."""
    pipe = client.pipeline(transaction=False)
    for number in range(LIVE):
        for event in range(5):
            pipe.xadd(KEYS.events(f"r{number}"), {"type": "file_written", "data": f'{{"path": "{event}"}}'})
    await pipe.execute()


async def one_by_one(client: Any) -> None:
    """The same questions about every run, as one would write them first."""
    for member in await client.zrevrange(KEYS.index, 0, -1):
        name = member.decode()
        await client.pttl(KEYS.lock(name))
        await client.hmget(KEYS.meta(name), list(FIELDS))
        await client.xrevrange(KEYS.events(name), count=4)
        await client.xlen(KEYS.events(name))
        await client.xrevrange(KEYS.control(name), count=1)
        await client.get(KEYS.lock(name))


async def all_events(client: Any) -> None:
    await client.xrange(KEYS.events("long"))


def decode_noise() -> None:
    """A hundred megabytes as a worker looks at them."""
    lines, decoder = LineBlocks(), OutputDecoder()
    for _ in range(1600):
        for block in lines.feed(NOISE):
            decoder.decode("stdout", block.data)


def split_noise() -> None:
    for _ in range(1600):
        NOISE.split(b"\n")


async def timed(way: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await way()
    return time.perf_counter() - begun


async def compare(title: str, rounds: int, prepare: Any, **ways: Callable[[], Awaitable[object]]) -> None:
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            await prepare()
            found[name].append(await timed(way))
    first = statistics.median(next(iter(found.values())))
    print(title)
    for name, times in found.items():
        middle = statistics.median(times)
        print(f"  {name:<14} {middle * 1000:8.2f} ms  {middle / first:6.1f} ×")


async def main(rounds: int = 10) -> None:
    with tempfile.TemporaryDirectory() as folder:
        use = EmbeddedServer(Path(folder) / "redis").acquire()
        client = open_client(use.url, RedisSettings())
        try:
            await fill(client)
            collector = RunsCollector(client, RunsSettings(), "box")

            async def nothing() -> None: ...

            await compare(
                f"one poll of {RUNS} runs, {LIVE} of them live", rounds, lambda: write_events(client),
                collector=collector.collect, one_by_one=lambda: one_by_one(client),
            )  # fmt: skip
            newest = RunEventsOf("long", count=500)
            await compare(
                f"opening a run with {EVENTS} events", rounds, nothing,
                newest_page=lambda: read_events(client, KEYS, newest), all_of_them=lambda: all_events(client),
            )  # fmt: skip
            await compare(
                "looking for telemetry in 100 MB of other output", 3, nothing,
                decoder=lambda: asyncio.to_thread(decode_noise),
                only_splitting=lambda: asyncio.to_thread(split_noise),
            )  # fmt: skip
        finally:
            await client.aclose()
            use.release()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
