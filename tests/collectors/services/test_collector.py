"""Services are real processes here: found, measured, lost, taken for no other."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest

from agentdash.core.clock import ManualClock, SystemClock
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.snapshot import SourceError
from agentdash.processes import EXIT_CODES
from collectors.services.collector import ServicesCollector
from collectors.services.last_line import LastLine
from collectors.services.match import Match
from collectors.services.probe import Prober
from collectors.services.processes import ProcessInfo, ProcessTable
from collectors.services.tracked import TrackedService
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

    def run(
        code: str, *arguments: str, cwd: Path = tmp_path, stdin: int | None = None
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=cwd,
            stdin=stdin,
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


@contextlib.contextmanager
def running(*commands: Sequence[str | Path]) -> Iterator[list[int]]:
    """Processes of other programs, each in a session of its own; ended afterwards."""
    started = [
        subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) for command in commands
    ]
    yield [process.pid for process in started]
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


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


async def test_by_its_command_alone(collector_of: Make, tmp_path: Path) -> None:
    script = tmp_path / "serve"
    script.write_text("#!/bin/sh\nsleep 60\n:\n")
    script.chmod(0o755)
    command = shlex.join([str(script), "one"])
    collector = collector_of(ServiceSettings(name="web", command=command))
    service = await only(collector)
    assert (service.state, service.pid, service.error) == (ServiceState.DOWN, None, None)
    # That a command line ends alike, or begins so, does not make it the same.
    others = ([script, "two"], ["tail", "-f", "/dev/null", script, "one"])
    with running(*others, [script, "one"]) as pids:

        async def look() -> bool:
            return (await only(collector)).pid == pids[-1]

        await until(look, what="the script is found by its command")


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
    assert "contains no process id" in (service.error or "")


async def test_a_zombie_is_called_one_and_how_it_ended(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    code = (
        "import os, sys\npid = os.fork()\nif pid == 0: os._exit(7)\nprint(pid, flush=True)\n"
        "sys.stdin.readline()\nos.wait()\nprint(0, flush=True)\nsys.stdin.readline()"
    )
    pid_file = tmp_path / "web.pid"
    parent = start(code, stdin=subprocess.PIPE)
    pid_file.write_text(str(port_of(parent)))
    collector = collector_of(ServiceSettings(name="web", pid_file=str(pid_file)))

    async def ended() -> Service | None:
        service = await only(collector)
        return service if service.state is ServiceState.ZOMBIE else None

    service = await until(ended)
    assert (service.exit_code, service.exit_unknown) == (7, None)
    assert parent.stdin is not None
    parent.stdin.write("go\n")
    parent.stdin.flush()
    port_of(parent)  # its parent has taken it away
    service = await only(collector)
    assert (service.state, service.exit_code, service.restarts) == (ServiceState.DOWN, 7, 0)
    parent.stdin.close()


async def test_how_it_ended_is_told_only_where_that_is_known(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    theirs = start("import time; time.sleep(60)", "theirs-of-this-test")
    collector = collector_of(ServiceSettings(name="web", match="theirs-of-this-test"))
    assert (await only(collector)).exit_unknown is None
    theirs.kill()
    theirs.wait()
    service = await only(collector)
    assert (service.state, service.exit_code) == (ServiceState.DOWN, None)
    assert "only a process's parent gets its exit code" in (service.exit_unknown or "")

    ours = subprocess.Popen(  # noqa: ASYNC220 - it is begun at once
        [sys.executable, "-c", "input(); raise SystemExit(3)", "ours"], stdin=subprocess.PIPE
    )
    EXIT_CODES.watch(ours)
    collector = collector_of(ServiceSettings(name="web", match="SystemExit(3) ours"))
    assert (await only(collector)).pid == ours.pid
    assert ours.stdin is not None
    ours.stdin.write(b"\n")
    ours.stdin.close()

    async def known() -> bool:
        service = await only(collector)
        return (service.state, service.exit_code) == (ServiceState.DOWN, 3)

    await until(known)


async def test_one_that_forks_to_the_background_is_the_same_service(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    code = (
        "import os, sys, time\npid = os.fork()\nif pid:\n    print(pid, flush=True)\n"
        "    sys.stdin.readline()\n    os._exit(0)\ntime.sleep(60)"
    )
    first = start(code, "forks-of-this-test", stdin=subprocess.PIPE)
    child = port_of(first)
    collector = collector_of(ServiceSettings(name="web", match="forks-of-this-test"))
    service = await only(collector)
    assert (service.pid, service.children) == (first.pid, 1)
    assert [(one.pid, one.parent, one.depth) for one in service.processes] == [
        (first.pid, os.getpid(), 0),
        (child, first.pid, 1),
    ]
    assert first.stdin is not None
    first.stdin.write("go\n")
    first.stdin.close()
    first.wait()

    async def moved() -> Service | None:
        service = await only(collector)
        return service if service.pid == child else None

    service = await until(moved)
    assert (service.state, service.restarts, service.exit_unknown) == (ServiceState.UP, 0, None)


async def test_a_process_id_that_is_used_again_is_not_the_old_service(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    """The kernel gives out no pid on demand: the old holder is one that remembers another start."""
    process = start("import time; time.sleep(60)", "holder")
    table = ProcessTable()
    table.scan()
    seen = table.known[process.pid]
    tracked = TrackedService(ServiceSettings(name="web", match="x"), SystemClock())
    old = psutil.Process(process.pid)
    old._create_time = seen.created - 500  # type: ignore[attr-defined]
    old._ident = (process.pid, seen.created - 500)  # type: ignore[attr-defined]
    tracked.update(Match(ProcessInfo(old, seen.created - 500, 1, "x", None, True)), ProcessTable())
    service = tracked.sample()
    assert (service.state, service.pid) == (ServiceState.DOWN, None)


async def test_a_shell_in_its_folder_is_not_the_service(
    start: Start, collector_of: Make, tmp_path: Path
) -> None:
    other = start("import time; time.sleep(60)", cwd=tmp_path)
    command = shlex.join((sys.executable, "-c", "import time; time.sleep(60)", "its-own-command"))
    settings = ServiceSettings(name="web", port=1, cwd=str(tmp_path), command=command)
    collector = collector_of(settings)
    wait_until(lambda: psutil.Process(other.pid).cwd() == str(tmp_path))
    assert (await only(collector)).state is ServiceState.DOWN
    own = start("import time; time.sleep(60)", "its-own-command", cwd=tmp_path)

    async def starting() -> bool:
        service = await only(collector)
        return (service.state, service.pid) == (ServiceState.STARTING, own.pid)

    await until(starting)


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


def _as_nobody(pid_file: Path, tell: Connection) -> None:
    """In a process of its own: one who is root looks at processes of root as somebody else."""

    async def look() -> Service:
        settings = ServiceSettings(name="web", pid_file=str(pid_file))
        collector = ServicesCollector((settings,), (), "host", SystemClock())
        try:
            return await only(collector)
        finally:
            await collector.close()

    asyncio.run(look())  # loads what nobody may not read
    if not os.getuid():
        os.setgroups([])
        os.setgid(65_534)
        os.setuid(65_534)
    tell.send(asyncio.run(look()))


def test_another_users_process_is_not_an_error() -> None:
    """Process 1 is root's."""
    fork = multiprocessing.get_context("fork")
    heard, told = fork.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        pid_file = Path(folder, "web.pid")
        pid_file.write_text("1")
        process = fork.Process(target=_as_nobody, args=(pid_file, told))
        process.start()
        process.join(20)
        assert process.exitcode == 0
    service = heard.recv()
    assert (service.pid, service.state, service.error) == (1, ServiceState.UP, None)
    assert (service.open_files, service.cwd) == (None, None)
    assert service.processes[0].pid == 1
    heard.close()
    told.close()


def test_a_crash_loop_is_flapping(start: Start) -> None:
    clock = ManualClock()
    tracked = TrackedService(ServiceSettings(name="web", match="x"), clock)
    states = []
    for _ in range(5):
        process = start("import time; time.sleep(60)")
        table = ProcessTable()
        table.scan()
        tracked.update(Match(table.known[process.pid]), table)
        states.append(tracked.sample().state)
        process.kill()
        process.wait()
        states.append(tracked.sample().state)
        clock.advance(5)
    assert states[:6] == [ServiceState.UP, ServiceState.DOWN] * 3
    assert states[6:] == [ServiceState.FLAPPING] * 4
    clock.advance(60)
    assert tracked.sample().state is ServiceState.DOWN


def test_the_last_line_and_its_time(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    last = LastLine(log)
    last.poll()
    assert (last.text, last.at) == (None, None)
    log.write_text("x" * 50_000 + "\n2024-11-20T10:00:00Z INFO ready password=hunter22\nhalf")
    last.poll()
    assert last.text == "ready password=••••••••"
    assert last.at == log.stat().st_mtime_ns // 1_000_000


async def _serve(answer: bytes) -> tuple[object, int]:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "ok", "error"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1_000_000), True, None),
        (b"HTTP/1.1 302 DiscoveredService\r\nLocation: http://127.0.0.1:1/\r\n\r\n", True, None),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False, "HTTP 503 Service Unavailable"),
        (b"SSH-2.0\r\n", False, "reply is not HTTP"),
        (b"", False, "reply is not HTTP"),
    ],
)
async def test_an_http_probe(answer: bytes, ok: bool, error: str | None) -> None:
    server, port = await _serve(answer)
    probe = await Prober(f"http://127.0.0.1:{port}/health?x=1", SystemClock()).probe()
    assert (probe.ok, probe.error, probe.kind) == (ok, error, "http")
    assert probe.latency_ms is not None
    server.close()  # type: ignore[attr-defined]


async def test_a_tcp_probe() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        prober = Prober(f"tcp://127.0.0.1:{port}", SystemClock())
        assert (await prober.probe()).error == "connection refused"
        server.listen()
        assert (await prober.probe()).ok
    assert "needs a port" in ((await Prober("tcp://localhost", SystemClock()).probe()).error or "")
    assert "a probe is" in ((await Prober("ftp://localhost", SystemClock()).probe()).error or "")
