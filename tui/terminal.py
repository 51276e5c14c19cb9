"""The state of the terminal while the program is suspended, and after it.

Textual takes up its work with the terminal at every SIGCONT, also one that no suspension of its own came
before: after ``kill -STOP`` and ``-CONT`` there are then two threads that read keys, and where the terminal
was closed (the kernel sends SIGHUP and SIGCONT together) one that waits for ever to write.
It leans on private names of Textual, whose version is pinned.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import termios
from contextlib import suppress
from typing import Any, Protocol


class HasDriver(Protocol):
    """The app."""

    _driver: Any

    def refresh(self, *, layout: bool = False) -> object:
        """Draw all."""
        ...


def handle_job_control(app: HasDriver) -> None:
    """Resume after SIGCONT; a driver without a terminal, as in tests, is ignored."""
    driver = app._driver  # noqa: SLF001 - see the module's docstring
    if hasattr(driver, "_must_signal_resume"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGCONT, _resume, app)


def _resume(app: HasDriver) -> None:
    driver = app._driver  # noqa: SLF001 - see the module's docstring
    if not os.isatty(driver.fileno):
        return  # it is closed, and SIGHUP ends the program
    if not driver._must_signal_resume:  # noqa: SLF001 - stopped without having put anything away
        driver.suspend_application_mode()
        driver._must_signal_resume = True  # noqa: SLF001 - so that everything is redrawn
    driver.resume_application_mode()
    app.refresh(layout=True)  # the screen was left, and came back empty


class Terminal:
    """The state of the terminal before the app started."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None
        with suppress(termios.error, OSError):
            self._before = termios.tcgetattr(0)

    def put_back(self) -> None:
        """Leave it as it was, where the app cannot do so any more: it hangs. Never waits."""
        if self._before is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSANOW, self._before)
        with suppress(OSError):
            if select.select([], [2], [], 0)[1]:
                os.write(2, _LEFT)


_LEFT = (
    b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2004l\x1b[?2048l"  # mouse, paste, resizes
    b"\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"  # wrap, keyboard protocol, screen, cursor, focus
)
"""What Textual's driver writes on its way out, see ``stop_application_mode``."""
