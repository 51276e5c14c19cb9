"""Handing a run to a worker in the background."""

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
from agentdash.runner.output.masking import SecretMask
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.claim import find_record, first_fields
from agentdash.runner.store.journal import Journal
from agentdash.runner.work import Surroundings
from agentdash.server.find import ServerHandle


async def detach(spec: RunSpec, handle: ServerHandle, settings: Settings, around: Surroundings) -> int:
    """Record the run as queued and start a worker for it that outlives this process.

    Returns:
        The worker's process id. Nobody waits for it.

    Raises:
        Refused: when there is such a run already.
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
        clock=around.clock,
        secrets=secrets,
    )
    journal.note({**first_fields(spec, around.clock.now_ms(), secrets), "host": around.host})
    journal.event(ev.RUN_QUEUED, {"command": list(spec.command)})
    await journal.write_once()
    named = settings.redis.url if handle.origin == "embedded" else handle.url
    return await asyncio.to_thread(_start, spec, replace(settings, redis=replace(settings.redis, url=named)))


def pack(spec: RunSpec, settings: Settings) -> bytes:
    """What a worker in the background needs to know. It goes by a pipe: a URL may hold a password."""
    known = {
        "spec": json.loads(spec.dump()),
        "state_dir": settings.state_dir,
        "redis": asdict(settings.redis),
        "runs": asdict(settings.runs),
    }
    return json.dumps(known).encode()


def unpack(data: bytes) -> tuple[RunSpec, Settings]:
    """What `pack` wrote."""
    known = json.loads(data)
    settings = Settings(
        state_dir=known["state_dir"],
        redis=RedisSettings(**known["redis"]),
        runs=RunsSettings(**known["runs"]),
    )
    return RunSpec.load(json.dumps(known["spec"])), settings


def _start(spec: RunSpec, settings: Settings) -> int:
    """The command stands on the worker's own command line, where a person looks for it.

    ``-P``: the current folder, which may be anybody's, is no place to import from.
    """
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
