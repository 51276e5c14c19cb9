"""Services are real processes here: found, measured, lost, taken for no other."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from agentdash.core.clock import ManualClock, SystemClock
from agentdash.core.services import Service, ServiceState
from agentdash.core.settings import ServiceSettings
from agentdash.core.snapshot import SourceError
from collectors.services import ServicesCollector
from collectors.services_follow import Followed
from collectors.services_match import Match
from collectors.services_probe import Prober
from collectors.services_processes import Known, Table
from collectors.services_tail import LastLine
from tests.support import until, wait_until

LISTEN = """
import os, socket, sys, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
{more}
time.sleep(60)
"""
CHILD = "import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python code as a process; all of them, and what they started, are gone afterwards."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: str, cwd: Path = tmp_path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=cwd,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
async def collector_of() -> AsyncIterator[Callable[..., ServicesCollector]]:
    made: list[ServicesCollector] = []

    def make(*services: ServiceSettings, roots: tuple[Path, ...] = ()) -> ServicesCollector:
        made.append(ServicesCollector(services, roots, "host", SystemClock()))
        return made[-1]

    yield make
    for collector in made:
        await collector.close()


async def only(collector: ServicesCollector) -> Service:
    snapshot = await collector.collect()
    assert snapshot is not None
    (service,) = snapshot.services
    return service


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


Make = Callable[..., ServicesCollector]


async def test_by_command_line_with_its_children_and_port(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    process = start(LISTEN.format(more=CHILD), "marker-of-this-test")
    port = port_of(process)
    wait_until(lambda: psutil.Process(process.pid).children())
    collector = collector_of(ServiceSettings(name="web", match="marker-of-this-test"))
    service = await only(collector)
    assert (service.name, service.state, service.pid) == ("web", ServiceState.UP, process.pid)
    assert service.ports == (port,)
    assert service.children == 1
    assert service.cwd == str(tmp_path)
    assert service.rss_bytes is not None
    assert service.rss_bytes > psutil.Process(process.pid).memory_info().rss
    assert (service.threads or 0) >= 2
    assert (service.open_files or 0) >= 3
    assert service.cpu_percent is None
    assert (await only(collector)).cpu_percent is not None


async def test_by_port(start: Start, collector_of: Make) -> None:
    process = start(LISTEN.format(more=""))
    service = await only(collector_of(ServiceSettings(name="web", port=port_of(process))))
    assert (service.state, service.pid) == (ServiceState.UP, process.pid)


async def test_by_working_folder(start: Start, collector_of: Make, tmp_path: Path) -> None:
    process = start(LISTEN.format(more=""))
    port_of(process)
    service = await only(collector_of(ServiceSettings(name="web", cwd=str(tmp_path))))
    assert service.pid == process.pid


async def test_down_then_up_then_down_then_restarted(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    pid_file = tmp_path / "web.pid"
    collector = collector_of(ServiceSettings(name="web", pid_file=str(pid_file)))
    service = await only(collector)
    assert (service.state, service.pid, service.cpu_percent) == (ServiceState.DOWN, None, None)

    async def seen(state: ServiceState, pid: int | None) -> Service:
        async def look() -> Service | None:
            service = await only(collector)
            return service if (service.state, service.pid) == (state, pid) else None

        return await until(look, what=f"{state} as {pid}")

    for restarts in range(2):
        process = start(LISTEN.format(more=""))
        port_of(process)
        pid_file.write_text(f"{process.pid}\n")
        service = await seen(ServiceState.UP, process.pid)
        assert service.restarts == restarts
        assert service.down_since is None
        process.kill()
        process.wait()
        service = await seen(ServiceState.DOWN, None)
        assert service.down_since is not None
        assert service.rss_bytes is None


async def test_a_pid_file_older_than_its_process_is_of_another_one(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    process = start(LISTEN.format(more=""))
    port_of(process)
    pid_file = tmp_path / "web.pid"
    pid_file.write_text(str(process.pid))
    os.utime(pid_file, (1_000_000_000, 1_000_000_000))
    service = await only(collector_of(ServiceSettings(name="web", pid_file=str(pid_file))))
    assert service.state is ServiceState.DOWN


@pytest.mark.parametrize("text", ["", "no number", "12x"])
async def test_a_pid_file_without_a_pid_is_said(collector_of: Make, tmp_path: Path, text: str) -> None:
    pid_file = tmp_path / "web.pid"
    pid_file.write_text(text)
    service = await only(collector_of(ServiceSettings(name="web", pid_file=str(pid_file))))
    assert service.state is ServiceState.UNKNOWN
    assert "holds no process id" in (service.error or "")


async def test_a_zombie_is_called_one(start: Start, collector_of: Make, tmp_path: Path) -> None:
    code = (
        "import os, time\npid = os.fork()\nif pid == 0: os._exit(0)\nprint(pid, flush=True)\ntime.sleep(60)"
    )
    pid_file = tmp_path / "web.pid"
    pid_file.write_text(str(port_of(start(code))))
    service = await only(collector_of(ServiceSettings(name="web", pid_file=str(pid_file))))
    assert service.state is ServiceState.ZOMBIE


async def test_starting_until_its_port_is_open(start: Start, collector_of: Make) -> None:
    start("import time; time.sleep(60)", "slow-starter")
    collector = collector_of(ServiceSettings(name="web", match="slow-starter", port=1))
    assert (await only(collector)).state is ServiceState.STARTING


async def test_what_listens_below_a_root_is_found(start: Start, collector_of: Make, tmp_path: Path) -> None:
    inside = tmp_path / "shop"
    inside.mkdir()
    process = start(LISTEN.format(more=""), cwd=inside)
    port = port_of(process)
    other = start(LISTEN.format(more=""), cwd=tmp_path.parent)
    port_of(other)
    collector = collector_of(roots=(tmp_path,))
    service = await only(collector)
    assert (service.name, service.pid, service.ports) == (f"shop:{port}", process.pid, (port,))
    configured = collector_of(ServiceSettings(name="web", port=port), roots=(tmp_path,))
    assert (await only(configured)).name == "web"


async def test_nothing_to_look_for_is_no_fault(collector_of: Make) -> None:
    with pytest.raises(SourceError) as caught:
        await collector_of().collect()
    assert caught.value.absent


async def test_another_users_process_is_not_an_error(collector_of: Make, start: Start) -> None:
    process = start(LISTEN.format(more=""), "of-another")
    port_of(process)

    class Denied(psutil.Process):
        def num_threads(self) -> int:
            raise psutil.AccessDenied(self.pid)

    known = Known(Denied(process.pid), psutil.Process(process.pid).create_time(), 1, "x", None, False)
    followed = Followed(ServiceSettings(name="web", match="x"), SystemClock())
    followed.match(Match(known), Table())
    service = followed.look()
    assert (service.state, service.pid) == (ServiceState.UP, process.pid)
    assert (service.cpu_percent, service.rss_bytes, service.threads, service.open_files) == (None,) * 4


def test_a_crash_loop_is_flapping(start: Start) -> None:
    clock = ManualClock()
    followed = Followed(ServiceSettings(name="web", match="x"), clock)
    states = []
    for _ in range(5):
        process = start("import time; time.sleep(60)")
        table = Table()
        table.scan()
        followed.match(Match(table.known[process.pid]), table)
        states.append(followed.look().state)
        process.kill()
        process.wait()
        states.append(followed.look().state)
        clock.advance(5)
    assert states[:6] == [ServiceState.UP, ServiceState.DOWN] * 3
    assert states[6:] == [ServiceState.FLAPPING] * 4
    clock.advance(60)
    assert followed.look().state is ServiceState.DOWN


def test_the_last_line_and_its_time(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    last = LastLine(log)
    last.look()
    assert (last.text, last.at) == (None, None)
    log.write_text("x" * 50_000 + "\n2024-11-20T10:00:00Z INFO ready password=hunter22\nhalf")
    last.look()
    assert last.text == "ready password=••••••••"
    assert last.at == log.stat().st_mtime_ns // 1_000_000


async def _serve(answer: bytes) -> tuple[object, int]:
    import asyncio

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "ok", "error"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True, None),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False, "HTTP 503 Service Unavailable"),
        (b"SSH-2.0\r\n", False, "its answer is not HTTP"),
        (b"", False, "its answer is not HTTP"),
    ],
)
async def test_an_http_probe(answer: bytes, ok: bool, error: str | None) -> None:
    server, port = await _serve(answer)
    probe = await Prober(f"http://127.0.0.1:{port}/health?x=1", SystemClock()).ask()
    assert (probe.ok, probe.error, probe.kind) == (ok, error, "http")
    assert probe.latency_ms is not None
    server.close()  # type: ignore[attr-defined]


async def test_a_tcp_probe() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        prober = Prober(f"tcp://127.0.0.1:{port}", SystemClock())
        assert (await prober.ask()).error == "refused: nothing listens there"
        server.listen()
        assert (await prober.ask()).ok
    assert "needs a port" in ((await Prober("tcp://localhost", SystemClock()).ask()).error or "")
    assert "a probe is" in ((await Prober("ftp://localhost", SystemClock()).ask()).error or "")
