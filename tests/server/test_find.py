from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from agentdash.activity import Activity, read_activity
from agentdash.core.paths import activity_log, server_dir, state_dir
from agentdash.core.settings.model import RedisSettings, Settings
from agentdash.core.snapshot import SourceError
from agentdash.server.client import source_error
from agentdash.server.embedded import EmbeddedServer, status
from agentdash.server.find import connect
from tests.support import until


def nobody() -> str:
    """The URL of a port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


def test_state_is_kept_where_it_belongs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_dir(Settings()) == home / "state" / "agentdash"
    assert state_dir(Settings(state_dir="~/mine")) == home / "mine"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_dir(Settings()) == home / ".local" / "state" / "agentdash"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert activity_log(Settings()) == home / ".local" / "state" / "agentdash" / "agentdash.log"


async def test_what_the_settings_name_is_used(redis_url: str, tmp_path: Path) -> None:
    activity = Activity(tmp_path / "log")
    handle = await connect(Settings(redis=RedisSettings(url=redis_url)), activity=activity)
    assert (handle.origin, handle.url) == ("setting", redis_url)
    assert await handle.client.ping()
    assert not await handle.recover()
    await handle.close()
    activity.close()
    (line,) = read_activity(activity.path)
    assert "server ok use " in line
    assert not status(server_dir(Settings())).running


async def test_a_named_server_that_is_away_is_no_reason_to_take_another() -> None:
    url = nobody().replace("//", "//user:hunter2@")
    handle = await connect(Settings(redis=RedisSettings(url=url)))
    assert handle.origin == "setting"
    assert "hunter2" not in handle.label
    assert handle.label.startswith("redis://***@127.0.0.1:")
    await handle.close()


async def test_a_url_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    activity = Activity(tmp_path / "log")
    with pytest.raises(SourceError, match="cannot be used"):
        await connect(Settings(redis=RedisSettings(url="http://x")), activity=activity)
    activity.close()
    assert "failed" in read_activity(activity.path)[0]


async def test_a_server_on_this_machine_comes_before_the_embedded_one(redis_url: str) -> None:
    handle = await connect(Settings(), localhost=redis_url)
    assert handle.origin == "localhost"
    assert not status(server_dir(Settings())).running
    await handle.close()


@pytest.mark.parametrize(
    ("reply", "origin"),
    [
        (b"-NOAUTH Authentication required.\r\n", "localhost"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "localhost"),
        (b"-NOPERM this user has no permissions to run the 'ping' command\r\n", "localhost"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "embedded"),
        (b"", "embedded"),
    ],
)
async def test_who_answers_on_localhost(reply: bytes, origin: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while reply and (commands := await reader.read(4096)):
            writer.write(reply * commands.count(b"*"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        handle = await connect(Settings(), localhost=url)
        assert handle.origin == origin
        if reply.startswith(b"-NOAUTH"):
            with pytest.raises(Exception, match="required") as caught:
                await handle.client.ping()
            assert "asks for a password" in source_error(caught.value, handle.url).message
        await handle.close()


async def test_the_embedded_server_is_shared_and_ends_with_its_last_user() -> None:
    first = await connect(Settings(), localhost=nobody())
    second = await connect(Settings(), localhost=nobody())
    assert first.origin == "embedded"
    assert first.url == second.url
    assert first.label.startswith("valkey 9.")
    assert first.label.endswith(" embedded")
    await first.client.set("k", "v")
    assert await second.client.get("k") == b"v"
    await first.close()
    assert status(server_dir(Settings())).running
    await second.close()
    assert not status(server_dir(Settings())).running


async def test_the_embedded_server_recovers_under_its_client() -> None:
    handle = await connect(Settings(), localhost=nobody())
    await handle.client.set("k", "v")
    await handle.client.execute_command("WAITAOF", 1, 0, 2000)
    pid = status(server_dir(Settings())).pid
    assert not await handle.recover()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not status(server_dir(Settings())).running, what="the end of the server")
    recovered = await asyncio.gather(*(handle.recover() for _ in range(5)))
    assert sum(recovered) == 1
    assert await handle.client.get("k") == b"v"
    await handle.close()


async def test_the_embedded_server_may_be_forbidden() -> None:
    url = nobody()
    handle = await connect(Settings(redis=RedisSettings(embedded=False)), localhost=url)
    assert (handle.origin, handle.url) == ("localhost", url)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its words are what counts
        await handle.client.ping()
    assert "redis-server" in source_error(caught.value, url).cure
    await handle.close()


async def test_who_gives_up_waiting_leaves_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = EmbeddedServer.acquire

    def acquire(self: EmbeddedServer) -> object:
        loop.call_soon_threadsafe(asked.set)
        return real(self)

    monkeypatch.setattr(EmbeddedServer, "acquire", acquire)
    waiting = asyncio.create_task(connect(Settings(), localhost=nobody()))
    await asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    log = server_dir(Settings()) / "valkey.log"
    await until(
        lambda: log.exists() and "bye bye" in log.read_text(), what="the start and the end of the server"
    )
    await until(lambda: not status(server_dir(Settings())).running, what="the end of the server")
