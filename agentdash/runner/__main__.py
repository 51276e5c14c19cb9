"""A background worker: ``python -m agentdash.runner ID -- COMMAND``, with its options on stdin."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from agentdash.activity import Activity
from agentdash.core.paths import activity_log
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError
from agentdash.process_end import SignalHandler, in_event_loop, install
from agentdash.runner.background import unpack
from agentdash.runner.context import WorkerContext
from agentdash.runner.launch import NO_SERVER, WRONG_USE, run_worker
from agentdash.runner.spec import RunSpec
from agentdash.runner.worker import FAILED
from agentdash.server.find import connect


def main(arguments: list[str]) -> int:
    """Execute the run that the command line names."""
    install()
    if len(arguments) < 3 or arguments[1] != "--":
        sys.stderr.write("This is the background part of: agentdash run --detach -- COMMAND\n")
        return WRONG_USE
    spec, settings = unpack(sys.stdin.buffer.read())
    spec = replace(spec, run_id=arguments[0], command=tuple(arguments[2:]))
    activity = Activity(activity_log(settings))
    try:
        return asyncio.run(_until_signalled(spec, settings, activity))
    except asyncio.CancelledError:
        return FAILED
    finally:
        activity.close()


async def _until_signalled(spec: RunSpec, settings: Settings, activity: Activity) -> int:
    task = asyncio.current_task()
    assert task is not None
    cancel = task.cancel
    with SignalHandler(in_event_loop(lambda _: cancel())):  # before the worker has the run, and after
        return await _work(spec, settings, activity)


async def _work(spec: RunSpec, settings: Settings, activity: Activity) -> int:
    actor = f"worker {spec.run_id}"
    try:
        handle = await connect(settings, activity=activity)
    except SourceError as error:
        activity.write(actor, error.message, ok=False)
        return NO_SERVER
    context = WorkerContext(report=lambda line: activity.write(actor, line, ok=False))
    try:
        return await run_worker(spec, handle, settings, activity, context)
    finally:
        await handle.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
