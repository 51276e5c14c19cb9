"""Starts a worker from the command line, in the foreground or in the background."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from redis.exceptions import RedisError

from agentdash.core.commands import Refused
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.process_end import SignalHandler, in_event_loop
from agentdash.runner.background import start_in_background
from agentdash.runner.context import WorkerContext
from agentdash.runner.spec import RunSpec
from agentdash.runner.worker import Worker
from agentdash.server.client import source_error
from agentdash.server.find import ServerHandle, StepLog

WRONG_USE, NO_SERVER = 2, 4


async def run_worker(
    spec: RunSpec,
    handle: ServerHandle,
    settings: Settings,
    activity: StepLog,
    context: WorkerContext | None = None,
) -> int:
    """Implements ``agentdash run``. Errors are printed to stderr; `handle` stays open.

    Returns:
        The exit code: 0 completed (or started in the background), 1 failed or cancelled, 2 wrong use or
        refused, 4 no server, or completed but not recorded, 128 + n when terminated by signal n.
    """
    context = context or terminal_context()
    if problem := spec.check():
        context.report(problem)
        return WRONG_USE
    spec = spec.resolved()
    try:
        if spec.detach:
            await start_in_background(spec, handle, settings, context)
            print(spec.run_id, flush=True)  # noqa: T201 - the command's output
            return 0
        return await _work(Worker(spec, handle, settings, activity, context))
    except Refused as refused:
        context.report(str(refused))
        return WRONG_USE
    except (RedisError, OSError, SourceError) as error:
        known = source_error(error, handle.url)
        context.report(f"{known.message}. {known.cure or ''}".strip())
        return NO_SERVER


def terminal_context() -> WorkerContext:
    """The context of a foreground worker: output goes to our stdout and stderr, messages to stderr."""
    return WorkerContext(sinks={"stdout": 1, "stderr": 2}, report=_print_message)


async def _work(worker: Worker) -> int:
    """Run the worker with this process's signals connected to it."""
    received: list[int] = []

    def interrupt(number: int) -> None:
        received.append(number)
        worker.interrupt(number)

    try:
        with SignalHandler(in_event_loop(interrupt)):
            return await worker.run()
    except asyncio.CancelledError:
        if not received:
            raise
        return 128 + received[0]


def _print_message(line: str) -> None:
    with suppress(OSError):  # a closed stderr does not end a run
        print(f"agentdash: {printable(line)}", file=sys.stderr, flush=True)  # noqa: T201 - messages go to stderr
