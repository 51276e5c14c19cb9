"""The demo's fleet: everything in it is real, and nothing of it stays."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError
from agentdash.demo import folder as folders
from agentdash.demo.cleanup import is_alive, kill_marked, marked_processes, own_process, remove_abandoned
from agentdash.demo.fleet import Fleet
from agentdash.server.embedded import EmbeddedServer
from tests.support import until, wait_until

OWNER = """
import asyncio, sys
from agentdash.demo.fleet import Fleet

async def main():
    fleet = Fleet()
    await fleet.start()
    print(fleet.folder, fleet._supervisor.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the test, with a short name (a socket's path is limited). Empty at the end."""
    place = Path(tempfile.mkdtemp(prefix="ad")).resolve()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    left = list(place.iterdir())
    for path in left:
        kill_marked(path)
        EmbeddedServer(path / "server").stop()
        folders.DemoFolder(path).remove()
    place.rmdir()
    assert not left


def nothing_is_left(root: Path) -> bool:
    """Neither the folder, nor a process that was started in it, nor one that names it (the server)."""
    return not root.exists() and not marked_processes(root) and not naming(root)


def naming(root: Path) -> list[psutil.Process]:
    return [
        p for p in psutil.process_iter(["cmdline"]) if any(str(root) in w for w in p.info["cmdline"] or ())
    ]


def git(repo: Path, *words: str) -> str:
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(
        ["git", *words], cwd=repo, env=env, capture_output=True, text=True, check=True
    ).stdout


async def test_the_fleet_works_and_leaves_nothing(temporary: Path) -> None:
    fleet = Fleet()
    settings = await fleet.start()
    try:
        root = fleet.folder
        processes = [*marked_processes(root), *naming(root)]
        assert len(processes) > 8
        await asyncio.to_thread(see_everything, settings, root)
        processes += marked_processes(root)
    finally:
        await fleet.stop()
    assert nothing_is_left(root)
    assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    await fleet.stop()  # a second time does nothing


def see_everything(settings: Settings, root: Path) -> None:
    with redis.Redis.from_url(settings.redis.url or "", decode_responses=True, protocol=2) as client:
        see_repositories(settings)
        see_services(settings)
        see_streams(client)
        see_crash(settings)
        see_runs(client, root)


def see_repositories(settings: Settings) -> None:
    repos = {path.name: path for path in Path(settings.projects[0]).iterdir()}
    assert {"web", "cli", "orders", "docs", "api", "infra", "site"} == set(repos)
    assert "ahead 2, behind 1" in git(repos["api"], "status", "-sb")
    assert git(repos["infra"], "status", "--porcelain") == ""
    assert git(repos["site"], "status", "--porcelain") == "UU index.html\n"
    assert "fix-auth" in git(repos["web"], "status", "-sb")


def see_services(settings: Settings) -> None:
    assert len(settings.services) == 7
    for service in settings.services:
        assert service.pid_file
        assert psutil.pid_exists(int(Path(service.pid_file).read_text()))
        assert service.log
        log = Path(service.log)
        wait_until(lambda log=log: log.exists() and log.stat().st_size, what=f"a line of {service.name}")
    probe = settings.services[0].probe
    assert probe
    assert probe.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(probe, timeout=10) as answer:
        assert json.load(answer) == {"status": "ok"}


def see_streams(client: redis.Redis) -> None:
    names = {"orders", "payments", "audit-events", "clicks", "emails", "shipments", "stock-updates"}

    def group(stream: str, name: str) -> dict[str, int]:
        return next((g for g in client.xinfo_groups(stream) if g["name"] == name), {})

    wait_until(lambda: names <= set(client.scan_iter(_type="stream")), what="seven streams")
    assert client.xinfo_groups("audit-events") == []
    wait_until(lambda: group("emails", "mailer").get("pending") == 3, what="the mailer to hang on the third")
    assert group("clicks", "reports")["pending"] == 5
    wait_until(lambda: group("payments", "ledger").get("lag", 0) > 100, what="the ledger to lag")
    wait_until(lambda: group("orders", "shipping").get("entries-read", 0) > 3, what="orders to be shipped")
    entry = client.xrevrange("shipments", count=1)[0][1]
    assert entry["correlationId"]


def see_crash(settings: Settings) -> None:
    billing = next(service for service in settings.services if service.name == "billing")
    assert billing.pid_file
    assert billing.log
    note, log = Path(billing.pid_file), Path(billing.log)
    first = note.read_text()
    wait_until(lambda: "ZeroDivisionError" in log.read_text(), 40, "billing to crash")
    assert "Traceback (most recent call last)" in log.read_text()
    wait_until(lambda: note.read_text() != first, 40, "billing to be started again")
    wait_until(lambda: "gave up on orders" in log.read_text(), 40, "billing to go on")


def see_runs(client: redis.Redis, root: Path) -> None:
    keys = RunKeys()
    wait_until(lambda: client.zcard(keys.index) >= 4, what="four runs")
    runs = client.zrange(keys.index, 0, -1)

    def titles() -> dict[str, str]:
        return {m["title"]: m["status"] for m in (client.hgetall(keys.meta(run)) for run in runs)}

    def kinds() -> set[str]:
        return {fields["type"] for run in runs for _, fields in client.xrange(keys.events(run))}

    wait_until(lambda: titles().get("migrate-orders") == "completed", 60, "the first run to be done")
    assert {"fix-auth-refresh", "port-cli-parser", "docs-sweep"} <= set(titles())
    wanted = {"file_read", "file_written", "test_run_started", "test_run_completed", "token_usage"}
    wait_until(lambda: wanted <= kinds(), 60, "all kinds of events")
    inbox = root / "monitor-session" / "findings" / "docs-sweep.jsonl"
    wait_until(inbox.exists, 60, "a finding of the docs' agent")
    assert json.loads(inbox.read_text().splitlines()[0])["category"] == "DOC_DRIFT"
    assert git(root / "projects" / "web", "status", "--porcelain") != "", "an agent is at work in it"


@pytest.fixture
def owner(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """A process that owns a demo, the demo's folder, and its supervisor's process id."""
    process = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        root, supervisor = process.stdout.readline().split()
        yield process, Path(root), int(supervisor)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_fleet_ends_with_its_owner(
    owner: tuple[subprocess.Popen[str], Path, int], number: signal.Signals
) -> None:
    process, root, _ = owner
    assert len(marked_processes(root)) > 8
    process.send_signal(number)
    wait_until(lambda: nothing_is_left(root), what="the supervisor to clear everything")


def test_the_next_start_clears_what_two_kills_left(owner: tuple[subprocess.Popen[str], Path, int]) -> None:
    process, root, supervisor = owner
    assert remove_abandoned() == 0, "a demo that is at work is left alone"
    os.kill(supervisor, signal.SIGKILL)
    process.kill()
    process.wait()
    wait_until(
        lambda: (
            not psutil.pid_exists(supervisor)
            or not is_alive(supervisor, psutil.Process(supervisor).create_time())
        )
    )
    assert marked_processes(root)
    assert root.exists()
    assert remove_abandoned() == 1
    assert nothing_is_left(root)


async def test_a_stop_in_the_middle_of_the_start_leaves_nothing(temporary: Path) -> None:
    fleet = Fleet()
    start = asyncio.create_task(fleet.start())
    await until(lambda: list(temporary.iterdir()), what="the folder")
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert nothing_is_left(fleet.folder)


async def test_a_temporary_folder_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    with pytest.raises(SourceError, match="cannot be started") as said:
        await Fleet().start()
    assert "TMPDIR" in (said.value.cure or "")


def test_a_reused_process_id_is_not_the_process() -> None:
    pid, created = own_process()
    assert is_alive(pid, created)
    assert not is_alive(pid, created - 100)


def test_a_fresh_folder_without_a_keeper_is_left_alone(temporary: Path) -> None:
    young = folders.create()
    assert remove_abandoned() == 0
    os.utime(young.root, (0, 0))
    assert remove_abandoned() == 1
    assert not young.root.exists()
