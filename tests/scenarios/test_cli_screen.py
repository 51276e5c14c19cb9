"""The dashboard on a real terminal: a signal ends it with the terminal put back."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.command_line import PROGRAM
from tests.support import wait_until

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.mark.parametrize(
    ("how", "code"),
    [(b"q", 0), (signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)],
    ids=["q", "SIGTERM", "SIGINT", "SIGHUP"],
)
def test_it_ends_with_the_terminal_put_back(
    tmp_path: Path, redis_url: str, how: bytes | signal.Signals, code: int
) -> None:
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, "--redis", redis_url, "--projects", str(tmp_path)],
        cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""

    def has(what: bytes) -> bool:
        nonlocal shown
        if select.select([mine], [], [], 0)[0]:
            try:
                shown += os.read(mine, 65536)
            except OSError:  # the other end is closed
                process.wait(20)
        return what in shown

    try:
        wait_until(lambda: has(ENTERED) and has(b"treams"), what="the dashboard is there")
        if isinstance(how, bytes):
            os.write(mine, how)
        else:
            process.send_signal(how)
        wait_until(lambda: has(LEFT), what="the screen is left")
        wait_until(lambda: has(b"\0") or process.poll() is not None, what="the process has ended")
        assert process.returncode == code
        assert b"Traceback" not in shown
    finally:
        process.kill()
        process.communicate()
        os.close(mine)
