"""What comes from the terminal, and what becomes of it while the program is stopped, or for good.

Textual takes up its work with the terminal at every SIGCONT, also one that no suspension of its own came
before: after ``kill -STOP`` and ``-CONT`` there are then two threads that read keys, and where the terminal
was closed (the kernel sends SIGHUP and SIGCONT together) one that waits for ever to write.

Its thread that reads keys ends, and the whole program with it, at the first byte that is no UTF-8 (a key with
Alt on an old terminal, a paste in Latin-1), and at what its parser cannot read.

All lean on private names of Textual, whose version is pinned.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import select
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.driver import Driver


class HasDriver(Protocol):
    """The app."""

    _driver: Any

    def refresh(self, *, layout: bool = False) -> object:
        """Draw all."""
        ...


def mind_stops(app: HasDriver) -> None:
    """Go on rightly after a stop; a driver without a terminal, as in tests, is left alone."""
    driver = app._driver  # noqa: SLF001 - see the module's docstring
    if hasattr(driver, "_must_signal_resume"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGCONT, _go_on, app)


def _go_on(app: HasDriver) -> None:
    driver = app._driver  # noqa: SLF001 - see the module's docstring
    if not os.isatty(driver.fileno):
        return  # it is closed, and SIGHUP ends the program
    if not driver._must_signal_resume:  # noqa: SLF001 - stopped without having put anything away
        driver.suspend_application_mode()
        driver._must_signal_resume = True  # noqa: SLF001 - so that all is drawn anew
    driver.resume_application_mode()
    app.refresh(layout=True)  # the screen was left, and came back empty


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


class Terminal:
    """The terminal as it was before the app took it over."""

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
