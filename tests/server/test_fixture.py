from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def test_the_client_reaches_an_empty_real_server(client: Redis) -> None:
    assert await client.dbsize() == 0
    assert await client.set("k", "v")
    assert await client.get("k") == b"v"


async def test_the_next_test_does_not_see_what_the_last_one_wrote(client: Redis, home: Path) -> None:
    assert await client.dbsize() == 0
    assert Path.home() == home
