"""A person's own program takes the terminal: the dashboard steps back, and is there again afterwards."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from pathlib import Path

from tests.collectors.repos.stage import commit, repository
from tests.command_line import PROGRAM
from tests.support import wait_until

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
EDITOR = """#!/bin/sh
stty -a | grep -q ' icanon' && echo "COOKED $(pwd) $1"
printf 'TYPE: '
read answer
echo "$answer" > {said}
echo "changed" >> "$1"
exit 3
"""


def test_the_editor_has_the_terminal_until_it_ends(tmp_path: Path, redis_url: str, home: Path) -> None:
    web = repository(tmp_path / "projects/web")
    commit(web)
    (web / "a.txt").write_text("edited\n")
    editor, said = tmp_path / "editor", tmp_path / "said"
    editor.write_text(EDITOR.format(said=said))
    editor.chmod(0o755)
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, "--redis", redis_url, "--projects", str(web.parent)],
        cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "EDITOR": str(editor), "VISUAL": ""},
    )  # fmt: skip
    os.close(theirs)
    shown = bytearray()

    def after(what: bytes, place: int = 0) -> int:
        """Where *what* ends in what was shown from *place* on; 0 where it was not."""
        while select.select([mine], [], [], 0)[0]:
            try:
                shown.extend(os.read(mine, 65536))
            except OSError:
                process.wait(20)
                break
        at = shown.find(what, place)
        return 0 if at < 0 else at + len(what)

    def press(keys: bytes, until: bytes, place: int = 0) -> int:
        os.write(mine, keys)
        return wait_until(lambda: after(until, place), what=f"{until!r} after {keys!r}")

    try:
        wait_until(lambda: after(b"web"), what="the repository")
        press(b"4", b"LAST COMMIT")
        press(b"\r", b"a.txt", len(shown))
        left = press(b"o", LEFT)
        asked = wait_until(lambda: after(b"TYPE: ", left), what="the editor")
        assert f"COOKED {web} {web}/a.txt".encode() in shown[left:asked]
        assert ENTERED not in shown[left:asked]  # nothing is painted over it
        back = press(b"hello\r", ENTERED, asked)
        wait_until(lambda: after(b"a.txt", back), what="the screen again")
        assert said.read_text() == "hello\n"
        place = press(b"\x1b", b"REPO", len(shown))  # keys work: back to the list
        press(b"q", LEFT, place)
        wait_until(lambda: after(b"\0") or process.poll() is not None, what="its end")
        assert process.returncode == 0
        assert b"Traceback" not in shown
        log = next(home.rglob("agentdash.log")).read_text()
        assert "editor exited with 3" in log
    finally:
        process.kill()
        process.communicate()
        os.close(mine)
