"""Over TLS everything is read and done in the same way: one server, a cluster, a primary behind sentinels."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from agentdash.actions.streams.groups import change
from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.commands import AcknowledgeEntries, SeenEntry
from agentdash.server.client import open_client
from tests.collectors.streams.stage import Stage, add, work
from tests.redis_sets import free_ports
from tests.runner.stage import Stage as RunStage
from tests.runner.stage import python
from tests.support import wait_until

SERVER, OPENSSL = shutil.which("redis-server"), shutil.which("openssl")


class Encrypted:
    """Servers of a test that speak nothing but TLS, with a certificate of their own for this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key, self.cert = str(folder / "key.pem"), str(folder / "cert.pem")
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        made = [
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            self.key,
            "-out",
            self.cert,
            *subject,
        ]
        subprocess.run([str(OPENSSL), *made], check=True, capture_output=True)
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str, config: str = "") -> int:
        """Start a server; its port."""
        port, bus = free_ports(2)
        name = self.folder / f"{port}.conf"
        files = f"tls-key-file {self.key}\ntls-cert-file {self.cert}\ntls-ca-cert-file {self.cert}\n"
        spoken = f"port 0\ntls-port {port}\nbind 127.0.0.1\ntls-auth-clients no\ntls-replication yes\n"
        name.write_text(f"{files}{spoken}dir {self.folder}\n{config}")
        bus_options = ("--cluster-port", str(bus)) if "--cluster-enabled" in options else ()
        self._running.append(
            subprocess.Popen([str(SERVER), str(name), *options, *bus_options], stdout=subprocess.DEVNULL)
        )
        wait_until(lambda: self._answers(port), what="an answer")
        return port

    def on(self, port: int) -> redis.Redis:
        none = Retry(NoBackoff(), 0)
        return redis.Redis(host="127.0.0.1", port=port, ssl=True, ssl_ca_certs=self.cert, retry=none)

    def url(self, port: int, kind: str = "", path: str = "/0") -> str:
        return f"rediss{kind}://127.0.0.1:{port}{path}?ssl_ca_certs={self.cert}"

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait(10)

    def _answers(self, port: int) -> bool:
        try:
            return bool(self.on(port).ping())
        except redis.ConnectionError:
            return False


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Encrypted]:
    if SERVER is None or OPENSSL is None:
        pytest.skip("needs redis-server and openssl in PATH")
    if "libssl" not in subprocess.run(["ldd", SERVER], capture_output=True, text=True, check=False).stdout:
        pytest.skip("this redis-server was built without TLS")
    servers = Encrypted(tmp_path)
    yield servers
    servers.end()


def one_server(servers: Encrypted) -> str:
    return servers.url(servers.start("--save", ""))


def a_cluster(servers: Encrypted) -> str:
    port = servers.start("--save", "", "--cluster-enabled", "yes", "--tls-cluster", "yes")
    servers.on(port).execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    wait_until(
        lambda: servers.on(port).execute_command("CLUSTER INFO")["cluster_state"] == "ok", what="a cluster"
    )
    return servers.url(port, "+cluster")


def behind_a_sentinel(servers: Encrypted) -> str:
    watched = f"sentinel monitor main 127.0.0.1 {servers.start('--save', '')} 1\n"
    sentinel = servers.start("--sentinel", config=watched)
    return servers.url(sentinel, "+sentinel", "/main")


@pytest.mark.parametrize("kind", [one_server, a_cluster, behind_a_sentinel])
async def test_streams_actions_and_runs_over_tls(encrypted: Encrypted, kind: Callable[..., str]) -> None:
    url = kind(encrypted)
    client: Redis = open_client(url, RedisSettings())
    runs = RunStage(url, folder=encrypted.folder)
    try:
        for number in range(60):
            await add(client, f"jobs{number}", 3)
            await client.xgroup_create(f"jobs{number}", "g", "0")
        assert await work(client, "jobs1", "g", "c", 1, ack=False) == 1
        stage = Stage(client)
        await stage.poll(3)
        assert stage.collector._reads._wire
        assert [stream.length for stream in stage.snapshot.streams] == [3] * 60
        (pending,) = await client.xpending_range("jobs1", "g", "-", "+", 1)
        seen = SeenEntry(pending["message_id"].decode(), b"c")
        assert (await change(client, AcknowledgeEntries(b"jobs1", b"g", (seen,)))).ok
        assert await runs.run(*python("print('hello')")) == 0
        assert await runs.output() == "hello\n"
    finally:
        await runs.close()
        await client.aclose()


async def test_a_certificate_that_is_not_trusted_is_said(encrypted: Encrypted) -> None:
    client = open_client(one_server(encrypted).partition("?")[0], RedisSettings())
    try:
        with pytest.raises(SourceError, match="certificate"):
            await Stage(client).poll()
    finally:
        await client.aclose()
