"""Working on a run from the command line: in the foreground, or handed to the background."""

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
from agentdash.runner.detach import detach
from agentdash.runner.spec import RunSpec
from agentdash.runner.work import Surroundings, Worker
from agentdash.server.client import source_error
from agentdash.server.find import ServerHandle, StepLog

__all__ = ["NO_SERVER", "WRONG_USE", "Surroundings", "Worker", "own_terminal", "run_worker"]

WRONG_USE, NO_SERVER = 2, 4


async def run_worker(
    spec: RunSpec,
    handle: ServerHandle,
    settings: Settings,
    activity: StepLog,
    around: Surroundings | None = None,
) -> int:
    """Do what ``agentdash run`` does. What went wrong is said on stderr; `handle` stays open.

    Args:
        spec: What was asked for.
        handle: The server.
        settings: In force.
        activity: Gets a line for each step.
        around: None: this process's own terminal.

    Returns:
        The exit code: 0 completed (or handed over), 1 failed or cancelled, 2 wrong use or refused,
        4 no server, or it completed and that could not be recorded, 128 + n when signal n ended it.
    """
    around = around or own_terminal()
    if problem := spec.check():
        around.tell(problem)
        return WRONG_USE
    spec = spec.rooted()
    try:
        if spec.detach:
            await detach(spec, handle, settings, around)
            print(spec.run_id, flush=True)  # noqa: T201 - it is what the caller asked for
            return 0
        return await _work(Worker(spec, handle, settings, activity, around))
    except Refused as refused:
        around.tell(str(refused))
        return WRONG_USE
    except (RedisError, OSError, SourceError) as error:
        said = source_error(error, handle.url)
        around.tell(f"{said.message}. {said.cure or ''}".strip())
        return NO_SERVER


def own_terminal() -> Surroundings:
    """The surroundings of a worker in the foreground: output to where ours goes, remarks to stderr."""
    return Surroundings(sinks={"stdout": 1, "stderr": 2}, tell=_say)


async def _work(worker: Worker) -> int:
    """Work with the signals of this process wired to the worker."""
    came: list[int] = []

    def interrupt(number: int) -> None:
        came.append(number)
        worker.interrupt(number)

    try:
        with SignalHandler(in_event_loop(interrupt)):
            return await worker.run()
    except asyncio.CancelledError:
        if not came:
            raise
        return 128 + came[0]


def _say(line: str) -> None:
    with suppress(OSError):  # where it cannot be written, nobody reads it: no reason to end a run
        print(f"agentdash: {printable(line)}", file=sys.stderr, flush=True)  # noqa: T201 - remarks go to stderr
