"""Runs the dashboard on a terminal; signals quit it like its key does, and restore the terminal."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.loop import wait_for_no_thread
from agentdash.process_end import SignalHandler, exit_after_timeout, in_event_loop

if TYPE_CHECKING:
    from tui.app import AgentDash


FREEZE_AFTER_S = 3.0
"""Seconds after which all permanent objects are loaded: collecting them again would block keys for 50 ms."""

SWITCH_INTERVAL_S = 0.0005
"""Seconds that a thread may keep the interpreter lock while the event loop waits for it. The default of 5 ms
is paid at each step of the loop while a thread works, and a key needs several steps."""
GC_THRESHOLDS = (20_000, 20, 50)
"""Thresholds of garbage collection. The default (700, 10, 10) is reached many times a minute with hundreds of
streams."""


def show(app: AgentDash) -> int:
    """Run *app* until it quits or a signal ends it; returns its exit code."""
    from tui.terminal import Terminal

    terminal = Terminal()
    signals: list[int] = []
    app.leaving = lambda code: exit_after_timeout(code, terminal.put_back)

    async def work() -> int:
        wait_for_no_thread()
        leave = in_event_loop(lambda number: app.exit(128 + number))

        def ended(number: int) -> None:
            app.leaving(128 + number)  # now, as the loop may hang
            leave(number)

        with SignalHandler(ended):
            if signals:
                return 128 + signals[0]
            asyncio.get_running_loop().call_later(FREEZE_AFTER_S, gc.freeze)
            result = await app.run_async()
            return result if result is not None else app.return_code or ExitCode.SUCCESS

    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(*GC_THRESHOLDS)
    with SignalHandler(signals.append):  # before there is a loop, and after
        return asyncio.run(work())
