"""The stream screen on a real server: what is confirmed is done, or refused; odd names; few rights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from textual.pilot import Pilot

from agentdash.core.settings.model import RedisSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from tests.support import until
from tui.actions import actions_on
from tui.app import AgentDash
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Document
from tui.widgets.footer import Footer

SIZE = (120, 40)
NAMES = {
    "markup": b"[/x][red]jobs[/red]",
    "escape": b"jobs\x1b]52;c;aGk=\x07\x1b[2J",
    "newline": b"jobs\nand\r\tmore",
    "emoji": "jobs 🎉👩‍👩‍👧".encode(),
    "right-to-left": "\u202eabc עברית".encode(),
    "long": b"j" * 300,
    "not UTF-8": b"jobs\xff\xfe\x00",
}


@asynccontextmanager
async def dashboard(url: str, folder: Path, **more: object) -> AsyncIterator[tuple[AgentDash, Pilot[int]]]:
    (folder / "projects").mkdir(exist_ok=True)
    config = Settings(
        projects=(str(folder / "projects"),),
        state_dir=str(folder / "state"),
        redis=RedisSettings(url=url, embedded=False),
        **more,  # type: ignore[arg-type]
    )
    app = AgentDash(Engine(config, cwd=folder))
    async with app.run_test(size=SIZE) as pilot:
        yield app, pilot


async def busy(client: Redis, name: bytes) -> list[str]:
    """A stream with three entries; consumer a of its group holds two of them. All names are *name*."""
    await client.xgroup_create(name, name, id="0", mkstream=True)
    ids = [(await client.xadd(name, {b"field": name, b"n": n})).decode() for n in range(3)]
    await client.execute_command(b"XREADGROUP", "GROUP", name, name, "COUNT", 2, "STREAMS", name, ">")
    return ids


async def held(client: Redis, name: bytes) -> dict[str, bytes]:
    lines = await client.execute_command(b"XPENDING", name, name, "-", "+", 100)
    return {line[0].decode(): line[1] for line in lines}


async def to_pending(app: AgentDash, pilot: Pilot[int], count: int = 2) -> StreamScreen:
    await until(lambda: app.store.streams and app.store.streams.streams, what="the stream")
    await pilot.press("2", "enter")
    screen = app.screen
    assert isinstance(screen, StreamScreen)
    await until(lambda: len(screen.entries.table.rows) == count, what="the pending entries")
    await until(lambda: screen.rights_poll.asked, what="the rights")
    return screen


def bound(screen: StreamScreen) -> set[str]:
    return {action.id for _, action in actions_on(screen)}


def toasts(app: AgentDash) -> str:
    return " | ".join(toast.message for toast in app._notifications)


def page(app: AgentDash, query: str = "#message-page") -> str:
    return "\n".join("".join(t for t, _ in p.parts) for p in app.screen.query_one(query, Document).paras)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_names_of_any_bytes_are_shown_safely_and_reached(
    client: Redis, redis_url: str, tmp_path: Path, name: bytes
) -> None:
    ids = await busy(client, name)
    async with dashboard(redis_url, tmp_path) as (app, pilot):
        screen = await to_pending(app, pilot)
        await until(lambda: "delivered once" in page(app), what="the message")
        drawn = "".join(s.text for strip in app.screen._compositor.render_strips() for s in strip)
        assert not any(ord(c) < 0x20 or c in "\x7f\x9b\u202e" for c in drawn)
        await pilot.press("A")
        assert isinstance(app.screen, Confirm)
        await pilot.press("tab", "enter")
        await until(lambda: "acknowledged" in toasts(app), what="the answer")
        assert await held(client, name) == {ids[1]: name}
        await until(lambda: len(screen.entries.table.rows) == 1, what="one entry less")
        await pilot.press("D", "tab", "enter")
        await until(lambda: "deleted" in toasts(app), what="the answer")
        left = await client.execute_command(b"XRANGE", name, "-", "+")
        assert [entry[0].decode() for entry in left] == [ids[0], ids[2]]


async def test_who_was_quicker_than_the_answer_is_told_and_all_is_noted(
    client: Redis, redis_url: str, tmp_path: Path
) -> None:
    ids = await busy(client, b"orders")
    async with dashboard(redis_url, tmp_path) as (app, pilot):
        await to_pending(app, pilot)
        await pilot.press("A")
        assert isinstance(app.screen, Confirm)
        await client.execute_command("XCLAIM", "orders", "orders", "other", 0, ids[0])
        await pilot.press("tab", "enter")
        await until(lambda: "nothing was changed" in toasts(app), what="the refusal")
        assert f"{ids[0]} belongs to other now, not to orders" in toasts(app)
        assert (await held(client, b"orders"))[ids[0]] == b"other"
        await until(lambda: isinstance(app.screen, StreamScreen), what="the screen")
        await pilot.press("enter", "enter", "G", "A", "tab", "enter")
        await until(lambda: "acknowledged for orders" in toasts(app), what="the answer")
        assert await held(client, b"orders") == {ids[0]: b"other"}
        said = [line.message for line in app.store.logs if line.message.startswith("stream orders")]
        assert "nothing was changed" in said[0]
        assert f"[XACK orders orders {ids[1]} → 1]" in said[1]
    audit = (tmp_path / "state" / "agentdash.log").read_text()
    assert f"XACK orders orders {ids[1]}" in audit


async def test_read_only_has_no_way_to_change_anything(client: Redis, redis_url: str, tmp_path: Path) -> None:
    await busy(client, b"orders")
    before = await held(client, b"orders")
    async with dashboard(redis_url, tmp_path, read_only=True) as (app, pilot):
        await until(lambda: app.store.streams and app.store.streams.streams, what="the stream")
        await pilot.press("2", "enter")
        screen = app.screen
        assert isinstance(screen, StreamScreen)
        await until(lambda: len(screen.entries.table.rows) == 2, what="the pending entries")
        await pilot.press("A", "C", "D", "full_stop")
        assert app.screen is screen
        assert not any(action.startswith("pending.") for action in bound(screen))
        assert await held(client, b"orders") == before


@pytest.mark.parametrize("rules", [("+acl",), ()], ids=["may ask", "may not ask"])
async def test_a_user_with_few_rights_sees_all_and_is_told_what_is_forbidden(
    client: Redis, redis_url: str, tmp_path: Path, rules: tuple[str, ...]
) -> None:
    await busy(client, b"orders")
    may = ("~*", "+@read", "+@connection", "+@transaction", "+info", "+time", "-@write", *rules)
    await client.execute_command("ACL", "SETUSER", "watcher", "on", ">pw", *may)
    sign = "&" if "?" in redis_url else "?"
    try:
        async with dashboard(f"{redis_url}{sign}username=watcher&password=pw", tmp_path) as (app, pilot):
            screen = await to_pending(app, pilot)
            await pilot.press("A")
            if not rules:
                assert isinstance(app.screen, Confirm)
                await pilot.press("tab", "enter")
                await until(lambda: "does not allow XACK" in toasts(app), what="the refusal")
                await until(lambda: app.screen is screen, what="the screen")
                await pilot.press("A")
            assert app.screen is screen
            assert "xack" in toasts(app).casefold()
            assert screen.why_not("acknowledge") is not None
            words = {word.action: word.parts[0][1] for word in screen.query_one(Footer).left}
            assert words["pending.acknowledge"] == "faint"
            about = {command.title: command.help for command in app.get_system_commands(screen)}  # type: ignore[arg-type]
            assert "xack" in about["Acknowledge entries (A)"].casefold()
            assert "xclaim" in about["Claim entries for a consumer (C)"].casefold() or not rules
            await pilot.press("question_mark")
            await until(lambda: "acknowledge entries (not now" in page(app, "#page").casefold(), what="help")
            await pilot.press("escape")
            assert len(await held(client, b"orders")) == 2
    finally:
        await client.execute_command("ACL", "DELUSER", "watcher")


async def test_a_stream_that_goes_while_it_is_looked_at(
    client: Redis, redis_url: str, tmp_path: Path
) -> None:
    await busy(client, b"orders")
    async with dashboard(redis_url, tmp_path) as (app, pilot):
        screen = await to_pending(app, pilot)
        await pilot.press("A")
        await client.delete("orders")
        await pilot.press("tab", "enter")
        await until(lambda: "no longer exists" in toasts(app), what="the refusal")
        await until(lambda: screen.stream is None, what="the end of the stream")
        await pilot.press("A")
        assert "no longer exists" in toasts(app)
        await pilot.press("escape")
        assert isinstance(app.screen, Board)
        assert app.screen.zoomed is Topic.STREAMS


async def test_who_waits_in_a_blocking_read_is_seen(client: Redis, redis_url: str, tmp_path: Path) -> None:
    await busy(client, b"orders")
    await client.execute_command("XREADGROUP", "GROUP", "orders", "idler", "STREAMS", "orders", ">")
    waiting = Redis.from_url(redis_url, client_name="idler", socket_timeout=None)
    read = asyncio.create_task(
        waiting.execute_command(
            "XREADGROUP", "GROUP", "orders", "idler", "BLOCK", 0, "STREAMS", "orders", ">"
        )
    )
    try:
        async with dashboard(redis_url, tmp_path) as (app, pilot):
            screen = await to_pending(app, pilot, 3)

            def liveness() -> dict[object, str]:
                return {row.key: row.cells[4].plain for row in screen.consumers.table.rows}

            await until(lambda: liveness().get(b"idler") == "● blocked in XREADGROUP now", what="the reader")
            assert liveness()[b"orders"] == "○ no client blocked"
    finally:
        read.cancel()
        await asyncio.gather(read, return_exceptions=True)
        await waiting.aclose()
