"""A proxy before a Redis server that loses, delays and repeats what passes, one command at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What happens to one command."""

    LOSE_COMMAND = "closed before the command is forwarded"
    LOSE_REPLY = "closed after the command was forwarded, before its reply"
    HALF_REPLY = "closed in the middle of the reply"
    LATE_REPLY = "the reply comes after the time limit"
    LATE_COMMAND = "the command is forwarded after the time limit"
    TWICE = "the reply comes twice"
    TWICE_LATE = "the reply comes again with the next reply"


@dataclass
class Proxy:
    """Passes RESP2 on, command by command and reply by reply.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        seen: The commands that came since `arm`, by name.
    """

    server: str
    port: int = 0
    seen: list[str] = field(default_factory=list)
    _fault: Fault | None = None
    _number: int = -1
    _name: str = ""
    _release: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """For the program's own client."""
        return f"redis://127.0.0.1:{self.port}"

    def arm(self, fault: Fault | None, number: int = -1, name: str = "") -> None:
        """Do *fault* to the command of that number, counted from 0, or to the next *name*; to no other."""
        self.seen, self._fault, self._number, self._name = [], fault, number, name
        self._release = asyncio.Event()

    async def settle(self) -> None:
        """Let go of what is late, and wait until it has reached the server and all clients are gone."""
        self._release.set()
        if self._open:
            await asyncio.wait(self._open, timeout=10)
        self.arm(None)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            server = await asyncio.open_unix_connection(self.server)
            await _Passage(self, reader, writer, *server).run()
        finally:
            self._open.discard(task)

    def fault_of(self, name: str) -> Fault | None:
        """Count the command *name*; what is to happen to it."""
        self.seen.append(name)
        if name == self._name:
            self._name = ""
            return self._fault
        return self._fault if len(self.seen) - 1 == self._number else None

    async def released(self) -> None:
        await self._release.wait()


@dataclass
class _Passage:
    proxy: Proxy
    client: asyncio.StreamReader
    to_client: asyncio.StreamWriter
    server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    waiting: deque[Fault | None] = field(default_factory=deque)
    again: bytes = b""

    async def run(self) -> None:
        up, down = asyncio.create_task(self._up()), asyncio.create_task(self._down())
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if (
                up.done() and self.waiting
            ):  # the client has left: what it sent reaches the server all the same
                await asyncio.wait({down}, timeout=5)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            for writer in (self.to_client, self.to_server):
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _up(self) -> None:
        while command := await read_value(self.client):
            fault = self.proxy.fault_of(command.split(b"\r\n")[2].decode())
            if fault is Fault.LOSE_COMMAND:
                self.waiting.clear()
                return
            if fault is Fault.LATE_COMMAND:
                await self.proxy.released()
            self.waiting.append(fault)
            self.to_server.write(command)
        self.to_server.write_eof()

    async def _down(self) -> None:
        while reply := await read_value(self.server):
            fault = self.waiting.popleft()
            if fault is Fault.LATE_REPLY:
                await self.proxy.released()
            if fault is Fault.LOSE_REPLY:
                return
            if fault is Fault.HALF_REPLY:
                reply = reply[: len(reply) // 2]
            with contextlib.suppress(OSError):
                self.to_client.write(reply + (reply if fault is Fault.TWICE else self.again))
                self.again = reply if fault is Fault.TWICE_LATE else b""
                await self.to_client.drain()
            if fault is Fault.HALF_REPLY:
                return


async def read_value(reader: asyncio.StreamReader) -> bytes:
    """The bytes of one value of RESP2; empty at the end."""
    try:
        line = await reader.readuntil(b"\r\n")
        kind, rest = line[:1], line[1:-2]
        if kind == b"$" and int(rest) >= 0:
            return line + await reader.readexactly(int(rest) + 2)
        if kind == b"*":
            for _ in range(int(rest)):
                line += await read_value(reader)
    except (asyncio.IncompleteReadError, OSError):
        return b""
    return line


@asynccontextmanager
async def proxy(socket: str) -> AsyncIterator[Proxy]:
    """A proxy before the server that listens at the unix socket *socket*."""
    found = Proxy(socket)
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = int(listening.sockets[0].getsockname()[1])
    try:
        yield found
    finally:
        await found.settle()
        listening.close()
        await listening.wait_closed()
