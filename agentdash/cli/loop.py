"""Runs an asynchronous command, which a signal cancels cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agentdash.process_end import SignalHandler, exit_after_timeout, in_event_loop


class _Threads(ThreadPoolExecutor):
    """Threads that the event loop does not wait for when it closes."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Accept no more work; threads that still read end with the process."""
        super().shutdown(wait=False, cancel_futures=True)


def wait_for_no_thread() -> None:
    """Let the running loop close without waiting for its threads: a read from a slow disk may take any time.

    Work that must complete is awaited by its caller.
    """
    asyncio.get_running_loop().set_default_executor(_Threads(thread_name_prefix="asyncio"))


def run_async(work: Coroutine[Any, Any, int]) -> int:
    """Run *work* until it ends.

    The first signal cancels it; it then has `agentdash.process_end.EXIT_TIMEOUT_S` seconds to release its
    resources. Further signals are ignored, so that they do not interrupt that.

    Returns:
        Its exit code; 128 + n after signal n.
    """
    signals: list[int] = []

    async def cancellable() -> int:
        task = asyncio.current_task()
        assert task is not None

        def cancel(number: int) -> None:
            if not signals:
                signals.append(number)
                exit_after_timeout(128 + number)
                task.cancel()

        wait_for_no_thread()
        with SignalHandler(in_event_loop(cancel)):
            if signals:
                work.close()
                return 128 + signals[0]
            return await work

    try:
        with SignalHandler(signals.append):  # before there is a loop, and after
            return asyncio.run(cancellable())
    except asyncio.CancelledError:
        if not signals:
            raise
        return 128 + signals[0]
