"""Changes of a stream in the dashboard where the connection breaks, or an entry has no data."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.server.embedded import EmbeddedUse
from tests.proxy import Fault, Proxy, proxy
from tests.scenarios.test_stream_screen import busy, dashboard, held, to_pending
from tests.support import until
from tui.app import AgentDash
from tui.screens.dialogs.confirm import Confirm
from tui.widgets.document import Document


@pytest.fixture
async def between(private_server: EmbeddedUse, redis_url: str) -> AsyncIterator[Proxy]:
    async with proxy(str(private_server.socket)) as found:
        yield found


def titles(app: AgentDash) -> list[str]:
    return [toast.title for toast in app._notifications]


async def test_a_lost_answer_is_said_and_the_rows_are_read_again(
    client: Redis, between: Proxy, tmp_path: Path
) -> None:
    ids = await busy(client, b"orders")
    async with dashboard(between.url, tmp_path) as (app, pilot):
        screen = await to_pending(app, pilot)
        await pilot.press("A")
        between.arm(Fault.LOSE_REPLY, name="EXEC")
        await pilot.press("y")
        await until(lambda: "May have been carried out" in titles(app), what="the toast")
        await until(lambda: len(screen.entries.table.rows) == 1, what="the rows as they are")
        assert await held(client, b"orders") == {ids[1]: b"orders"}
        assert between.seen.count("EXEC") == 1
        between.arm(None)
    audit = (tmp_path / "state" / "agentdash.log").read_text()
    (line,) = [line for line in audit.splitlines() if "XACK" in line]
    assert " WARN  stream-orders unsure May have been carried out: " in line
    assert "no answer" in line


async def test_an_entry_without_data_is_acknowledged_instead_of_claimed(
    client: Redis, redis_url: str, tmp_path: Path
) -> None:
    ids = await busy(client, b"orders")
    async with dashboard(redis_url, tmp_path) as (app, pilot):
        await to_pending(app, pilot)
        await pilot.press("C", "tab", *"new", "enter")
        await until(lambda: isinstance(app.screen, Confirm), what="the question")
        await client.xdel("orders", ids[0])
        await pilot.press("y")
        await until(lambda: "Not carried out" in titles(app), what="the refusal")
        await until(lambda: isinstance(app.screen, Confirm), what="the offer")
        plan = "".join(text for para in app.screen.query_one(Document).paras for text, _ in para.parts)
        assert f"XACK orders orders {ids[0]}" in plan
        assert await held(client, b"orders") == {ids[0]: b"orders", ids[1]: b"orders"}
        await pilot.press("y")

        async def acknowledged() -> bool:
            return await held(client, b"orders") == {ids[1]: b"orders"}

        await until(acknowledged, what="the acknowledgement")
