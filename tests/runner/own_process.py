"""A worker in a process of its own, as ``agentdash run`` has it, with a server given by its URL."""

from __future__ import annotations

import asyncio
import json
import sys

from agentdash.core.settings.model import RunsSettings, Settings
from agentdash.process_end import install
from agentdash.runner.launch import run_worker
from agentdash.runner.spec import RunSpec
from agentdash.server.client import open_client
from agentdash.server.find import ServerHandle
from tests.runner.stage import Steps


async def _work(known: dict) -> int:  # type: ignore[type-arg]
    settings = Settings(runs=RunsSettings(lease=known["lease"]))
    handle = ServerHandle(known["url"], "setting", open_client(known["url"], settings.redis))
    spec = RunSpec(command=tuple(known["command"]), run_id=known["run_id"], **known["options"])
    try:
        return await run_worker(spec, handle, settings, Steps())
    finally:
        await handle.close()


if __name__ == "__main__":
    install()
    sys.exit(asyncio.run(_work(json.loads(sys.argv[1]))))
