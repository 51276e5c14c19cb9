"""A peer that answers as no server does: what it sends is refused in words, and the connection ends.

It speaks raw bytes over a real socket.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import cycle

import pytest
from redis.asyncio import Redis

from agentdash.core.clock import ManualClock
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import RedisSettings, RunsSettings, StreamsSettings
from agentdash.core.snapshot import Collector, SourceError
from agentdash.server.client import open_client, source_error, url_of
from agentdash.server.reply_guard import MOST_ELEMENTS, ReplyGuard, ReplyRefused, UnexpectedReply
from collectors.runs.collector import RunsCollector
from collectors.streams.collector import StreamsCollector
from collectors.streams.read import Reads
from tests.support import until

Ask = Callable[[Redis], Awaitable[object]]
MB = b"x" * (1 << 20)

REFUSED = {
    "a list of 10^9": [b"*1000000000\r\n"],
    "a list of 10^9 in two pieces": [b"*1000", b"000000\r\n"],
    "a list in a list": [b"*1\r\n*3\r\n$1\r\na\r\n*999999999\r\n"],
    "a list of 10^30": [b"*" + b"9" * 30 + b"\r\n"],
    "a map of 10^9": [b"%1000000000\r\n"],
    "a set of 10^9": [b"~1000000000\r\n"],
    "lists in lists": [b"*1\r\n" * 200_000] * 20,
    "lists in lists, at their ends": [b"*3\r\n:1\r\n$2\r\nab\r\n" * 60_000] * 20,
    "a text without an end": [b"$9999999999\r\n", *[MB] * 300],
    "a line without an end": [b"+", *[MB] * 300],
    "no protocol": [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    "bytes of nothing": [bytes(range(256)) * 100],
    "a number that is none": [b"*1\r\n:abc\r\n"],
}


@asynccontextmanager
async def peer(answer: list[bytes]) -> AsyncIterator[tuple[str, Callable[[], int]]]:
    """Greets as a server does, and then answers with *answer*; gives its URL and how many are connected."""
    connected = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        with suppress(OSError):
            while asked := await reader.read(65536):
                if b"XINFO" not in asked:
                    writer.write(b"+OK\r\n" * asked.count(b"*"))
                    continue
                for piece in answer:
                    writer.write(piece)
                    await writer.drain()
        connected -= 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"redis://127.0.0.1:{port}/0", lambda: connected
    finally:
        server.close()


async def by_our_reader(client: Redis) -> object:
    return await Reads(client).ask([("XINFO", "STREAM", b"a")])


async def by_redis_py(client: Redis) -> object:
    return await client.execute_command("XINFO", "STREAM", "a")


@pytest.mark.parametrize("ask", [by_our_reader, by_redis_py])
@pytest.mark.parametrize("what", REFUSED)
async def test_a_reply_that_no_server_sends_is_refused(what: str, ask: Ask) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with peer(REFUSED[what]) as (url, connected):
        client = open_client(url, RedisSettings(timeout=20))
        with pytest.raises(Exception) as raised:  # noqa: PT011 - source_error names each
            await ask(client)
        problem = source_error(raised.value, url_of(client))
        assert isinstance(problem, SourceError)
        assert ": refused" in problem.message or "does not speak the protocol of Redis" in problem.message
        await until(lambda: not connected(), what="the end of the connection")
        await client.aclose()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000  # kB


@pytest.mark.parametrize("ask", [by_our_reader, by_redis_py])
async def test_a_peer_that_sends_a_byte_now_and_then_is_left(
    ask: Ask,
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while asked := await reader.read(65536):
                writer.write(b"+OK\r\n" * asked.count(b"*") if b"XINFO" not in asked else b"")
                for byte in cycle(b"+x") if b"XINFO" in asked else ():
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.02)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = open_client(
        f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", RedisSettings(timeout=0.3)
    )
    with pytest.raises(Exception) as raised:  # noqa: PT011 - source_error names each
        async with asyncio.timeout(10):
            await ask(client)
    assert "did not answer in time" in source_error(raised.value, url_of(client)).message
    await client.aclose()
    server.close()


@pytest.mark.parametrize("size", [13, 1000, 1 << 18])
def test_a_value_may_hold_what_looks_like_a_large_list(size: int) -> None:
    value = b"\r\n*1000000000\r\n%9999999\r\n$88888888888\r\n" * 1000
    entry = b"*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$%d\r\n%b\r\n" % (len(value), value)
    reply = b"*3\r\n" + entry * 3
    guard = ReplyGuard()
    for _ in range(2):
        for at in range(0, len(reply), size):
            guard.check(reply[at : at + size])
        guard.begin(fresh=True)
    for at in range(0, len(reply), size):
        guard.check(reply[at : at + size])
    with pytest.raises(ReplyRefused):
        guard.check(b"*%d\r\n" % (MOST_ELEMENTS * 10))


@asynccontextmanager
async def always(answer: bytes) -> AsyncIterator[Redis]:
    """A client of a peer that answers each piece of bytes with *answer*, whatever it was asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while asked := await reader.read(65536):
                writer.write(answer * asked.count(b"*"))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = open_client(f"redis://127.0.0.1:{port}/0", RedisSettings())
    try:
        yield client
    finally:
        await client.aclose()
        server.close()


def collectors_of(client: Redis) -> list[Collector]:
    return [
        RunsCollector(client, RunsSettings(), "box"),
        StreamsCollector(client, StreamsSettings(), RunKeys(), "box", ManualClock()),
    ]


@pytest.mark.parametrize("answer", [b"+OK\r\n", b":5\r\n", b"*0\r\n", b"$-1\r\n", b"*1\r\n$2\r\nab\r\n"])
async def test_a_peer_that_gives_one_answer_to_everything_is_no_fault_of_ours(answer: bytes) -> None:
    async with always(answer) as client:
        for collector in collectors_of(client):
            with pytest.raises(SourceError, match=r"protocol of Redis|no valid Redis replies") as raised:
                await collector.collect()
            assert "Check host and port" in (raised.value.cure or "")


async def test_a_command_whose_reply_cannot_be_read_is_named() -> None:
    async with always(b"+OK\r\n") as client:
        with pytest.raises(SourceError, match="ZREVRANGE"):
            await RunsCollector(client, RunsSettings(), "box").collect()
        with pytest.raises(UnexpectedReply, match="ZSCORE"):
            await client.zscore("a", "b")


SECRET = "ghp_abcdefghijklmnopqrstuvwxyz0123456789AB"


@pytest.mark.parametrize("times", [1, 30])
async def test_a_peer_that_answers_only_errors_is_quoted_masked_and_in_short(times: int) -> None:
    words = f"-ERR \x1b]0;OWNED\x07 no way token={SECRET} {'x' * 5000}\r\n".encode()
    async with always(words * times) as client:
        for collector in collectors_of(client):
            with pytest.raises(SourceError, match="no way") as raised:
                await collector.collect()
            assert SECRET not in raised.value.message
            assert raised.value.message.isprintable()
            assert len(raised.value.message) < 500
