"""All hostile values at once, in a real server and real files: the engine reads on, and begins again on them."""

# ruff: noqa: E501 - what is planted is as long as it is

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from agentdash.core.runs.record import FIELDS
from agentdash.core.settings.model import FindingsSettings, LogsSettings, RedisSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.headless.session import full_pass, session
from agentdash.headless.views import all_views, dumps
from tests.hostile import VALUES, raw

SHOW = "AGENTDASH_SHOW_COST" in os.environ
LONGEST_STALL_S = 2.0
"""Processor time that one step on the event loop may take; generous, for a machine that others use too."""


async def plant_in_redis(client: Redis) -> None:
    """Runs, their events, and streams, groups and consumers whose names and fields are the values."""
    pipe = client.pipeline(transaction=False)
    for number, value in enumerate(VALUES):
        run, text = f"run-{number}", raw(value)
        pipe.zadd("codi:api:runs", {run: number})
        pipe.hset(f"codi:api:run:{run}:meta", mapping=dict.fromkeys(FIELDS, text) | {"status": b"running"})
        pipe.xadd(
            f"codi:api:run:{run}:events", {"type": "token_usage", "at": text, "turn": text, "data": text}
        )
        name = text[:500] or b"empty"
        pipe.xadd(b"s:" + name, {name: text, b"body": text})
        pipe.xgroup_create(b"s:" + name, name, id="0")
        pipe.execute_command(b"XREADGROUP", "GROUP", name, name, "COUNT", 1, "STREAMS", b"s:" + name, ">")
    pipe.xadd("largest id", {"a": 1}, id="18446744073709551615-18446744073709551615")
    with suppress(RedisError):
        await pipe.execute(raise_on_error=False)


def plant_in_files(folder: Path) -> None:
    """An inbox, a log and projects: a compose file, a Procfile and a commit that no honest person makes."""
    rows = [
        b'{"category": "X", "severity": "HIGH", "count": %b, "timestamp": %b, "summary": %b}'
        % ((v.encode("utf-8", "replace"),) * 3)
        for v in VALUES
    ]
    (folder / "inbox.jsonl").write_bytes(b"\n".join(rows) + b"\n")
    lines = [
        b'{"time": %b, "level": "error", "msg": %b}' % ((v.encode("utf-8", "replace"),) * 2) for v in VALUES
    ]
    (folder / "app.log").write_bytes(b"\n".join([*lines, *(raw(v) for v in VALUES)]) + b"\n")
    project = folder / "projects" / "a"
    project.mkdir(parents=True)
    bomb = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    (project / "compose.yaml").write_text("\n".join([*bomb, "services: {web: {ports: [*a39]}}"]))
    (project / "Procfile").write_bytes(b"\n".join(b"p%d: " % n + raw(v) for n, v in enumerate(VALUES)))
    subprocess.run(["git", "init", "-q", project], check=True)
    tree = subprocess.run(
        ["git", "-C", project, "write-tree"], check=True, capture_output=True
    ).stdout.strip()
    commit = (
        b"tree %b\nauthor a <a> 300000000000 +0000\ncommitter a <a> 300000000000 +0000\nencoding undefined\n\n\x1b[2Jx\n"
        % tree
    )
    made = subprocess.run(["git", "-C", project, "hash-object", "-t", "commit", "-w", "--stdin", "--literally"], input=commit, check=True, capture_output=True)  # fmt: skip
    (project / ".git" / "HEAD").write_bytes(made.stdout)


async def watch(stalls: list[float]) -> None:
    last = time.thread_time()
    while True:
        await asyncio.sleep(0.001)
        now = time.thread_time()
        stalls.append(now - last)
        last = now


async def test_a_hostile_world_is_read_and_read_again(tmp_path: Path, redis_url: str, client: Redis) -> None:
    await plant_in_redis(client)
    plant_in_files(tmp_path)
    settings = Settings(
        projects=(str(tmp_path / "projects"),),
        state_dir=str(tmp_path / "state"),
        redis=RedisSettings(url=redis_url, embedded=False),
        logs=LogsSettings(files=(str(tmp_path / "app.log"),)),
        findings=FindingsSettings(inbox=(str(tmp_path / "inbox.jsonl"),)),
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stalls: list[float] = []
    for _ in range(2):  # the second time on what the first one left
        watcher = asyncio.create_task(watch(stalls))
        async with session(settings, list(Topic)) as engine:
            missed = await full_pass(engine, 60)
            views = json.loads(dumps(all_views(engine.store, engine.clock.now_ms(), engine.host)))["views"]
        watcher.cancel()
        assert not missed, missed
        assert {name: view["health"]["state"] for name, view in views.items()} == dict.fromkeys(views, "ok")
        assert len(views["runs"]["items"]) > 100
        assert len(views["findings"]["items"]) > 50
        assert views["repos"]["items"][0]["committedAt"] is None
        assert len(views["streams"]["items"]) > 100
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if SHOW:
        print(f"longest step {max(stalls):.3f} s of the processor, memory grew by {grown / 1000:.0f} MB")  # noqa: T201
    assert max(stalls) < LONGEST_STALL_S
    assert grown < 250_000  # kB
