"""A service crashes again and again, and holds: its finding appears and clears; its twin's raises none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agentdash.core.commands import Outcome
from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.services import rules as service_rules
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.services.model import Service
from agentdash.core.settings.model import LogsSettings, RedisSettings, ServiceSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from tests.support import until

KEEPER = """
import os, subprocess, sys, time
pid_file, log, worker, mended = sys.argv[1:]
while True:
    with open(log, "a") as output:
        process = subprocess.Popen([sys.executable, "-c", worker, mended], stderr=output)
        with open(pid_file, "w") as file:
            file.write(str(process.pid))
        process.wait()
"""
WORKER = """
import os, sys, time
ended = time.monotonic() + 1.5
while time.monotonic() < ended or os.path.exists(sys.argv[1]):
    time.sleep(0.1)
raise ValueError("no database")
"""
HELD = f"{sys.executable} -c 'import time; time.sleep(60)' twin-of-this-test"


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Path]:
    """Starts a worker again whenever it ends; while the file that it gives is there, the worker holds."""
    mended = tmp_path / "mended"
    arguments = [tmp_path / "web.pid", tmp_path / "web.log", WORKER, mended]
    process = subprocess.Popen([sys.executable, "-c", KEEPER, *arguments], start_new_session=True)
    yield mended
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
async def engine(tmp_path: Path, redis_url: str, keeper: Path) -> AsyncIterator[Engine]:
    settings = Settings(
        projects=(),
        redis=RedisSettings(url=redis_url),
        services=(
            ServiceSettings(name="web", pid_file=str(tmp_path / "web.pid"), log=str(tmp_path / "web.log")),
            ServiceSettings(name="twin", match="twin-of-this-test", command=HELD, cwd=str(tmp_path)),
        ),
        logs=LogsSettings(finding_for=8.0),
    )
    engine = Engine(settings, cwd=tmp_path, topics=frozenset({Topic.FINDINGS, Topic.SERVICES}))
    await engine.start()
    await engine.first_pass(20)
    yield engine
    seen = twin(engine)
    await engine.stop()
    if seen.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(seen.pid, signal.SIGKILL)


def findings(engine: Engine, agent: str = service_rules.WATCHER) -> list[Finding]:
    found = engine.store.findings.findings if engine.store.findings else ()
    return [finding for finding in found if finding.symptom.agent_id == agent]


def twin(engine: Engine) -> Service:
    services = engine.store.services.services if engine.store.services else ()
    return next(service for service in services if service.name == "twin")


async def control(engine: Engine, action: ServiceAction) -> Outcome:
    seen = twin(engine)
    return await engine.dispatch(ControlService("twin", action, seen.pid, seen.create_time))


async def test_a_crash_loop_appears_and_clears_and_a_restart_by_hand_is_quiet(
    engine: Engine, keeper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await control(engine, ServiceAction.START)).ok
    await until(lambda: twin(engine).pid is not None)
    await until(lambda: any(f.status is FindingStatus.OPEN for f in findings(engine)), 60)
    (finding,) = findings(engine)
    symptom = finding.symptom
    assert (finding.finding_id, symptom.category, symptom.service) == ("SVW-001", "CRASH", "web")
    assert symptom.summary.startswith("web restarted ")
    assert len(symptom.evidence) > service_rules.RESTARTS
    assert symptom.evidence[-1] == "last line: ValueError: no database"

    def explained() -> bool:
        said = {
            f.symptom.fingerprint for f in findings(engine, "LOG_WATCHER") if f.symptom.category == "CRASH"
        }
        return {f.cause for f in findings(engine)} <= said

    await until(explained, what="the loop is a symptom of the exception in its log")

    first = twin(engine).pid
    assert (await control(engine, ServiceAction.RESTART)).ok
    await until(lambda: twin(engine).pid not in {None, first})
    keeper.touch()  # noqa: ASYNC240 - it is done at once
    monkeypatch.setattr(service_rules, "RESTARTS_MS", 8_000)
    await until(lambda: all(f.status is FindingStatus.RESOLVED for f in findings(engine)), 60)
    assert [f.symptom.service for f in findings(engine)] == ["web"]
