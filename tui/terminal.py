"""What becomes of the terminal while the program is stopped, or for good.

Textual takes up its work with the terminal at every SIGCONT, also one that no suspension of its own came
before: after ``kill -STOP`` and ``-CONT`` there are then two threads that read keys, and where the terminal
was closed (the kernel sends SIGHUP and SIGCONT together) one that waits for ever to write. It leans on two
private names of Textual, whose version is pinned.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any, Protocol

LAST_RESORT_S = 10.0
"""Seconds after a hang-up in which everything is given back; a terminal that is gone may hold up its end."""


class HasDriver(Protocol):
    """The app."""

    _driver: Any


def mind_stops(app: HasDriver) -> None:
    """Go on rightly after a stop; a driver without a terminal, as in tests, is left alone."""
    driver = app._driver  # noqa: SLF001 - see the module's docstring
    if hasattr(driver, "_must_signal_resume"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGCONT, _go_on, driver)


def _go_on(driver: Any) -> None:
    if not os.isatty(driver.fileno):
        return  # it is closed, and SIGHUP ends the program
    if not driver._must_signal_resume:  # noqa: SLF001 - stopped without having put anything away
        driver.suspend_application_mode()
        driver._must_signal_resume = True  # noqa: SLF001 - so that all is drawn anew
    driver.resume_application_mode()


def end_at_last(code: int) -> None:
    """End with *code*, whatever happens, if the ordinary way takes too long: nobody is there to see it."""
    timer = threading.Timer(LAST_RESORT_S, os._exit, (code,))
    timer.daemon = True
    timer.start()
