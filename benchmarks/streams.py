"""What reading a whole topology costs: ours against the other ways there are, on one real server.

500 streams × 3 groups × 3 consumers, each way in turn, the same number of times, in one run; only the ratios
mean something. Then what the server itself spends, and what another client's PING feels of it.

    python benchmarks/streams.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import gc
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hiredis
import redis
from redis.asyncio import Redis

from agentdash.cli.screen import GC_THRESHOLDS
from agentdash.core.clock import SystemClock
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import RedisSettings, StreamsSettings
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse
from collectors.streams.collector import StreamsCollector
from collectors.streams.read import PER_WRITE, Reads
from collectors.streams.replies.wire import pack

STREAMS, GROUPS, CONSUMERS = 500, 3, 3
ENOUGH = 1_000_000
LEAST = "blocking socket with hiredis"
GROUPWISE = "redis-py, group by group, a pipeline"
PLAIN = "redis-py, plain calls one by one"
Way = Callable[[], Awaitable[object]]


@contextmanager
def private_server() -> Iterator[EmbeddedUse]:
    with tempfile.TemporaryDirectory() as folder:
        use = EmbeddedServer(Path(folder) / "redis").acquire()
        try:
            yield use
        finally:
            use.release()


async def fill(client: Redis, streams: int = STREAMS) -> list[bytes]:
    names = [f"s{number:05}".encode() for number in range(streams)]
    for start in range(0, streams, PER_WRITE):
        pipeline = client.pipeline(transaction=False)
        for name in names[start : start + PER_WRITE]:
            for number in range(10):
                pipeline.xadd(name, {"order": number, "body": "x" * 50})
            for group in range(GROUPS):
                pipeline.xgroup_create(name, f"g{group}", id="0")
                for consumer in range(CONSUMERS):
                    pipeline.execute_command(
                        b"XREADGROUP", "GROUP", f"g{group}", f"c{consumer}", "COUNT", 2, "STREAMS", name, ">"
                    )
        await pipeline.execute()
    return names


def full(name: bytes) -> tuple[object, ...]:
    return ("XINFO", "STREAM", name, "FULL", "COUNT", 1)


class BlockingSocket:
    """The least there can be: a blocking socket and hiredis, the same commands, the same writes."""

    def __init__(self, path: Path, names: list[bytes]) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._reader = hiredis.Reader()
        self._commands = [pack(full(name)) for name in names]

    async def __call__(self) -> list[object]:
        replies: list[object] = []
        for start in range(0, len(self._commands), PER_WRITE):
            part = self._commands[start : start + PER_WRITE]
            self._socket.sendall(b"".join(part))
            left = len(part)
            while left:
                self._reader.feed(self._socket.recv(65536))
                while (reply := self._reader.gets()) is not False:
                    replies.append(reply)
                    left -= 1
        return replies


async def one_by_one(client: Redis, names: list[bytes]) -> None:
    """As redis-py's own page shows it: a call a stream."""
    for name in names:
        await client.xinfo_stream(name, full=True)


def plain_one_by_one(client: redis.Redis, names: list[bytes]) -> None:
    """What a person writes who does not know FULL: eight calls a stream."""
    for name in names:
        client.xinfo_stream(name)
        for group in client.xinfo_groups(name):
            client.xinfo_consumers(name, group["name"])
            client.xpending_range(name, group["name"], "-", "+", 1)


async def plain_asyncio(client: Redis, names: list[bytes]) -> None:
    """The same eight calls a stream by the asyncio client, which a program with an event loop uses."""
    for name in names:
        await client.xinfo_stream(name)
        for group in await client.xinfo_groups(name):
            await client.xinfo_consumers(name, group["name"])
            await client.xpending_range(name, group["name"], "-", "+", 1)


async def group_by_group(client: Redis, names: list[bytes]) -> None:
    """What the plain commands need for the same facts, in pipelines."""
    pipeline = client.pipeline(transaction=False)
    for name in names:
        pipeline.execute_command(b"XINFO", "STREAM", name)
        pipeline.execute_command(b"XINFO", "GROUPS", name)
        for group in range(GROUPS):
            pipeline.execute_command(b"XINFO", "CONSUMERS", name, f"g{group}")
            pipeline.execute_command(b"XPENDING", name, f"g{group}", "-", "+", 1)
    await pipeline.execute()


async def pipelined(client: Redis, names: list[bytes]) -> None:
    for start in range(0, len(names), PER_WRITE):
        pipeline = client.pipeline(transaction=False)
        for name in names[start : start + PER_WRITE]:
            pipeline.execute_command(b"XINFO", "STREAM", name, "FULL", "COUNT", 1)
        await pipeline.execute()


class Moved:
    """A way that is gone after something happened in every stream, which is not timed."""

    def __init__(self, client: Redis, names: list[bytes], way: Way) -> None:
        self._client, self._names, self._way = client, names, way

    async def prepare(self) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for name in self._names:
            pipeline.xadd(name, {"order": 1, "body": "x" * 50}, maxlen=10, approximate=False)
        await pipeline.execute()

    async def __call__(self) -> object:
        return await self._way()


async def interleaved(ways: dict[str, Way], rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds of each way, all in turn: the middle of its times, and the least."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            if isinstance(way, Moved):
                await way.prepare()
            gc.collect()
            begun = time.perf_counter()
            await way()
            found[name].append(time.perf_counter() - begun)
    return {name: (statistics.median(times), min(times)) for name, times in found.items()}


def show(times: dict[str, tuple[float, float]]) -> None:
    middle, least = times[LEAST]
    for name, (seconds, best) in times.items():
        print(f"  {name:<41} {seconds * 1000:8.1f} ms {seconds / middle:7.2f} ×", end="")
        print(f"   least {best * 1000:8.1f} ms {best / least:7.2f} ×")


async def server_time(client: Redis, way: Way, times: int = 30) -> float:
    """Seconds of processor time that the server spends on *way*: on commands, and on all around them."""
    before = await client.info("cpu")
    for _ in range(times):
        await way()
    after = await client.info("cpu")
    return sum(after[part] - before[part] for part in ("used_cpu_user", "used_cpu_sys")) / times


PINGS = """
import socket, sys, time
other = socket.socket(socket.AF_UNIX)
other.connect(sys.argv[1])
times, until = [], time.perf_counter() + float(sys.argv[2])
while time.perf_counter() < until:
    begun = time.perf_counter()
    other.sendall(b"PING\\r\\n")
    other.recv(64)
    times.append(time.perf_counter() - begun)
    time.sleep(0.001)
print(sorted(times)[len(times) * 99 // 100])
"""


async def ping_felt(path: Path, way: Way, seconds: float = 3.0) -> float:
    """The 99th percentile of another process's PING, seconds, while *way* is done once a second."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PINGS, str(path), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    answer = asyncio.create_task(other.communicate())
    while not answer.done():
        await way()
        await asyncio.wait([answer], timeout=1.0)
    return float((await answer)[0])


async def dearest(client: Redis, way: Way, times: int = 20) -> str:
    """The command of *way* that holds the server up longest, by the server's own clock.

    A command is taken at the best of its repetitions: that is what it costs, the rest is the machine's. One
    that comes with other words each time is taken at the middle of its kind.
    """
    await client.execute_command("CONFIG", "SET", "slowlog-max-len", 1_000_000, "slowlog-log-slower-than", 0)
    await client.execute_command("SLOWLOG", "RESET")
    for _ in range(times):
        await way()
    slow = await client.execute_command(b"SLOWLOG", "GET", -1)
    await client.execute_command("CONFIG", "SET", "slowlog-log-slower-than", -1)
    await client.execute_command("SLOWLOG", "RESET")
    same: dict[bytes, list[int]] = {}
    kinds: dict[bytes, list[int]] = {}
    for one in slow:
        words = b" ".join(one[3])
        if not words.startswith((b"CONFIG", b"SLOWLOG")):
            same.setdefault(words, []).append(one[2])
            kinds.setdefault(one[3][0], []).append(one[2])
    costs = [(min(took), words) for words, took in same.items() if len(took) >= times // 2]
    costs += [(int(statistics.median(took)), kind) for kind, took in kinds.items()]
    most, which = max(costs)
    late = sum(one[2] > 1000 for one in slow)
    return (
        f"{most / 1000:.2f} ms ({which.decode(errors='replace')[:40]}); {late} of {len(slow)} were above 1 ms"
    )


def in_full(client: Redis) -> StreamsCollector:
    """As where there are few streams: each is read in full, each time."""
    made = collector(client)
    made._topology._schedule.due = lambda names, *_: set(names)  # type: ignore[method-assign]  # noqa: SLF001
    return made


def collector(client: Redis, **settings: object) -> StreamsCollector:
    return StreamsCollector(
        client,
        StreamsSettings(**settings),  # type: ignore[arg-type]
        RunKeys("own"),
        "here",
        SystemClock(),
    )


async def main(rounds: int = 15) -> None:
    gc.set_threshold(*GC_THRESHOLDS)  # as the dashboard does, for all ways alike
    with private_server() as use:
        client = open_client(use.url, RedisSettings())
        names = await fill(client)
        reads, ours, blocking = Reads(client), collector(client), BlockingSocket(use.socket, names)
        whole, moved = in_full(client), in_full(client)
        simple = redis.Redis(unix_socket_path=str(use.socket))
        commands = [full(name) for name in names]
        for _ in range(3):
            await asyncio.gather(ours.collect(), whole.collect(), moved.collect())

        async def plain() -> None:
            plain_one_by_one(simple, names)

        ways: dict[str, Way] = {
            LEAST: blocking,
            "ours: the same replies": lambda: reads.ask(commands),
            "ours: a poll, at rest": ours.collect,
            "ours: a poll, each read in full": whole.collect,
            "redis-py, pipelines of FULL": lambda: pipelined(client, names),
            GROUPWISE: lambda: group_by_group(client, names),
            "redis-py, FULL one by one": lambda: one_by_one(client, names),
            PLAIN: plain,
            "redis-py asyncio, plain calls one by one": lambda: plain_asyncio(client, names),
        }
        print(f"{STREAMS} streams × {GROUPS} groups × {CONSUMERS} consumers, {rounds} rounds, interleaved")
        show(await interleaved(ways, rounds))
        busy = {LEAST: blocking, "ours: a poll, each has moved": Moved(client, names, moved.collect)}
        show(await interleaved(busy, rounds))
        for peer in (GROUPWISE, PLAIN):
            theirs = await server_time(client, ways[peer])
            print(f"server's processor, of {peer} ({theirs * 1000:.1f} ms):", end=" ")
            for name in ("ours: a poll, at rest", "ours: a poll, each read in full"):
                print(f"{name[6:]} {await server_time(client, ways[name]) / theirs:.2f} ×;", end=" ")
            print()
        print(f"the command that holds up the server longest: {await dearest(client, whole.collect)}")
        rest = await ping_felt(use.socket, lambda: asyncio.sleep(0))
        print(f"another process's PING, p99, of {rest * 1000:.2f} ms on a server at rest, once a second:")
        for name in (LEAST, "ours: a poll, at rest", "ours: a poll, each read in full", GROUPWISE):
            print(f"  {name:<41} {await ping_felt(use.socket, ways[name]) / rest:7.2f} ×")
        await client.aclose()
    await many(5000, ENOUGH)


async def many(streams: int, others: int) -> None:
    """Polls of many streams among many other keys: what the first shows, and what one costs later on."""
    with private_server() as use:
        client = open_client(use.url, RedisSettings(timeout=10))
        await ballast(client, others)
        await fill(client, streams)
        ours = collector(client, max_streams=streams)
        begun = time.perf_counter()
        first = await ours.collect()
        shown = time.perf_counter() - begun
        passes = 1
        while not (snapshot := await ours.collect()).scan_complete:
            passes += 1
            await asyncio.sleep(0.1)
        keys = await client.dbsize()
        print(
            f"{streams} streams among {keys} keys: {len(first.streams)} streams after {shown:.2f} s;", end=" "
        )
        print(f"all {len(snapshot.streams)} after {time.perf_counter() - begun:.1f} s, {passes} passes")
        times, commands = [], []

        async def second() -> None:
            begun = time.perf_counter()
            commands.append((await ours.collect()).commands)
            times.append(time.perf_counter() - begun)
            await asyncio.sleep(max(0.0, 1.0 - times[-1]))

        for _ in range(6):
            await second()
        rest = await server_time(client, lambda: asyncio.sleep(1.0), 3)
        times.clear()
        commands.clear()
        await client.execute_command("CONFIG", "RESETSTAT")
        spent = await server_time(client, second, 15)
        scans = (await client.info("commandstats"))["cmdstat_scan"]
        middle = statistics.median(times) * 1000
        print(f"a poll a second then: {middle:.0f} ms, {statistics.median(commands):.0f} commands,", end=" ")
        print(f"{(spent - rest) * 100:.2f} % of the server's processor; of it SCAN", end=" ")
        print(f"{scans['usec'] / 15e4:.2f} %, {scans['usec_per_call'] / 1000:.2f} ms each")
        print(f"the command that holds up the server longest: {await dearest(client, ours.collect)}")
        await client.aclose()


async def ballast(client: Redis, keys: int, a_write: int = 20_000) -> None:
    for start in range(0, keys, a_write):
        pipeline = client.pipeline(transaction=False)
        for number in range(start, min(keys, start + a_write)):
            pipeline.execute_command(b"SET", b"other:%d" % number, b"x")
        await pipeline.execute()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
