"""Running a command that waits: a signal ends it cleanly, with everything given back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agentdash.process_end import Handled, end_at_last, on_loop


class _Threads(ThreadPoolExecutor):
    """Threads that the end of the event loop does not wait for."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Begin nothing more; what still reads ends with the process, see `agentdash.process_end.leave`."""
        super().shutdown(wait=False, cancel_futures=True)


def wait_for_no_thread() -> None:
    """Have the running loop end without its threads: a read from a slow disk may take any time.

    What has to be done to its end is awaited by those who began it.
    """
    asyncio.get_running_loop().set_default_executor(_Threads(thread_name_prefix="asyncio"))


def run_async(work: Coroutine[Any, Any, int]) -> int:
    """Run *work* to its end.

    The first signal cancels it; what it holds is given back within `agentdash.process_end.ORDERLY_S`.
    Further ones change nothing: an impatient second ctrl+c would leave behind what the first is about to end.

    Returns:
        Its exit code; 128 + n where signal n ended it.
    """
    ended: list[int] = []

    async def watched() -> int:
        task = asyncio.current_task()
        assert task is not None

        def end(number: int) -> None:
            if not ended:
                ended.append(number)
                end_at_last(128 + number)
                task.cancel()

        wait_for_no_thread()
        with Handled(on_loop(end)):
            if ended:
                work.close()
                return 128 + ended[0]
            return await work

    try:
        with Handled(ended.append):  # before there is a loop, and after
            return asyncio.run(watched())
    except asyncio.CancelledError:
        if not ended:
            raise
        return 128 + ended[0]
