"""A request whose answer is lost, from the command line: what is said, and with which code it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.runs.model import RunKeys
from agentdash.server.embedded import EmbeddedUse
from tests.command_line import agentdash
from tests.proxy import Fault, proxy


async def test_a_request_that_may_have_been_made_ends_with_its_own_code(
    client: Redis, private_server: EmbeddedUse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = RunKeys()
    await client.hset(keys.meta("r1"), mapping={"id": "r1", "status": "running", "createdAt": "1"})
    async with proxy(str(private_server.socket)) as between:
        monkeypatch.setenv("REDIS_URL", between.url)
        between.arm(Fault.LOSE_REPLY, name="XADD")
        done = await asyncio.to_thread(agentdash, "pause", "r1", cwd=tmp_path)
        assert done.returncode == 5, done.stderr
        assert "May have been carried out: pause of r1 was sent, but no answer came" in done.stderr
        assert await client.xlen(keys.control("r1")) == 1
        again = await asyncio.to_thread(agentdash, "pause", "r1", cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert "already requested" in again.stderr
        assert await client.xlen(keys.control("r1")) == 1
