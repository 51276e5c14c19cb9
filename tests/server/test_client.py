from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.server import launch
from agentdash.server.client import CLIENT_NAME, open_client, source_error
from tests.support import wait_until

SETTINGS = RedisSettings(timeout=0.5, connect_timeout=0.5)
Start = Callable[..., Path]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a real server with the options given, on a unix socket; all end with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def run(*options: str, path: Path | None = None) -> Path:
        path = path or tmp_path / f"s{len(running)}"
        arguments = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path), *options]
        program = [str(launch.find_binary()), *arguments]
        running.append(subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until(lambda: can_connect(path), what="a server")
        return path

    run.processes = running
    yield run
    for process in running:
        process.kill()
        process.wait()


def can_connect(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def fault(url: str, *command: str) -> SourceError:
    """What the client says of a command, in words."""
    client = open_client(url, SETTINGS)
    try:
        await client.execute_command(*(command or ("PING",)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must have words
        return source_error(error, url)
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()
    raise AssertionError("it worked")


async def test_replies_are_bytes_and_the_connection_has_a_name(client: Redis) -> None:
    await client.set("k", b"\xff")
    assert await client.get("k") == b"\xff"
    assert await client.execute_command("CLIENT GETNAME") in {CLIENT_NAME, CLIENT_NAME.encode()}


async def test_the_url_cannot_change_the_shape_of_replies(redis_url: str) -> None:
    client = open_client(f"{redis_url}?decode_responses=True&protocol=3&db=2", RedisSettings())
    await client.set("k", "v")
    assert await client.get("k") == b"v"
    assert client.connection_pool.connection_kwargs["db"] == 2
    await client.aclose()
    await client.connection_pool.disconnect()


async def test_at_most_eight_connections(client: Redis, private_server) -> None:
    await asyncio.gather(*(client.ping() for _ in range(200)))
    with redis.Redis(unix_socket_path=str(private_server.socket), decode_responses=True) as other:
        assert len([one for one in other.client_list() if one["name"] == CLIENT_NAME]) <= 8


async def test_a_restarted_server_is_found_again_by_itself(start: Start) -> None:
    path = start()
    client = open_client(f"unix://{path}", SETTINGS)
    assert await client.ping()
    start.processes[0].kill()
    start.processes[0].wait()
    with pytest.raises(redis.ConnectionError):
        await client.ping()
    path.unlink()
    start(path=path)
    assert await client.ping()
    await client.aclose()
    await client.connection_pool.disconnect()


async def test_it_asks_for_a_password(start: Start) -> None:
    url = f"unix://{start('--requirepass', 'hunter2')}"
    said = await fault(url)
    assert "asks for a password" in said.message
    assert "URL" in said.cure


async def test_the_password_is_wrong(start: Start) -> None:
    path = start("--requirepass", "hunter2")
    for url in (f"unix://:sesame@{path}", f"unix://nobody:sesame@{path}"):
        said = await fault(url)
        assert "refuses this user or password" in said.message
        assert "sesame" not in said.message + said.cure


async def test_a_password_that_nobody_asked_for(start: Start) -> None:
    said = await fault(f"unix://:needless@{start()}")
    assert "no password" in said.message
    assert "needless" not in said.message + said.cure


@pytest.fixture
async def limited(start: Start) -> str:
    path = start()
    async with Redis(unix_socket_path=str(path)) as admin:
        await admin.execute_command(
            "ACL", "SETUSER", "watcher", "on", ">pw", "~mine:*", "resetchannels", "+get", "+ping"
        )
    return f"unix://watcher:pw@{path}"


async def test_a_user_who_may_not_give_a_name_is_let_in(limited: str) -> None:
    client = open_client(limited, SETTINGS)
    assert await client.ping()
    assert await client.get("mine:1") is None
    await client.aclose()
    await client.connection_pool.disconnect()


@pytest.mark.parametrize(
    ("command", "message", "cure"),
    [
        (("XINFO", "STREAM", "mine:1"), "XINFO STREAM", "ACL SETUSER watcher +xinfo|stream"),
        (("SCAN", "0"), "SCAN", "ACL SETUSER watcher +scan"),
        (("GET", "other"), "some of the keys", "%R~*"),
    ],
)
async def test_a_command_that_is_not_allowed(
    limited: str, command: tuple[str, ...], message: str, cure: str
) -> None:
    said = await fault(limited, *command)
    assert message in said.message
    assert cure in said.cure


async def test_a_denied_command_in_a_pipeline(limited: str) -> None:
    client = open_client(limited, SETTINGS)
    pipe = client.pipeline(transaction=False)
    pipe.get("mine:1")
    pipe.xlen("mine:2")
    with pytest.raises(redis.RedisError) as caught:
        await pipe.execute()
    said = source_error(caught.value, limited)
    assert "XLEN" in said.message
    assert "+xlen" in said.cure
    await client.aclose()
    await client.connection_pool.disconnect()


async def test_a_server_that_hangs_is_known_after_the_time_out(start: Start) -> None:
    path = start()
    os.kill(start.processes[0].pid, signal.SIGSTOP)
    said = await fault(f"unix://{path}")
    assert "did not answer in time" in said.message
    os.kill(start.processes[0].pid, signal.SIGCONT)


async def test_nothing_listens() -> None:
    said = await fault(f"redis://:hunter2@127.0.0.1:{free_port()}/3")
    assert "refused" in said.message
    assert "redis://***@127.0.0.1:" in said.message
    assert "hunter2" not in said.message
    assert "redis-server" in said.cure


async def test_no_socket_and_a_stale_socket(tmp_path: Path) -> None:
    assert "no socket" in (await fault(f"unix://{tmp_path}/none")).message
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    assert "refused" in (await fault(f"unix://{tmp_path}/stale")).message


async def test_a_host_that_does_not_exist() -> None:
    said = await fault("redis://no-such-host.invalid:6379")
    assert "host" in said.message
    assert "is unknown" in said.message


async def test_tls_to_a_server_without(start: Start) -> None:
    port = free_port()
    start("--port", str(port), "--bind", "127.0.0.1")
    said = await fault(f"rediss://127.0.0.1:{port}")
    assert "did not answer" in said.message
    assert "does not speak TLS" in said.cure


async def test_no_tls_to_a_server_with_it() -> None:
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert "rediss://" in (await fault(f"redis://127.0.0.1:{port}")).cure
        said = await fault(f"rediss://127.0.0.1:{port}")
    assert "ssl_certfile" in said.cure


async def answering(reply: bytes) -> tuple[asyncio.Server, int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while reply and (commands := await reader.read(4096)):
            writer.write(reply * commands.count(b"*"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("reply", "message", "cure"),
    [
        (b"", "closed the connection", "rediss://"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak", "host and port"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "is loading", "Wait"),
        (
            b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
            "replica",
            "",
        ),
        (b"-DENIED Redis is running in protected mode because...\r\n", "protected mode", "password"),
        (b"-ERR max number of clients reached\r\n", "limit of clients", "maxclients"),
        (b"-BUSY Redis is busy running a script.\r\n", "busy with a script", "SCRIPT KILL"),
        (b"-MOVED 3999 127.0.0.1:6381\r\n", "cluster", ""),
        (b"-ERR something new \x1b[31m\r\n", "answered: ", None),
    ],
)
async def test_what_a_server_may_say(reply: bytes, message: str, cure: str | None) -> None:
    server, port = await answering(reply)
    async with server:
        said = await fault(f"redis://127.0.0.1:{port}")
    assert message in said.message
    assert "\x1b" not in said.message
    assert cure is None or cure in said.cure


async def test_a_command_that_the_server_does_not_know(redis_url: str) -> None:
    assert "does not know a command" in (await fault(redis_url, "XNEW")).message


async def test_a_database_that_is_not_there(redis_url: str) -> None:
    assert "database" in (await fault(f"{redis_url}?db=99")).message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:6379", "begins with none of"),
        ("http://localhost", "begins with none of"),
        ("redis://host:port", "port"),
        ("redis://host:99999", "port"),
        ("redis://host/name", "is not the number of a database"),
        ("unix://", "no socket"),
        ("redis://host?socket_timeout=soon", "socket_timeout"),
        ("redis://host?colour=red", "colour"),
        ("", "begins with none of"),
        ("redis://:hunter2@[::1", ""),
    ],
)
def test_a_url_that_cannot_be_used(url: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_client(url, SETTINGS)
    assert message in caught.value.message
    assert "hunter2" not in caught.value.message
    assert "redis://" in caught.value.cure


def test_words_are_not_translated_twice() -> None:
    said = SourceError("a", "b")
    assert source_error(said, "redis://x") is said
