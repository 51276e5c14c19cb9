"""The dashboard on real sources: a real server that goes away and comes back, real runs that are steered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import LogsSettings, RedisSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse
from tests.support import until
from tui.app import AgentDash
from tui.format.state import PaneKind
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Document
from tui.widgets.table.pane import ListPane

SIZE = (120, 40)


@pytest.fixture
def server(tmp_path: Path) -> EmbeddedUse:
    use = EmbeddedServer(tmp_path / "server").acquire()
    yield use
    use.release()


def settings(tmp_path: Path, url: str) -> Settings:
    log = tmp_path / "service.log"
    log.write_text("2026-01-01T00:00:00Z INFO begun\n")
    (tmp_path / "projects").mkdir(exist_ok=True)
    return Settings(
        projects=(str(tmp_path / "projects"),),
        state_dir=str(tmp_path / "state"),
        redis=RedisSettings(url=url, embedded=False),
        logs=LogsSettings(files=(str(log),)),
    )


@asynccontextmanager
async def dashboard(config: Settings, cwd: Path) -> AsyncIterator[tuple[AgentDash, object]]:
    app = AgentDash(Engine(config, cwd=cwd))
    async with app.run_test(size=SIZE) as pilot:
        yield app, pilot


def pane(app: AgentDash, topic: Topic) -> ListPane:
    board = next(screen for screen in app.screen_stack if isinstance(screen, Board))
    found = board.pane(topic)
    assert isinstance(found, ListPane)
    return found


def told(app: AgentDash, topic: Topic) -> str:
    return "".join(text for para in pane(app, topic).state.notice for text, _ in para.parts)


async def busy(client: Redis) -> None:
    """A stream whose group has two entries pending, and one unread."""
    for number in range(3):
        await client.xadd("orders", {"order": number, "payload": '{"amount": 49.9}'})
    await client.xgroup_create("orders", "billing", id="0")
    await client.xreadgroup("billing", "billing-1", {"orders": ">"}, count=2)


async def test_a_server_that_hangs_is_said_and_the_other_panes_go_on(
    tmp_path: Path, server: EmbeddedUse
) -> None:
    config = settings(tmp_path, server.url)
    async with Redis.from_url(server.url) as client:
        await busy(client)
    async with dashboard(config, tmp_path) as (app, _pilot):
        await until(lambda: pane(app, Topic.STREAMS).state.kind is PaneKind.LIVE, what="streams shown")
        os.kill(server.pid, signal.SIGSTOP)
        try:
            await until(
                lambda: pane(app, Topic.STREAMS).state.kind is PaneKind.ERROR, what="streams in error"
            )
            await until(lambda: pane(app, Topic.RUNS).state.kind is PaneKind.ERROR, what="runs in error")
            assert "did not answer in time" in told(app, Topic.STREAMS)
            assert pane(app, Topic.STREAMS).table.rows[0].key == (b"orders",)
            before = len(app.store.logs)
            with (tmp_path / "service.log").open("a") as log:
                log.write("2026-01-01T00:00:01Z INFO still here\n")
            await until(
                lambda: any("still here" in line.message for line in app.store.logs), what="the new line"
            )
            assert len(app.store.logs) > before
            assert pane(app, Topic.REPOS).state.kind is not PaneKind.ERROR
        finally:
            os.kill(server.pid, signal.SIGCONT)
        await until(lambda: pane(app, Topic.STREAMS).state.kind is PaneKind.LIVE, what="streams live again")
        await until(lambda: pane(app, Topic.RUNS).state.kind is not PaneKind.ERROR, what="runs live again")


async def test_a_server_that_is_not_there_yet_is_found_when_it_comes(tmp_path: Path) -> None:
    home = EmbeddedServer(tmp_path / "server")
    first = home.acquire()
    url = first.url
    first.release()
    async with dashboard(settings(tmp_path, url), tmp_path) as (app, _pilot):
        await until(lambda: pane(app, Topic.STREAMS).state.kind is PaneKind.ERROR, what="streams in error")
        assert told(app, Topic.STREAMS)
        again = home.acquire()
        try:
            async with Redis.from_url(again.url) as client:
                await busy(client)
            await until(lambda: pane(app, Topic.STREAMS).state.kind is PaneKind.LIVE, what="streams shown")
        finally:
            again.release()


async def test_a_server_that_asks_for_a_password_says_so_with_the_cure(
    tmp_path: Path, server: EmbeddedUse
) -> None:
    async with Redis.from_url(server.url) as client:
        await client.config_set("requirepass", "sesame")
        try:
            async with dashboard(settings(tmp_path, server.url), tmp_path) as (app, _pilot):
                await until(lambda: pane(app, Topic.RUNS).state.kind is PaneKind.ERROR, what="runs in error")
                words = told(app, Topic.RUNS)
                assert "password" in words
                assert "sesame" not in words
        finally:
            await client.execute_command("CONFIG", "SET", "requirepass", "")


async def test_from_a_stream_to_the_message(tmp_path: Path, server: EmbeddedUse) -> None:
    async with Redis.from_url(server.url) as client:
        await busy(client)
    async with dashboard(settings(tmp_path, server.url), tmp_path) as (app, pilot):
        await until(lambda: pane(app, Topic.STREAMS).table.rows, what="streams shown")
        await pilot.press("2", "enter")  # type: ignore[attr-defined]
        screen = app.screen
        assert isinstance(screen, StreamScreen)
        await until(lambda: len(screen.entries.table.rows) == 2, what="two pending entries")
        await pilot.press("enter", "enter", "enter")  # type: ignore[attr-defined]

        def page() -> str:
            return "".join(
                t for para in screen.query_one("#message-page", Document).paras for t, _ in para.parts
            )

        await until(lambda: '"amount": 49.9' in page(), what="the message folded out")
        assert "delivered once" in page()
        assert screen.trail[:3] == ("Streams", "orders", "billing")
        await pilot.press("escape", "escape", "escape", "escape")  # type: ignore[attr-defined]
        assert isinstance(app.screen, Board)


async def test_steering_a_real_run(tmp_path: Path, server: EmbeddedUse) -> None:
    """Pause shows as requested, then paused; resume goes on; cancel asks, then ends the process."""
    config = settings(tmp_path, server.url)
    script = "import time; print('working', flush=True); time.sleep(3)"
    command = [
        sys.executable,
        "-m",
        "agentdash",
        "run",
        "--redis",
        server.url,
        "--title",
        "long-run",
        "--turns",
        "500",
    ]
    worker = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        [*command, "--", sys.executable, "-c", script],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    try:
        async with dashboard(config, tmp_path) as (app, pilot):

            def run() -> object:
                return next(iter(app.store.runs.runs), None) if app.store.runs else None

            def shown() -> str:
                table = pane(app, Topic.RUNS).table
                return " ".join(cell.plain for cell in table.rows[0].cells) if table.rows else ""

            await until(lambda: "working" in shown() or "turn" in shown(), what="the run at work")
            await pilot.press("p")  # type: ignore[attr-defined]
            await until(lambda: "requested" in shown(), what="pause requested")
            await until(lambda: "paused" in shown() and "requested" not in shown(), what="paused")
            await pilot.press("r")  # type: ignore[attr-defined]
            await until(lambda: getattr(run(), "status", "") == "running", what="running again")
            await until(lambda: getattr(run(), "pid", None), what="the process of the next turn")
            await pilot.press("X")  # type: ignore[attr-defined]
            assert isinstance(app.screen, Confirm)
            assert worker.poll() is None
            await pilot.press("tab", "enter")  # type: ignore[attr-defined]
            await until(lambda: getattr(run(), "status", "") == "cancelled", what="cancelled")
            await until(lambda: worker.poll() is not None, what="the worker's end")
            await until(lambda: "■" in shown(), what="cancelled on the screen")
            await pilot.press("X")  # type: ignore[attr-defined]
            assert isinstance(app.screen, Board)
            assert any("cannot cancel" in toast.message for toast in app._notifications)
    finally:
        if worker.poll() is None:
            worker.kill()
        worker.communicate()


FIRST_PAINT = """
import asyncio, sys
from pathlib import Path
from agentdash.core.settings.model import Settings
from agentdash.runtime.engine import Engine
from tui.app import AgentDash

class Paint(AgentDash):
    def _begin(self):
        heavy = [m for m in ("redis", "git", "psutil", "pydantic", "hiredis") if m in sys.modules]
        drawn = len(self.screen._compositor.visible_widgets)
        self.exit(0, message=f"{drawn} {' '.join(heavy)}")
        print(f"drawn={drawn} heavy={heavy}")

async def main():
    app = Paint(Engine(Settings(state_dir=sys.argv[1]), cwd=Path(sys.argv[1])))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()

asyncio.run(main())
"""


def test_the_first_paint_loads_no_driver(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    drawn, heavy = done.stdout.strip().splitlines()[-1].split(" ", 1)
    assert heavy == "heavy=[]"
    assert int(drawn.partition("=")[2]) >= 12, "header, footer, six panes and what they hold"
