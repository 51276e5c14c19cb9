"""Chooses the server: the configured one, else one on this machine, else the embedded one."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from redis import exceptions as faults

from agentdash import process_end
from agentdash.core.paths import server_dir
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError
from agentdash.server.client import open_client, place
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse

if TYPE_CHECKING:
    from redis.asyncio import Redis

_GIVE_BACK_S = 8.0
"""Seconds to wait, at exit, for a server that is being started or stopped."""
Origin = Literal["setting", "localhost", "embedded"]
LOCALHOST = "redis://localhost:6379/0"


class StepLog(Protocol):
    """The needed part of `agentdash.activity.Activity`, which is on the same layer."""

    def write(self, actor: str, step: str, *, ok: bool = True, duration_ms: float | None = None) -> None:
        """Record one step."""
        ...


class ServerHandle:
    """The server in use.

    Attributes:
        url: May contain a password: not to be shown.
        origin: How it was chosen.
        label: Short and without secrets, for the header.
        client: Connects on first use, and reconnects automatically.
    """

    def __init__(self, url: str, origin: Origin, client: Redis, use: EmbeddedUse | None = None) -> None:
        self.url = url
        self.origin: Origin = origin
        self.client = client
        self._use = use
        self._recovering = asyncio.Lock()

    @property
    def label(self) -> str:
        """E.g. ``valkey 9.1 embedded`` or ``redis://***@host:6379``."""
        if self._use is None:
            return place(self.url)
        name, _, version = self._use.version.partition(" ")
        return f"{name} {'.'.join(version.split('.')[:2])} embedded"

    async def recover(self) -> bool:
        """Restart the embedded server if its process has ended; does nothing for another server.

        Returns:
            Whether it was restarted.

        Raises:
            SourceError: when that is not possible.
        """
        if self._use is None:
            return False
        async with self._recovering:
            return await asyncio.to_thread(self._use.recover)

    async def close(self) -> None:
        """Close the client and release the embedded server, which its last user stops.

        Raises:
            SourceError: when the embedded server does not stop.
        """
        await self.client.aclose()
        await self.client.connection_pool.disconnect()
        if self._use is not None:
            try:
                await asyncio.to_thread(self._use.release)
            except RuntimeError:  # no thread can be started at exit
                self._use.release()


async def connect(
    settings: Settings, *, activity: StepLog | None = None, localhost: str = LOCALHOST
) -> ServerHandle:
    """Choose the server: that of the settings; else localhost, if Redis answers there; else the embedded one.

    A configured server is not contacted here: its client reports failures and recovers. A server on localhost
    that needs a password is chosen too.

    Args:
        settings: ``redis.url`` includes the command line and environment.
        activity: Receives a line on the choice.
        localhost: URL of a server on this machine.

    Raises:
        SourceError: when the URL cannot be used or the embedded server cannot be started.
    """
    began = time.monotonic()
    try:
        handle = await _choose(settings, localhost)
    except SourceError as error:
        if activity is not None:
            activity.write("server", error.message, ok=False, duration_ms=(time.monotonic() - began) * 1000)
        raise
    if activity is not None:
        step = f"use {handle.label} ({handle.origin})"
        activity.write("server", step, duration_ms=(time.monotonic() - began) * 1000)
    return handle


async def _choose(settings: Settings, localhost: str) -> ServerHandle:
    if settings.redis.url is not None:
        return ServerHandle(settings.redis.url, "setting", open_client(settings.redis.url, settings.redis))
    if not settings.redis.embedded or await _answers(localhost, settings):
        return ServerHandle(localhost, "localhost", open_client(localhost, settings.redis))
    use = await _acquire(EmbeddedServer(server_dir(settings)))
    return ServerHandle(use.url, "embedded", open_client(use.url, settings.redis), use)


async def _answers(url: str, settings: Settings) -> bool:
    """Whether Redis answers; an error of Redis, such as for a password, is an answer."""
    quick = replace(settings.redis, timeout=min(1.0, settings.redis.timeout))
    client = open_client(url, quick)
    try:
        await client.ping()
    except (faults.ResponseError, faults.AuthenticationError, faults.BusyLoadingError):
        return True
    except (faults.RedisError, OSError):
        return False
    else:
        return True
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()


async def _acquire(server: EmbeddedServer) -> EmbeddedUse:
    """Join or start it in a thread; if this is cancelled, it is released afterwards."""
    executor = ThreadPoolExecutor(1, "embedded-server")
    future = executor.submit(server.acquire)
    executor.shutdown(wait=False)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        _given_back.add(future)
        future.add_done_callback(_give_back)
        raise


def _give_back(future: Future[EmbeddedUse]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().release()
    _given_back.discard(future)


_given_back: set[Future[EmbeddedUse]] = set()
"""Servers that are still being started after a cancellation."""


def wait_until_given_back() -> None:
    """Wait for servers that are being started after a cancellation: they would outlive this process."""
    deadline = time.monotonic() + _GIVE_BACK_S
    while _given_back and time.monotonic() < deadline:
        time.sleep(0.005)


process_end.at_exit(wait_until_given_back)
