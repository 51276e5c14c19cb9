"""A consumer's process is killed: it is said who died and how until it is back; not if that is at once.

Both consumers are services that the program starts itself, one declared in a Procfile, one in the settings.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.services.model import Service
from agentdash.core.settings.model import RedisSettings, ServiceSettings, Settings, StreamsSettings
from agentdash.core.streams import liveness
from agentdash.runtime.engine import Engine
from tests.support import until

WORKER = """
import sys
from redis import Redis
stream, consumer, url = sys.argv[1:]
client = Redis.from_url(url)
print(f"INFO {consumer} reads", flush=True)
while True:
    for _, entries in client.xreadgroup("g", consumer, {stream: ">"}, block=100) or ():
        client.xack(stream, "g", *(entry for entry, _ in entries))
"""
BILLING, TWIN = "shop/billing", "twin"


@pytest.fixture
async def engine(tmp_path: Path, redis_url: str, client: Redis) -> AsyncIterator[Engine]:
    shop = tmp_path / "shop"
    shop.mkdir()
    script = shop / "worker.py"
    script.write_text(WORKER)

    def command(name: str) -> str:
        return f"{sys.executable} {script} {name.rpartition('/')[2]} {name}-1 {redis_url}"

    (shop / "Procfile").write_text(f"billing: exec {command(BILLING)}\n")
    for stream in ("billing", "twin"):
        await client.xgroup_create(stream, "g", id="0", mkstream=True)
    settings = Settings(
        state_dir=str(tmp_path / "state"),
        projects=(str(tmp_path),),
        redis=RedisSettings(url=redis_url),
        services=(ServiceSettings(name=TWIN, match=f"{script} twin", command=command(TWIN)),),
        streams=StreamsSettings(poll=0.1, open_after=0.3),
    )
    engine = Engine(settings, cwd=tmp_path)
    await engine.start()
    yield engine
    for name in (BILLING, TWIN):
        killed(service(engine, name))
    await engine.stop()


def service(engine: Engine, name: str) -> Service | None:
    known = engine.store.services.services if engine.store.services else ()
    return next((one for one in known if one.name == name), None)


def killed(of: Service | None) -> None:
    """End its session, as an OOM killer would."""
    if of is not None and of.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(of.pid, signal.SIGKILL)


async def started(engine: Engine, name: str, but: int | None = None) -> Service:
    """Start it; once it is seen, with another process than *but*."""
    await until(lambda: service(engine, name), what=f"{name} is known")
    outcome = await engine.dispatch(ControlService(name, ServiceAction.START))
    assert outcome.ok, outcome.message

    def runs() -> Service | None:
        found = service(engine, name)
        return found if found is not None and found.pid not in {None, but} else None

    found: Service | None = await until(runs, what=f"{name} runs")
    assert found is not None
    return found


def dead(engine: Engine) -> list[Finding]:
    found = engine.store.findings.findings if engine.store.findings else ()
    said = {FindingStatus.OPEN, FindingStatus.RESOLVED}
    return [one for one in found if one.symptom.category == "DEAD_CONSUMER" and one.status in said]


async def test_a_killed_consumer_is_named_until_it_is_back(
    engine: Engine, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "GONE_AFTER_MS", 1000)
    billing, twin = await started(engine, BILLING), await started(engine, TWIN)
    said = "shop/billing-1 reads"
    await until(lambda: [one for one in engine.store.logs if one.message == said], what="its first line")
    assert {one.source for one in engine.store.logs if one.message == said} == {BILLING}

    async def have_read() -> bool:
        return all([await client.xinfo_consumers(stream, "g") for stream in ("billing", "twin")])

    await until(have_read, what="both have read")
    killed(billing)
    killed(twin)
    twin = await started(engine, TWIN, but=twin.pid)
    for stream in ("billing", "twin"):
        await client.xadd(stream, {"n": "1"})
    (finding,) = await until(lambda: dead(engine), what="the finding")
    symptom = finding.symptom
    assert (symptom.stream, symptom.consumer, symptom.service) == (b"billing", b"shop/billing-1", BILLING)
    assert symptom.summary.startswith("1 unread, shop/billing-1 (service shop/billing): its process ended ")
    assert symptom.summary.endswith("ago, SIGKILL")
    assert any(text.startswith("no client is blocked in XREADGROUP") for text in symptom.evidence)
    assert symptom.recommendation == "Start shop/billing (U in the services)."

    await started(engine, BILLING)
    await until(lambda: dead(engine)[0].status is FindingStatus.RESOLVED, what="it is resolved")
    assert [one.symptom.stream for one in dead(engine)] == [b"billing"]
    now = service(engine, TWIN)
    assert now is not None
    assert (now.pid, now.restarts) == (twin.pid, 1)
