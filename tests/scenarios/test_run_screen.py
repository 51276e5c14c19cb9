"""A run in depth on real sources: a real worker in a real repository, watched, orphaned, cleaned up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.settings.model import RedisSettings, RunsSettings, Settings
from agentdash.runtime.engine import Engine
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse
from tests.support import until
from tui.app import AgentDash
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.screens.runs.screen import RunScreen
from tui.widgets.document import Document
from tui.widgets.linebar import LineBar
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable

AGENT = """
import json, os, sys, time
turn = os.environ["AGENTDASH_TURN"]
def tell(kind, **data):
    print(json.dumps({"__cody_event__": {"type": kind, "data": data}}), flush=True)
print(f"agent begins turn {turn}", flush=True)
with open("a.py", "a") as file:
    file.write(f"turn = {turn}\\n")
tell("file_written", path=os.path.abspath("a.py"))
tell("test_run_completed", passed=5, failed=0, skipped=0)
tell("token_usage", input=700, output=300)
with open(sys.argv[1], "a") as log:
    log.write(f"2026-01-01T00:00:0{turn}Z INFO wrote turn {turn}\\n")
if turn == "2":
    print("waiting", flush=True)
    time.sleep(600)
"""
LEASE = 2.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedUse]:
    use = EmbeddedServer(tmp_path / "server").acquire()
    yield use
    use.release()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "projects" / "web"
    path.mkdir(parents=True)
    (path / "a.py").write_text("start = 1\n")
    for command in (("init", "-qb", "main"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run(("git", *command), cwd=path, check=True, capture_output=True)
    return path


@pytest.fixture
def worker(tmp_path: Path, server: EmbeddedUse, repo: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker whose agent does one turn, and stays in the second."""
    agent, config = tmp_path / "agent.py", tmp_path / "agentdash.toml"
    agent.write_text(AGENT)
    config.write_text(f"[runs]\nlease = {LEASE}\n")
    log = tmp_path / "agent.log"
    log.touch()
    command = [
        sys.executable, "-m", "agentdash", "run", "--config", str(config), "--redis", server.url,
        "--title", "mend-token", "--turns", "5", "--cwd", str(repo), "--log", str(log),
        "--", sys.executable, str(agent), str(log),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
    yield process
    for child in psutil.process_iter(["cmdline"]):
        if str(agent) in (child.info["cmdline"] or []) and child.pid != process.pid:
            child.kill()
    process.kill()
    process.wait()


def settings(tmp_path: Path, url: str) -> Settings:
    return Settings(
        projects=(str(tmp_path / "projects"),),
        state_dir=str(tmp_path / "state"),
        redis=RedisSettings(url=url, embedded=False),
        runs=RunsSettings(lease=LEASE),
    )


def run_of(app: AgentDash) -> Run | None:
    return next(iter(app.store.runs.runs), None) if app.store.runs else None


def page(app: AgentDash, name: str) -> str:
    return "\n".join(
        "".join(part for part, _ in para.parts) for para in app.screen.query_one(name, Document).paras
    )


def table(app: AgentDash, name: str) -> list[str]:
    rows = app.screen.query_one(name, LineTable).rows
    return [" ".join(cell.plain.strip() for cell in row.cells if cell.plain.strip()) for row in rows]


def line(app: AgentDash, name: str) -> str:
    bar = app.screen.query_one(name, LineBar)
    return " ".join("".join(part for part, _ in word.parts) for word in bar.left)


def printed(app: AgentDash, name: str) -> list[str]:
    return [line.message for line in app.screen.query_one(name, LogView).lines()]


@pytest.mark.usefixtures("worker")
async def test_a_run_is_seen_whole(tmp_path: Path, server: EmbeddedUse, repo: Path) -> None:
    app = AgentDash(Engine(settings(tmp_path, server.url), cwd=tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: (run := run_of(app)) and run.current_turn == 2, what="the second turn")
        await until(lambda: app.store.repos and app.store.repos.repos, what="the repository")
        await pilot.press("1", "enter")
        assert isinstance(app.screen, RunScreen)
        await until(lambda: len(table(app, "#turns-table")) == 2, what="both turns")
        first = table(app, "#turns-table")[1]
        assert "1.0k" in first
        assert "5 passed" in first
        assert first.endswith("1 0"), "one file, exit code 0"
        await until(lambda: "web main" in line(app, "#run-state"), what="its repository")
        assert "turn 2/5" in line(app, "#run-state")

        await pilot.press("v")
        await until(lambda: "waiting" in printed(app, "#run-output"), what="its output")
        assert "agent begins turn 1" in printed(app, "#run-output")
        await pilot.press("l")
        await until(lambda: "wrote turn 2" in " ".join(printed(app, "#run-log")), what="its log")
        await pilot.press("d")
        await until(lambda: "+turn = 2" in " ".join(table(app, "#diff-table")), what="its diff")
        with (repo / "a.py").open("a") as file:
            file.write("by = 'hand'\n")
        await until(lambda: "+by = 'hand'" in " ".join(table(app, "#diff-table")), what="the newer diff")

        await pilot.press("m")
        await until(lambda: "✓ command running" in page(app, "#why-page"), what="the facts")
        assert "✓ a worker holds the lock" in page(app, "#why-page")
        await pilot.press("v")
        await until(lambda: any("a.py" in row for row in table(app, "#files-table")), what="its files")
        await pilot.press("o")
        assert app.screen.trail[:2] == ("Repos", "web")  # type: ignore[attr-defined]
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, Board)


async def test_an_orphan_is_seen_its_process_ended_and_the_run_marked_failed(
    tmp_path: Path, server: EmbeddedUse, worker: subprocess.Popen[bytes]
) -> None:
    app = AgentDash(Engine(settings(tmp_path, server.url), cwd=tmp_path))

    def seen(holds: Callable[[Run], object]) -> Callable[[], object]:
        return lambda: (run := run_of(app)) is not None and holds(run)

    async with app.run_test(size=(120, 40)) as pilot:
        await until(seen(lambda run: run.current_turn == 2 and run.pid), what="the second turn")
        found = run_of(app)
        assert found is not None
        assert found.pid is not None
        child = psutil.Process(found.pid)
        await pilot.press("1", "enter")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        await until(seen(lambda run: run.orphaned and run.child), what="the orphan and its process")
        await until(
            lambda: any("mend-token orphaned" in toast.message for toast in app._notifications),
            what="the toast",
        )
        await until(lambda: f"process {child.pid} still running" in line(app, "#run-doing"), what="both said")

        await pilot.press("m")
        await until(lambda: "✗ a worker holds the lock" in page(app, "#why-page"), what="why")
        await pilot.press("K")
        assert isinstance(app.screen, Confirm)
        await until(lambda: "worker last seen" in page(app, "#plan"), what="since when")
        assert str(child.pid) in page(app, "#plan")
        assert child.is_running()
        await pilot.press("tab", "enter")
        await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, what="its end")
        await until(seen(lambda run: run.child is None), what="no process left")

        await pilot.press("F")
        assert isinstance(app.screen, Confirm)
        await pilot.press("tab", "enter")
        await until(seen(lambda run: run.status is RunStatus.FAILED), what="marked as failed")
        assert run_of(app).error_code == "orphaned"  # type: ignore[union-attr]
        await until(lambda: "failed" in line(app, "#run-state"), what="failed on the screen")
        await pilot.press("F")
        assert isinstance(app.screen, RunScreen)
