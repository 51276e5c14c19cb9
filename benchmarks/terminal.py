"""A real pseudo-terminal for programs that are measured as a person has them: what they write, and when."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT = 120, 40
ENDING = 15.0


class PseudoTerminal:
    """One program on a terminal of 120×40, from its exec on.

    Args:
        command: What is run.
        cwd: Where.
        env: Added to this process's environment.
    """

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        self.written = bytearray()
        self.begun = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
            os.chdir(cwd)
            os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm-256color", **env})

    def read(self, seconds: float) -> bytes:
        """What comes within so long at most; empty when nothing does, or the program has ended."""
        if not select.select([self._fd], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # the other end is closed
            return b""
        self.written += data
        return data

    def until(self, words: Sequence[bytes], limit: float = 30.0) -> float | None:
        """Seconds from exec until all of *words* have been written; None when they were not in time."""
        left = [word for word in words if word not in self.written]
        while left and (room := self.begun + limit - time.perf_counter()) > 0:
            self.read(min(0.2, room))
            left = [word for word in left if word not in self.written]
        return None if left else time.perf_counter() - self.begun

    def swallow(self, seconds: float) -> None:
        """Let it run for so long, taking what it writes."""
        end = time.perf_counter() + seconds
        while (room := end - time.perf_counter()) > 0:
            self.read(min(0.2, room))

    def press(self, keys: bytes) -> None:
        """Type *keys*."""
        os.write(self._fd, keys)

    def cpu(self) -> float:
        """CPU seconds that it has used so far, without its children."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self) -> int:
        """Resident memory, bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> None:
        """End it with SIGTERM, and with SIGKILL where that does not help; its exit is awaited."""
        os.kill(self.pid, signal.SIGTERM)
        end = time.perf_counter() + ENDING
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.perf_counter() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
            self.read(0.05)
        os.close(self._fd)
