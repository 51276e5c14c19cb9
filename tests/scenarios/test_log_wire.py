"""What reaches the terminal while a log full of escape sequences is shown: none of them."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
from pathlib import Path

from tests.command_line import PROGRAM
from tests.support import wait_until

EVIL = (
    "\x1b]52;c;T1dORUQ=\x07", "\x1b]0;EVIL\x07", "\x1b]2;EVIL\x1b\\", "\x1b[13;137H", "\x1b[3J", "\x1bc",
    "\x1bP+q4556494c\x1b\\", "\x9d0;EVIL\x9c", "\x1b[?1337h", "\x1b[21t", "\x05", "\x0e", "\x07", "\x08\x08",
    "\x1b]8;;http://evil.example\x1b\\", "\u202e", "\x1b[5n", "\0", "\x9b31m",
)  # fmt: skip
"""Clipboard, titles, cursor, erase, reset, requests, modes, answerback, character sets, bell, links, bidi."""
ACTING = re.compile(
    "[\0\x05\x07\x08\x0e\x80-\x9f\u202e]|\x1b(?:[\\]Pc\\\\]|\\[(?:13;137H|3J|\\?1337h|21t|5n))"
)
POINTER = b"\x1b]22;default\x07"
"""The shape of the pointer, which Textual sets."""


def test_no_byte_of_a_log_acts_on_the_terminal(tmp_path: Path, redis_url: str) -> None:
    log = tmp_path / "evil.log"
    raw = [f"2024-11-20T16:28:01Z INFO raw{n:02}{evil}z [/x] [bold]" for n, evil in enumerate(EVIL)]
    coded = [json.dumps({"level": 50, "msg": f"json{n:02}{evil}z"}) for n, evil in enumerate(EVIL)]
    lines = [line.encode("utf-8") for line in (*raw, *coded)]
    lines += [line.encode("latin-1", "replace") for line in raw]
    log.write_bytes(
        b"\n".join([b"y" * 3_000_000, *lines, b"2024-11-20T16:28:01Z ERROR the last line \xff", b""])
    )
    (tmp_path / "agentdash.toml").write_text(f'[logs]\nfiles = ["{log}"]\n')
    world = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 90, 160, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, "--redis", redis_url, "--projects", str(tmp_path)],
        cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**world, "TERM": "xterm-256color"}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""

    def has(what: bytes) -> bool:
        nonlocal shown
        if select.select([mine], [], [], 0)[0]:
            shown += os.read(mine, 65536)
        return what in shown

    try:
        wait_until(lambda: has(b"treams"), what="the dashboard is there")
        os.write(mine, b"6")
        words = [f"{name}{n:02}".encode() for name in ("raw", "json") for n in range(len(EVIL))]
        wait_until(lambda: has(b"") and all(word in shown for word in words), what="every line")
        wait_until(lambda: has(b"the last line"), what="the last line")
    finally:
        process.kill()
        process.communicate()
        os.close(mine)
    assert all(ACTING.search(evil) for evil in EVIL)
    told = shown.replace(POINTER, b"").decode("utf-8")
    assert ACTING.findall(told) == []
