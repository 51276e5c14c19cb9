"""Servers that belong together, started by the test: a cluster, a primary with a replica and a sentinel."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from agentdash.server.launch import find_binary
from tests.support import wait_until

Process = subprocess.Popen[bytes]


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens at."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def on(port: int) -> redis.Redis:
    """A client of that server that tries nothing twice."""
    return redis.Redis(port=port, socket_timeout=5, retry=Retry(NoBackoff(), 0))


@dataclass
class Servers:
    """Processes by port.

    Attributes:
        url: How the program is told of them.
    """

    folder: Path
    url: str = ""
    running: dict[int, Process] = field(default_factory=dict)

    def start(self, port: int, *options: str) -> None:
        """Start a server on loopback and wait for its answer."""
        place = self.folder / str(port)
        place.mkdir(exist_ok=True)
        words = [str(find_binary()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(place)]
        self.run(port, *words, "--save", "", *options)

    def run(self, port: int, *words: str) -> None:
        self.running[port] = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: _answers(port), what=f"an answer on {port}")

    def kill(self, port: int) -> None:
        process = self.running.pop(port)
        process.kill()
        process.wait(10)

    def end(self) -> None:
        for port in list(self.running):
            self.kill(port)


@dataclass
class Cluster(Servers):
    """Three primaries; each holds a third of the slots.

    Attributes:
        ports: Of the primaries, in the order of their slots.
        bus: The ports at which they talk to each other, by those.
    """

    ports: list[int] = field(default_factory=list)
    bus: dict[int, int] = field(default_factory=dict)

    def start_node(self, port: int, bus: int) -> None:
        # No node is ever found to be failing by itself: a test that stops one has its own way to go on.
        self.start(
            port, "--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "60000",
            "--cluster-require-full-coverage", "no", "--cluster-config-file", "nodes.conf",
            "--repl-diskless-sync-delay", "0",
        )  # fmt: skip

    def port_of(self, key: str) -> int:
        """Of the primary that holds *key*."""
        slot = int(on(self.ports[0]).execute_command("CLUSTER KEYSLOT", key))
        ranges = on(self.ports[0]).execute_command("CLUSTER", "SLOTS")
        return next(int(one[2][1]) for one in ranges if one[0] <= slot <= one[1])

    def key_on(self, port: int, stem: str) -> str:
        """A name that begins with *stem*, of a key that lies on that primary."""
        return next(key for number in range(1000) if self.port_of(key := f"{stem}{number}") == port)

    def add_replica(self, of: int) -> int:
        """A replica of the primary at that port, in step with it; its port."""
        port, bus = free_ports(2)
        self.start_node(port, bus)
        on(port).execute_command("CLUSTER", "MEET", "127.0.0.1", self.ports[0], self.bus[self.ports[0]])
        node = on(of).execute_command("CLUSTER", "MYID").decode()
        wait_until(lambda: _done(port, "CLUSTER", "REPLICATE", node), what="a replica")
        wait_until(lambda: on(port).info("replication")["master_link_status"] == "up", what="its link")
        return port

    def empty(self) -> None:
        for port in self.ports:
            on(port).flushall()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    ports = free_ports(6)
    found = Cluster(folder, "", {}, ports[:3], dict(zip(ports[:3], ports[3:], strict=True)))
    found.url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in found.ports)
    try:
        for number, port in enumerate(found.ports):
            found.start_node(port, found.bus[port])
            last = 16383 if number == 2 else (number + 1) * 5461 - 1
            on(port).execute_command("CLUSTER", "ADDSLOTSRANGE", number * 5461, last)
            on(port).execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        first = found.ports[0]
        for port in found.ports[1:]:
            on(port).execute_command("CLUSTER", "MEET", "127.0.0.1", first, found.bus[first])
        wait_until(lambda: all(map(_whole, found.ports)), what="a cluster")
        yield found
    finally:
        found.end()


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Servers, int, int]]:
    """A primary, its replica, and a sentinel that fails over at once; with the ports of the first two."""
    primary, replica, sentinel = free_ports(3)
    found = Servers(folder, f"redis+sentinel://127.0.0.1:{sentinel}/main")
    settings = folder / "sentinel.conf"
    settings.write_text(
        f"port {sentinel}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor main 127.0.0.1 {primary} 1\n"
        "sentinel down-after-milliseconds main 200\nsentinel failover-timeout main 1000\n"
    )
    try:
        for port in (primary, replica):
            found.start(port, "--repl-diskless-sync-delay", "0")
        on(replica).replicaof("127.0.0.1", primary)
        wait_until(lambda: on(replica).info("replication")["master_link_status"] == "up", what="a replica")
        found.run(sentinel, str(find_binary()), str(settings), "--sentinel")
        wait_until(lambda: on(sentinel).sentinel_slaves("main"), what="that the sentinel knows the replica")
        yield found, primary, replica
    finally:
        found.end()


def _answers(port: int) -> bool:
    try:
        return bool(on(port).ping())
    except redis.AuthenticationError:
        return True
    except redis.ConnectionError:
        return False


def _done(port: int, *words: str) -> bool:
    try:
        on(port).execute_command(*words)
    except redis.ResponseError:
        return False
    return True


def _whole(port: int) -> bool:
    info = on(port).execute_command("CLUSTER INFO")
    return info["cluster_state"] == "ok" and len(on(port).execute_command("CLUSTER", "SLOTS")) == 3
