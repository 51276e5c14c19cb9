"""Health probes: a TCP connection or an HTTP request, repeated in the background."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from agentdash.core.clock import Clock
from agentdash.core.secrets.safe_text import safe_message
from agentdash.core.services.model import Probe
from agentdash.core.text import mask_url

EVERY = 5.0
"""Seconds between two probes."""
TIMEOUT = 2.0
"""Seconds that a probe may take."""

_HEAD = 4096


class Prober:
    """Probes one target repeatedly; `latest` is the last result."""

    def __init__(self, target: str, clock: Clock) -> None:
        parts = urlsplit(target)
        self.latest = Probe(parts.scheme or "tcp", mask_url(target))
        self._target = target
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start on the running event loop, unless started."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(
                self._run(), name=f"probe {self.latest.target}"
            )

    async def stop(self) -> None:
        """Stop it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            await self.probe()
            await asyncio.sleep(EVERY)

    async def probe(self) -> Probe:
        """Probe once."""
        begun = self._clock.monotonic()
        error: str | None = None
        try:
            async with asyncio.timeout(TIMEOUT):
                error = await _probe(self._target)
        except TimeoutError:
            error = f"no reply within {TIMEOUT:g} s"
        except ssl.SSLError as failure:
            error = f"TLS: {failure.reason or failure}"
        except ConnectionRefusedError:
            error = "connection refused"
        except (OSError, ValueError, UnicodeError) as failure:
            error = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
        latency = (self._clock.monotonic() - begun) * 1000
        kind, target = self.latest.kind, self.latest.target
        self.latest = Probe(
            kind, target, error is None, latency, safe_message(error[:200]) if error else None
        )
        return self.latest


async def _probe(target: str) -> str | None:
    """What is wrong with the reply; None where it is good."""
    parts = urlsplit(target)
    secure = parts.scheme == "https"
    if parts.scheme not in {"tcp", "http", "https"} or not parts.hostname:
        raise ValueError("a probe is tcp://host:port or http://…")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if port is None:
        raise ValueError("a tcp probe needs a port")
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure or None, limit=_HEAD)
    try:
        if parts.scheme == "tcp":
            return None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc.rpartition("@")[2]
        head = (
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "User-Agent: agentdash",
            "Accept: */*",
            "Connection: close",
        )
        writer.write("\r\n".join((*head, "", "")).encode("ascii"))
        await writer.drain()
        status = (await reader.readline()).decode("latin-1").split(maxsplit=2)
        if len(status) < 2 or not status[0].startswith("HTTP/") or not status[1].isdecimal():
            return "reply is not HTTP"
        return None if int(status[1]) < 400 else f"HTTP {' '.join(status[1:]).strip()}"
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
