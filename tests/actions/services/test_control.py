"""Services are started, stopped and started again; with real processes, and never another than was seen."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from agentdash.actions.services.control import control
from agentdash.core.commands import Outcome, Refused
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.settings.model import RedisSettings, ServiceSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from tests.support import until, wait_until

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('up', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    " print('up', flush=True); time.sleep(60)"
)


def service(tmp_path: Path, code: str) -> ServiceSettings:
    return ServiceSettings(
        name="web",
        command=f'{sys.executable} -c "{code}"',
        cwd=str(tmp_path),
        log="web.log",
    )


def pid_in(outcome: Outcome) -> int:
    return int(outcome.message.split("process ")[-1].split(":")[0])


async def stop(described: ServiceSettings, pid: int, grace: float = 10) -> Outcome:
    created = round(psutil.Process(pid).create_time() * 1000)
    command = ControlService("web", ServiceAction.STOP, pid, created, grace)
    return await control(described, command, Path(described.cwd or ""))


def started(tmp_path: Path) -> bool:
    return "up" in (tmp_path / "web.log").read_text()


async def test_it_goes_with_all_that_it_started(tmp_path: Path) -> None:
    described = service(tmp_path, PARENT)
    outcome = await control(described, ControlService("web", ServiceAction.START), tmp_path)
    assert outcome.ok
    pid = pid_in(outcome)
    try:
        wait_until(lambda: started(tmp_path))
        (child,) = psutil.Process(pid).children()
        assert os.getsid(pid) == pid
        stopped = await stop(described, pid)
        assert stopped.ok
        assert f"stopped process {pid} by SIGTERM" in stopped.message
        assert not psutil.pid_exists(pid)
        assert not child.is_running()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


async def test_what_does_not_listen_is_killed(tmp_path: Path) -> None:
    described = service(tmp_path, STUBBORN)
    pid = pid_in(await control(described, ControlService("web", ServiceAction.START), tmp_path))
    wait_until(lambda: started(tmp_path))
    stopped = await stop(described, pid, grace=0.2)
    assert "SIGKILL after 0.2 s" in stopped.message
    assert not psutil.pid_exists(pid)


async def test_another_process_is_left_alone(tmp_path: Path) -> None:
    described = service(tmp_path, PARENT)
    pid = pid_in(await control(described, ControlService("web", ServiceAction.START), tmp_path))
    try:
        other = ControlService("web", ServiceAction.STOP, pid, 1_000_000)
        with pytest.raises(Refused, match="no longer exists"):
            await control(described, other, tmp_path)
        assert psutil.pid_exists(pid)
    finally:
        os.killpg(pid, signal.SIGKILL)


async def test_what_ends_at_once_has_not_started(tmp_path: Path) -> None:
    outcome = await control(
        service(tmp_path, "raise SystemExit(3)"), ControlService("web", ServiceAction.START), tmp_path
    )
    assert not outcome.ok
    assert "exit code 3" in outcome.message


async def test_what_goes_to_the_background_has_started(tmp_path: Path) -> None:
    outcome = await control(
        service(tmp_path, "raise SystemExit(0)"), ControlService("web", ServiceAction.START), tmp_path
    )
    assert outcome.ok
    assert "continues in the background, or had nothing to do" in outcome.message


@pytest.mark.parametrize(
    ("command", "words"),
    [(None, "has no command"), ("", "is empty"), ("sleep 'x", "cannot be read")],
)
async def test_what_cannot_be_started_says_why(tmp_path: Path, command: str | None, words: str) -> None:
    with pytest.raises(Refused, match=words):
        await control(
            ServiceSettings(name="web", command=command), ControlService("web", ServiceAction.START), tmp_path
        )


async def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    described = ServiceSettings(name="web", command="/no/such/program", cwd=str(tmp_path))
    outcome = await control(described, ControlService("web", ServiceAction.START), tmp_path)
    assert (outcome.ok, outcome.message) == (
        False,
        "web: cannot be started: /no/such/program: No such file or directory",
    )


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    settings = Settings(
        projects=(str(tmp_path),), redis=RedisSettings(embedded=False), services=(service(tmp_path, PARENT),)
    )
    engine = Engine(settings, cwd=tmp_path, topics=frozenset({Topic.SERVICES}))
    await engine.start()
    await engine.first_pass(20)
    yield engine
    await engine.stop()


async def test_through_the_engine_start_restart_and_stop(engine: Engine, tmp_path: Path) -> None:
    def web() -> Service:
        assert engine.store.services is not None
        return engine.store.services.services[0]

    pids: list[int] = []
    try:
        assert (await engine.dispatch(ControlService("web", ServiceAction.START))).ok
        await until(lambda: web().pid is not None)
        pids.append(web().pid or 0)
        seen = web()
        restart = ControlService("web", ServiceAction.RESTART, seen.pid, seen.create_time)
        assert (await engine.dispatch(restart)).ok
        await until(lambda: web().pid not in {None, seen.pid})
        pids.append(web().pid or 0)
        seen = web()
        assert seen.restarts == 1
        assert (
            await engine.dispatch(ControlService("web", ServiceAction.STOP, seen.pid, seen.create_time))
        ).ok
        await until(lambda: web().state is ServiceState.DOWN and web().exit_code == -signal.SIGTERM)
        assert not (await engine.dispatch(ControlService("none", ServiceAction.START))).ok
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
