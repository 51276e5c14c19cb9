"""Running a command that waits: ctrl+c and SIGTERM end it cleanly, with everything given back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


def on_signals(do: Callable[[signal.Signals], object], *numbers: signal.Signals) -> None:
    """Have the running loop call *do* when a signal comes; one that is ignored (``nohup``) stays ignored."""
    loop = asyncio.get_running_loop()
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, do, number)


def run_async(work: Coroutine[Any, Any, int]) -> int:
    """Run *work* to its end and return its exit code.

    Raises:
        KeyboardInterrupt: after ctrl+c, once what *work* held is given back.
    """
    ended: list[signal.Signals] = []

    async def watched() -> int:
        task = asyncio.current_task()
        assert task is not None

        def end(number: signal.Signals) -> None:
            ended.append(number)
            task.cancel()

        on_signals(end, signal.SIGTERM, signal.SIGHUP)
        return await work

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        if ended:
            return 128 + ended[0]
        raise KeyboardInterrupt from None
