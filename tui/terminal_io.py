"""What comes from the terminal and what goes to it, so that neither can end the program or hold up its keys.

Textual reads in one thread and writes in another. The first ends at a byte that is no UTF-8 (a key with Alt
on an old terminal, a paste in Latin-1), and loops for ever where the terminal is gone; an Esc swallows a key
that follows within 0.1 s. Of the second only 30 writes may wait: from then on the event loop waits while
a terminal is not read (ctrl+s), and for ever once that thread has ended.

It leans on private names of Textual, whose version is pinned.
"""

from __future__ import annotations

import codecs
import os
import signal
import sys
from collections.abc import Callable, Iterable
from functools import partial
from queue import Full
from typing import TYPE_CHECKING, Any

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.message import Message

if TYPE_CHECKING:
    from textual.driver import Driver

ESCAPE_S = 0.03
"""Seconds in which the rest of a key's sequence follows its Esc; nobody types two keys as fast as that."""


class TerminalGone(Exception):  # noqa: N818 - it is closed, which is no error
    """There is nothing to read any more."""


class Decoder(codecs.BufferedIncrementalDecoder):
    """UTF-8; what is none becomes U+FFFD, and the keys around it are not lost."""

    def decode(self, raw: Any, final: bool = False) -> str:
        """The next characters.

        Raises:
            TerminalGone: at the end of what a terminal sends.
        """
        if not raw and not final:
            raise TerminalGone
        return super().decode(raw, final)

    def _buffer_decode(self, raw: Any, errors: str, final: bool) -> tuple[str, int]:
        return codecs.utf_8_decode(raw, errors, final)


class KeyParser(XTermParser):
    """Also uses the time before the next byte: a separate Esc is a key."""

    def feed(self, data: str) -> Iterable[Message]:
        """The keys in *data*."""
        if data:
            yield from self.tick()
        yield from super().feed(data)


class Writer(WriterThread):
    """Never blocks. Output that the terminal does not accept is dropped; all is redrawn later."""

    ending = False
    """Whether what is written puts the terminal back: that is waited for."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self._dropped = False
        self.caught_up: Callable[[], object] = lambda: None

    def write(self, text: str) -> None:
        """Hand *text* to the thread."""
        try:
            self._queue.put(text, block=self.ending)
        except Full:
            self._dropped = True

    def run(self) -> None:
        """Write until closed; without a terminal, empty the queue, as it may be waited for."""
        try:
            self._write_all()
        except (OSError, ValueError):
            hang_up()
            while self._queue.get() is not None:
                continue

    def _write_all(self) -> None:
        while (text := self._queue.get()) is not None:
            self._file.write(text)
            if self._queue.empty():
                self._file.flush()
                if self._dropped:
                    self._dropped = False
                    self.caught_up()
        self._file.flush()


def hang_up() -> None:
    """End as where the terminal was closed: not every terminal has the system say so."""
    os.kill(os.getpid(), signal.SIGHUP)


def resilient_driver(base: type[Driver]) -> type[Driver]:
    """*base* with what is above; as it is where it reads in no thread of its own."""
    if not hasattr(base, "run_input_thread"):
        return base
    module = vars(sys.modules[base.__module__])
    module |= {
        name: part
        for name, part in (
            ("getincrementaldecoder", lambda _encoding: partial(Decoder, errors="replace")),
            ("XTermParser", KeyParser),
            ("WriterThread", Writer),
        )
        if name in module
    }
    if "ESCDELAY" not in os.environ:
        constants.ESCAPE_DELAY = ESCAPE_S  # type: ignore[misc] # its default is too long for quick fingers

    class ResilientDriver(base):  # type: ignore[valid-type, misc] # which class it is depends on the platform
        """Records what its parser cannot read, and reads on."""

        def run_input_thread(self) -> None:
            """Read until the program ends, or the terminal is gone."""
            while not self.exit_event.is_set():
                try:
                    super().run_input_thread()
                except (TerminalGone, OSError):
                    hang_up()
                    return
                except Exception as error:  # noqa: BLE001 - the next keys are read
                    self._app.call_later(self._app.failed, error)

        def start_application_mode(self) -> None:
            """Take the terminal over."""
            super().start_application_mode()
            writer = self._writer_thread
            if isinstance(writer, Writer):
                writer.caught_up = lambda: self._app.call_later(self._app.refresh, layout=True)

        def stop_application_mode(self) -> None:
            """Put the terminal back."""
            if isinstance(self._writer_thread, Writer):
                self._writer_thread.ending = True
            super().stop_application_mode()

    return ResilientDriver
