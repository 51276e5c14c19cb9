"""The dashboard on a real terminal: a signal ends it with the terminal put back."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.command_line import OWNS_ITS_TERMINAL, PROGRAM
from tests.support import wait_until

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"


class Dashboard:
    """The program, and what it wrote to its terminal; *mine* is the other end of that."""

    def __init__(self, process: subprocess.Popen[bytes], mine: int) -> None:
        self.process = process
        self.shown = b""
        self._mine: int | None = mine

    def has(self, what: bytes, after: bytes = b"") -> bool:
        """Whether it has written *what*, *after* the first of that."""
        if self._mine is not None and select.select([self._mine], [], [], 0)[0]:
            try:
                self.shown += os.read(self._mine, 65536)
            except OSError:  # the other end is closed
                self.process.wait(20)
        return what in (self.shown.partition(after)[2] if after else self.shown)

    def press(self, keys: bytes) -> None:
        """Type."""
        assert self._mine is not None
        os.write(self._mine, keys)

    def hang_up(self) -> None:
        """Close the terminal, as when a window or a connection is closed."""
        if self._mine is not None:
            os.close(self._mine)
            self._mine = None

    def ended(self) -> int | None:
        """Its exit code, once it has one."""
        wait_until(lambda: self.has(b"\0") or self.process.poll() is not None, what="the process has ended")
        return self.process.returncode


@pytest.fixture
def start(tmp_path: Path, redis_url: str) -> Iterator[Callable[..., Dashboard]]:
    """Starts the dashboard, once, on a terminal of its own; its controlling one where it *owns* that."""
    started: list[Dashboard] = []

    def start(*, owns: bool = True) -> Dashboard:
        started.append(_start(tmp_path, redis_url, owns=owns))
        return started[0]

    yield start
    for shown in started:
        shown.process.kill()
        shown.process.communicate()
        shown.hang_up()


def _start(tmp_path: Path, redis_url: str, *, owns: bool = True) -> Dashboard:
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    command = [*PROGRAM, "--redis", redis_url, "--projects", str(tmp_path)]
    before = [sys.executable, "-c", OWNS_ITS_TERMINAL] if owns else []
    process = subprocess.Popen(
        [*before, *command],
        cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    return Dashboard(process, mine)


@pytest.fixture
def dashboard(start: Callable[[], Dashboard]) -> Dashboard:
    """The dashboard, drawn."""
    shown = start()
    wait_until(lambda: shown.has(ENTERED) and shown.has(b"treams"), what="the dashboard is there")
    return shown


def test_bytes_that_are_no_text_end_nothing(dashboard: Dashboard) -> None:
    for junk in (b"\xff", b"\xe9\xe8", b"\x1b[\xff\xfe", b"\xc3", b"\x1b\x1b\x1b[99999999999999999999~"):
        dashboard.press(junk)
        dashboard.shown = b""
        dashboard.press(b"T")
        wait_until(lambda: dashboard.has(b"theme"), what="the next key works")
    dashboard.press(b"q")
    assert dashboard.ended() == 0


@pytest.mark.parametrize("shown", [b"", ENTERED, b"treams"], ids=["before", "at once", "after"])
def test_q_at_the_start_ends_it_well(start: Callable[[], Dashboard], shown: bytes) -> None:
    dashboard = start()
    wait_until(lambda: dashboard.has(shown), what="as much of the start")
    dashboard.press(b"q")
    assert dashboard.ended() == 0, dashboard.shown[-3000:].decode()
    assert b"cannot start" not in dashboard.shown


@pytest.mark.parametrize(
    ("how", "code"),
    [(b"q", 0), (signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)],
    ids=["q", "SIGTERM", "SIGINT", "SIGHUP"],
)
def test_it_ends_with_the_terminal_put_back(
    dashboard: Dashboard, how: bytes | signal.Signals, code: int
) -> None:
    if isinstance(how, bytes):
        dashboard.press(how)
    else:
        dashboard.process.send_signal(how)
    wait_until(lambda: dashboard.has(LEFT), what="the screen is left")
    assert dashboard.ended() == code
    assert b"Traceback" not in dashboard.shown


def test_it_ends_when_its_terminal_is_closed(dashboard: Dashboard) -> None:
    dashboard.hang_up()
    assert dashboard.ended() == 128 + signal.SIGHUP


def test_it_ends_when_a_terminal_is_closed_that_the_system_says_nothing_of(
    start: Callable[..., Dashboard],
) -> None:
    dashboard = start(owns=False)
    wait_until(lambda: dashboard.has(b"treams"), what="the dashboard is there")
    dashboard.hang_up()
    assert dashboard.ended() == 128 + signal.SIGHUP


@pytest.mark.parametrize("keys", [b"1\x1bq", b"?\x1b\x1bq", b":\x1bq"], ids=["overview", "twice", "palette"])
def test_escape_and_q_in_one_go_are_two_keys(dashboard: Dashboard, keys: bytes) -> None:
    dashboard.press(keys)
    assert dashboard.ended() == 0


def test_it_goes_on_after_a_stop(dashboard: Dashboard) -> None:
    for _ in range(2):
        dashboard.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: psutil.Process(dashboard.process.pid).status() == "stopped", what="it is stopped")
        dashboard.shown = b""
        dashboard.process.send_signal(signal.SIGCONT)
        # what is typed before it has the terminal again is dropped, and it may draw once before it knows
        wait_until(lambda: dashboard.has(ENTERED), what="it has the terminal again")
        wait_until(lambda: dashboard.has(b"treams", after=ENTERED), what="all is drawn anew")
    dashboard.press(b"q")
    assert dashboard.ended() == 0
