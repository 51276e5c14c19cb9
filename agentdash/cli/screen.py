"""The dashboard on a terminal: signals end it as its own key does, with the terminal put back."""

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


SETTLED = 3.0
"""Seconds after which all that stays is loaded: going through it for garbage again stops keys for 50 ms."""

TURN = 0.0005
"""Seconds that a thread may keep the interpreter while the event loop wants it. Python's own 5 ms are paid
again at each step of the loop while a thread works, and a key takes several steps."""
COLLECT = (20_000, 20, 50)
"""After how many allocations, and passes over younger ones, objects are gone through for garbage. Python's
own (700, 10, 10) are reached many times a minute where there are hundreds of streams."""


def show(app: AgentDash) -> int:
    """Run *app* until it is quit, or a signal ends it; its exit code."""
    from tui.terminal import Terminal

    terminal = Terminal()
    came: list[int] = []
    app.leaving = lambda code: exit_after_timeout(code, terminal.put_back)

    async def work() -> int:
        wait_for_no_thread()
        leave = in_event_loop(lambda number: app.exit(128 + number))

        def ended(number: int) -> None:
            app.leaving(128 + number)  # now, as the loop may hang
            leave(number)

        with SignalHandler(ended):
            if came:
                return 128 + came[0]
            asyncio.get_running_loop().call_later(SETTLED, gc.freeze)
            result = await app.run_async()
            return result if result is not None else app.return_code or ExitCode.SUCCESS

    sys.setswitchinterval(TURN)
    gc.set_threshold(*COLLECT)
    with SignalHandler(came.append):  # before there is a loop, and after
        return asyncio.run(work())
