"""What comes from the terminal, and what becomes of it while the program is stopped, or for good.

Textual takes up its work with the terminal at every SIGCONT, also one that no suspension of its own came
before: after ``kill -STOP`` and ``-CONT`` there are then two threads that read keys, and where the terminal
was closed (the kernel sends SIGHUP and SIGCONT together) one that waits for ever to write.

Its thread that reads keys ends, and the whole program with it, at the first byte that is no UTF-8: a key with
Alt on an old terminal, a paste in Latin-1.

Both lean on private names of Textual, whose version is pinned.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.driver import Driver

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


def _lenient_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    """As Textual asks for it, but what is no text becomes U+FFFD: the keys around it are not lost."""
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")


def steady_driver(base: type[Driver]) -> type[Driver]:
    """*base*, but it reads on whatever comes; as it is where it reads in no thread of its own."""
    if not hasattr(base, "run_input_thread"):
        return base

    module = sys.modules[base.__module__]
    if "getincrementaldecoder" in vars(module):
        vars(module)["getincrementaldecoder"] = _lenient_decoder

    class SteadyDriver(base):  # type: ignore[valid-type, misc] # which class it is depends on the platform
        """Records what its parser cannot read, and reads on."""

        def run_input_thread(self) -> None:
            """Read until the program ends, or the terminal is closed."""
            while not self.exit_event.is_set():
                try:
                    super().run_input_thread()
                except OSError:
                    raise
                except Exception as error:  # noqa: BLE001 - the next keys are read
                    self._app.call_later(self._app.failed, error)

    return SteadyDriver
