"""How processes ended: the kernel tells that to their parent alone, and once."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from agentdash.processes.family import SAME_MS, created_at

KEPT = 200
"""Ends that are remembered, the newest."""


class Ends:
    """Exit codes of processes that this program started; below 0 the signal. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[int, tuple[int, int]] = {}

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a child in a thread, and remember how it ended."""
        created = created_at(process.pid)

        def wait() -> None:
            try:
                _, status = os.waitpid(process.pid, 0)
            except ChildProcessError:
                process.returncode = 0  # another one of us has asked, and tells it by `put`
                return
            process.returncode = os.waitstatus_to_exitcode(status)
            if created is not None:
                self.put(process.pid, created, process.returncode)

        threading.Thread(target=wait, name=f"reap {process.pid}", daemon=True).start()

    def put(self, pid: int, created: int, code: int) -> None:
        """Remember that the process *pid*, which began at *created* (Unix ms), ended with *code*."""
        with self._lock:
            self._codes.pop(pid, None)
            self._codes[pid] = (created, code)
            while len(self._codes) > KEPT:
                del self._codes[next(iter(self._codes))]

    def code_of(self, pid: int, created: int) -> int | None:
        """How that process ended; None where it goes on, or nobody here was told."""
        with self._lock:
            known = self._codes.get(pid)
        return known[1] if known is not None and abs(known[0] - created) <= SAME_MS else None


ENDS = Ends()
"""Those of this program: the kernel tells a process of its own children, so there is one of it."""


def zombie_exit_code(pid: int) -> int | None:
    """How a process ended whose parent has not asked yet, from field 52 of proc_pid_stat(5).

    Returns:
        Its exit code, below 0 the signal; None where it is no zombie, or there is no such file system. The
        field reads 0 to those who may not trace the process: ask of this user's own only.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return os.waitstatus_to_exitcode(int(fields[49])) if fields[0] == b"Z" else None
    except (OSError, ValueError, IndexError):
        return None
