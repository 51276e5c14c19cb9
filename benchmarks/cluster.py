"""What reading streams of a cluster costs: ours against redis-py's cluster client, on three real nodes.

500 streams × 3 groups × 3 consumers, each way in turn, the same number of times, in one run; only the ratios
mean something. The least there can be is a blocking socket and hiredis for each node, one after the other.

    python -m benchmarks.cluster [ROUNDS]
"""

from __future__ import annotations

import asyncio
import gc
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import hiredis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot

from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from agentdash.server.cluster import ClusterClient
from benchmarks.streams import fill, full
from collectors.streams.read import PER_WRITE, Reads
from collectors.streams.replies.wire import pack
from tests.redis_sets import Cluster, cluster

Way = Callable[[], Awaitable[object]]


class BlockingNodes:
    """The same commands and writes; the nodes one after the other."""

    def __init__(self, nodes: Cluster, names: list[bytes]) -> None:
        self._parts = []
        for number, port in enumerate(nodes.ports):
            link = socket.create_connection(("127.0.0.1", port))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mine = [pack(full(name)) for name in names if min(key_slot(name) // 5461, 2) == number]
            writes = [mine[at : at + PER_WRITE] for at in range(0, len(mine), PER_WRITE)]
            self._parts.append((link, [(b"".join(write), len(write)) for write in writes]))

    async def read(self) -> list[object]:
        replies: list[object] = []
        for link, writes in self._parts:
            reader = hiredis.Reader()
            for write, count in writes:
                link.sendall(write)
                wanted = len(replies) + count
                while len(replies) < wanted:
                    reader.feed(link.recv(262144))
                    while (reply := reader.gets()) is not False:
                        replies.append(reply)
        return replies

    def close(self) -> None:
        for link, _ in self._parts:
            link.close()


async def measure(nodes: Cluster, rounds: int) -> dict[str, list[float]]:
    client = open_client(nodes.url, RedisSettings(timeout=10))
    assert isinstance(client, ClusterClient)
    names = await fill(client)
    theirs = RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", port) for port in nodes.ports], protocol=2)
    reads, blocking = Reads(client), BlockingNodes(nodes, names)

    async def pipelined() -> list[object]:
        pipe = theirs.pipeline()
        for name in names:
            pipe.execute_command("XINFO STREAM", name, "FULL", "COUNT", 1, full=True)
        return await pipe.execute()

    async def single() -> list[object]:
        return [
            await theirs.execute_command("XINFO STREAM", name, "FULL", "COUNT", 1, full=True)
            for name in names
        ]

    ways: dict[str, Way] = {
        "blocking sockets, one after the other": blocking.read,
        "agentdash": lambda: reads.ask([full(name) for name in names]),
        "redis-py's cluster pipeline": pipelined,
        "redis-py's cluster client, one by one": single,
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            begun = time.perf_counter()
            found = await way()
            took = time.perf_counter() - begun
            assert isinstance(found, list)
            assert len(found) == len(names)
            if number:  # the first round only opens connections
                spent[name].append(took)
    blocking.close()
    await theirs.aclose()
    await client.aclose()
    return spent


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as nodes:
        spent = asyncio.run(measure(nodes, rounds))
    base = statistics.median(spent["agentdash"])
    print(f"500 streams × 3 groups × 3 consumers on three nodes, {rounds} rounds")
    for name, times in spent.items():
        middle = statistics.median(times)
        print(
            f"  {name:40} {middle * 1000:8.1f} ms   min {min(times) * 1000:8.1f} ms   {middle / base:6.2f}×"
        )


if __name__ == "__main__":
    main()
