"""Over TLS everything is read in the same way, also by the bytes of the connection."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.settings import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.server.client import open_client
from tests.collectors.stream_servers import started
from tests.collectors.streams_stage import Stage
from tests.collectors.test_streams_numbers import scene

SERVER, OPENSSL = shutil.which("redis-server"), shutil.which("openssl")


def certificate(folder: Path) -> tuple[str, str]:
    """A key and a certificate of its own for this machine."""
    key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
    told = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, *told]
    subprocess.run([str(OPENSSL), *made], check=True, capture_output=True)
    return key, cert


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def encrypted(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a server that speaks TLS, with its authority."""
    if SERVER is None or OPENSSL is None:
        pytest.skip("needs redis-server and openssl in PATH")
    if not links_tls(SERVER):
        pytest.skip("this redis-server was built without TLS")
    key, cert = certificate(tmp_path)
    port = free_port()
    options = ("--tls-port", str(port), "--bind", "127.0.0.1", "--tls-auth-clients", "no")
    files = ("--tls-key-file", key, "--tls-cert-file", cert, "--tls-ca-cert-file", cert)
    with started(SERVER, tmp_path, *options, *files):
        yield f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={cert}"


def links_tls(server: str) -> bool:
    """Whether the program was built with TLS."""
    return "libssl" in subprocess.run(["ldd", server], capture_output=True, text=True, check=False).stdout


async def test_streams_are_read_over_tls(encrypted: str) -> None:
    client: Redis = open_client(encrypted, RedisSettings())
    try:
        await client.flushall()
        for number in range(60):
            await scene(client, b"jobs%d" % number)
        stage = Stage(client)
        await stage.poll(3)
        assert stage.collector._reads._wire
        assert len(stage.snapshot.streams) == 60
        assert (await client.info("clients"))["connected_clients"] >= 1
        for stream in stage.snapshot.streams[:5]:
            assert stream.groups
            assert stream.length == await client.xlen(stream.name)
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()


async def test_a_certificate_that_is_not_trusted_is_said(encrypted: str) -> None:
    client = open_client(encrypted.partition("?")[0], RedisSettings())
    try:
        with pytest.raises(SourceError, match="certificate"):
            await Stage(client).poll()
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()
