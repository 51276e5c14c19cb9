"""A service's log goes wrong and mends: its finding appears and clears; its twin's raises none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.settings.model import LogsSettings, RedisSettings, ServiceSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from tests.support import until

TRACE = (
    'Traceback (most recent call last):\n  File "pay.py", line 7, in pay\n    charge()\nValueError: no card\n'
)


@pytest.fixture
async def engine(tmp_path: Path, redis_url: str) -> AsyncIterator[Engine]:
    for name in ("billing", "twin"):
        (tmp_path / f"{name}.log").write_text("INFO up\n")
    settings = Settings(
        projects=(str(tmp_path),),
        redis=RedisSettings(url=redis_url),
        services=(
            ServiceSettings(name="billing", match="-", log=str(tmp_path / "billing.log")),
            ServiceSettings(name="twin", match="-", log=str(tmp_path / "twin.log")),
        ),
        logs=LogsSettings(finding_for=2.0),
    )
    engine = Engine(settings, cwd=tmp_path, topics=frozenset({Topic.FINDINGS}))
    await engine.start()
    await engine.first_pass(20)
    yield engine
    await engine.stop()


def findings(engine: Engine) -> list[Finding]:
    found = engine.store.findings.findings if engine.store.findings else ()
    return [finding for finding in found if finding.symptom.agent_id == "LOG_WATCHER"]


async def test_a_crash_appears_with_its_trace_and_clears(engine: Engine, tmp_path: Path) -> None:
    await until(lambda: len(engine.store.logs) >= 2)
    with (tmp_path / "billing.log").open("a") as file:
        file.write(f"2024-11-20T16:28:01Z ERROR order 7 failed corr=o-7\n{TRACE}")
    with (tmp_path / "twin.log").open("a") as file:
        file.write("INFO order 7 paid, 0 errors\nINFO caught ValueError: retried\n")
    await until(lambda: any(f.status is FindingStatus.OPEN for f in findings(engine)))
    (finding,) = findings(engine)
    symptom = finding.symptom
    assert (finding.finding_id, symptom.category, symptom.service) == ("LW-001", "BUG", "billing")
    assert symptom.evidence[0] == "order 7 failed corr=o-7"
    assert symptom.evidence[-1] == "ValueError: no card"
    assert symptom.correlation_id == "o-7"
    await until(lambda: all(f.status is FindingStatus.RESOLVED for f in findings(engine)))
    assert [f.symptom.service for f in findings(engine)] == ["billing"]
