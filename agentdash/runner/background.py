"""Starts a worker in the background."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict, replace

from agentdash.core.commands import Refused
from agentdash.core.runs import event as ev
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import RedisSettings, RunsSettings, Settings
from agentdash.runner.context import WorkerContext
from agentdash.runner.output.secret_mask import SecretMask
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.claim import find_record, initial_fields
from agentdash.runner.store.journal import Journal
from agentdash.server.find import ServerHandle


async def start_in_background(
    spec: RunSpec, handle: ServerHandle, settings: Settings, context: WorkerContext
) -> int:
    """Record the run as queued and start a worker for it that outlives this process.

    Returns:
        The worker's process id.

    Raises:
        Refused: when the run exists already.
        RedisError: when the run cannot be recorded.
    """
    assert spec.run_id is not None
    keys = RunKeys(settings.runs.prefix)
    if await find_record(handle.client, keys, spec.run_id) is not None:
        raise Refused(f"There is a run {spec.run_id} already.")
    secrets = SecretMask(settings.runs.mask)
    journal = Journal(
        handle.client,
        keys,
        spec.run_id,
        maxlen=settings.runs.events_maxlen,
        clock=context.clock,
        secrets=secrets,
    )
    journal.set_fields({**initial_fields(spec, context.clock.now_ms(), secrets), "host": context.host})
    journal.event(ev.RUN_QUEUED, {"command": list(spec.command)})
    await journal.write_once()
    named = settings.redis.url if handle.origin == "embedded" else handle.url
    return await asyncio.to_thread(_start, spec, replace(settings, redis=replace(settings.redis, url=named)))


def pack(spec: RunSpec, settings: Settings) -> bytes:
    """What a background worker needs, for its standard input: a URL may contain a password."""
    packed = {
        "spec": json.loads(spec.dump()),
        "state_dir": settings.state_dir,
        "redis": asdict(settings.redis),
        "runs": asdict(settings.runs),
    }
    return json.dumps(packed).encode()


def unpack(data: bytes) -> tuple[RunSpec, Settings]:
    """What `pack` packed."""
    packed = json.loads(data)
    settings = Settings(
        state_dir=packed["state_dir"],
        redis=RedisSettings(**packed["redis"]),
        runs=RunsSettings(**packed["runs"]),
    )
    return RunSpec.load(json.dumps(packed["spec"])), settings


def _start(spec: RunSpec, settings: Settings) -> int:
    """The command is on the worker's command line, for ``ps``; ``-P``: import nothing from the folder."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "agentdash.runner", str(spec.run_id), "--", *spec.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(pack(replace(spec, detach=False, pipe_stdin=False), settings))
    return process.pid
