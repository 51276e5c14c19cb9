"""The whole program in a world of its own, and what it leaves behind when it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.command_line import PROGRAM
from tests.support import wait_until

OWNS_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
AT_IMPORT = """
import os, sys

class AtImport:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["TEST_SIGNAL_AT"]:
            sys.meta_path.remove(self)
            for _ in range(int(os.environ["TEST_SIGNAL_TIMES"])):
                os.kill(os.getpid(), int(os.environ["TEST_SIGNAL"]))

if "TEST_SIGNAL_AT" in os.environ:
    sys.meta_path.insert(0, AtImport())
"""
"""A ``sitecustomize``: the process sends itself a signal when it imports a module, which is a moment that a
busy machine does not move."""
SWITCHES = {b"1049": (b"h", b"l"), b"1000": (b"h", b"l"), b"2004": (b"h", b"l"), b"25": (b"l", b"h")}
"""Private modes of a terminal that the dashboard changes, how it sets them and how it leaves them: the
alternate screen, the mouse, pasting, the cursor."""


class Program:
    """One process of the program, in its own session, with its own home, state and temporary folder.

    Args:
        folder: Empty; all is below it.
        args: The command line.
        tty: Whether it has a terminal (else pipes, and nothing to read).
        env: More of the environment.
        signal_at: A module at whose import the signal is sent, the signal, and how often.
    """

    def __init__(
        self,
        folder: Path,
        *args: str,
        tty: bool = False,
        env: dict[str, str] | None = None,
        signal_at: tuple[str, int, int] | None = None,
        **more: Any,
    ) -> None:
        self.folder = folder
        for name in ("home", "state", "config", "tmp", "work", "site"):
            (folder / name).mkdir()
        (folder / "site" / "sitecustomize.py").write_text(AT_IMPORT)
        moment = {}
        if signal_at is not None:
            names = ("TEST_SIGNAL_AT", "TEST_SIGNAL", "TEST_SIGNAL_TIMES")
            moment = {
                name: str(int(v)) if isinstance(v, int) else v
                for name, v in zip(names, signal_at, strict=True)
            }
        environment = {
            **os.environ, "HOME": f"{folder}/home", "TERM": "xterm-256color", "TMPDIR": f"{folder}/tmp",
            "XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config",
            "PYTHONPATH": f"{folder}/site:{Path.cwd()}", **moment, **(env or {}),
        }  # fmt: skip
        self.written = {"out": b"", "err": b"", "tty": b""}
        self._mine = self._theirs = -1
        command = [*PROGRAM, *args]
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        if tty:
            self._mine, self._theirs = pty.openpty()
            fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            self._before = termios.tcgetattr(self._theirs)
            command = [sys.executable, "-S", "-E", "-c", OWNS_ITS_TERMINAL, *command]
            options = dict.fromkeys(("stdin", "stdout", "stderr"), self._theirs)
        self.process = subprocess.Popen(
            command, cwd=folder / "work", env=environment, start_new_session=True, **{**options, **more}
        )
        self._sources = {self._mine: "tty"} if tty else {}
        for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr)):
            if pipe is not None:
                self._sources[pipe.fileno()] = name

    def has(self, what: bytes) -> bool:
        """Whether it has written *what* by now."""
        self._read()
        return any(what in text for text in self.written.values())

    def shows(self, what: bytes) -> None:
        """Wait until it has written *what*."""
        wait_until(lambda: self.has(what) or self.ended, what=f"{what!r} is written")
        assert self.has(what), self.written

    @property
    def ended(self) -> bool:
        self._read()
        return self.process.poll() is not None

    def press(self, keys: bytes) -> None:
        os.write(self._mine, keys)

    def code(self) -> int:
        """Its exit code, once it has ended."""
        wait_until(lambda: self.ended, timeout=40, what="it has ended")
        self._read()
        assert self.process.returncode is not None
        return self.process.returncode

    def left(self) -> list[str]:
        """What it left behind, in words: processes, files, a terminal that is not as it was, a traceback."""
        found = [f"process {line}" for line in self._processes_after_a_moment()]
        found += [f"file {path}" for path in (self.folder / "tmp").iterdir()]
        if self._theirs >= 0:
            if termios.tcgetattr(self._theirs) != self._before:
                found.append("the terminal's settings")
            shown = self.written["tty"]
            for mode, (on, off) in SWITCHES.items():
                if shown.rfind(b"\x1b[?%s%s" % (mode, on)) > shown.rfind(b"\x1b[?%s%s" % (mode, off)):
                    found.append(f"the terminal's mode {mode.decode()}")
        for text in self.written.values():
            for words in (b"Traceback", b"Exception ignored", b"Task was destroyed"):
                if words in text:
                    found.append(text[text.find(words) :].decode("utf-8", "replace"))
        return found

    def close(self) -> None:
        """End all that is there, whatever the test found."""
        self.process.kill()
        self.process.communicate()
        for process in self._processes():
            process.kill()
        for descriptor in (self._mine, self._theirs):
            if descriptor >= 0:
                os.close(descriptor)

    def _read(self) -> None:
        while self._sources:
            ready, _, _ = select.select(list(self._sources), [], [], 0)
            if not ready:
                return
            for source in ready:
                try:
                    piece = os.read(source, 65536)
                except OSError:  # the terminal's other end is closed
                    piece = b""
                if piece:
                    self.written[self._sources[source]] += piece
                else:
                    del self._sources[source]

    def _processes_after_a_moment(self) -> list[str]:
        """A process that was sent its end may take a moment."""
        until = time.monotonic() + 2.0
        while (found := self._processes()) and time.monotonic() < until:
            time.sleep(0.02)
        return [f"{process.pid}: {named(process)}" for process in found]

    def _processes(self) -> list[psutil.Process]:
        """Everything that has this folder in its command line or environment."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            place = str(self.folder)
            return place in named(process) or any(place in value for value in process.environ().values())
        except (psutil.Error, OSError):
            return False


def named(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "(gone)"


def ended_well(program: Program, code: int, act: Callable[[Program], object] = lambda _: None) -> None:
    """Have *act* done to it, and check how it ends."""
    try:
        act(program)
        assert (program.code(), program.left()) == (code, []), program.written
    finally:
        program.close()
