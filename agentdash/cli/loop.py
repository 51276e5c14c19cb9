"""Running a command that waits: ctrl+c and SIGTERM end it cleanly, with everything given back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from agentdash.cli.codes import Code


def run_async(work: Coroutine[Any, Any, int]) -> int:
    """Run *work* to its end and return its exit code.

    Raises:
        KeyboardInterrupt: after ctrl+c, once what *work* held is given back.
    """
    terminated = False

    async def watched() -> int:
        task = asyncio.current_task()
        assert task is not None

        def end() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end)
        return await work

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        if terminated:
            return Code.TERMINATED
        raise KeyboardInterrupt from None
