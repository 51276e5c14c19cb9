"""Exit codes of child processes: the kernel reports each to the parent only, and once."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from agentdash.processes.family import SAME_MS, created_at

KEPT = 200
"""Exit codes kept, the newest."""


class ExitCodes:
    """Exit codes of this program's children; negative: the signal. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[int, tuple[int, int]] = {}

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a child in a thread, and keep its exit code."""
        created = created_at(process.pid)

        def wait() -> None:
            try:
                _, status = os.waitpid(process.pid, 0)
            except ChildProcessError:
                process.returncode = 0  # another thread has waited for it and calls `put`
                return
            process.returncode = os.waitstatus_to_exitcode(status)
            if created is not None:
                self.put(process.pid, created, process.returncode)

        threading.Thread(target=wait, name=f"reap {process.pid}", daemon=True).start()

    def put(self, pid: int, created: int, code: int) -> None:
        """Keep the exit code of the process *pid* that started at *created* (Unix ms)."""
        with self._lock:
            self._codes.pop(pid, None)
            self._codes[pid] = (created, code)
            while len(self._codes) > KEPT:
                del self._codes[next(iter(self._codes))]

    def code_of(self, pid: int, created: int) -> int | None:
        """Its exit code; None where it is running or unknown."""
        with self._lock:
            known = self._codes.get(pid)
        return known[1] if known is not None and abs(known[0] - created) <= SAME_MS else None


EXIT_CODES = ExitCodes()
"""The exit codes of this process's children."""


def zombie_exit_code(pid: int) -> int | None:
    """The exit code of a zombie, from field 52 of proc_pid_stat(5); negative: the signal.

    Returns:
        None where it is not a zombie, or there is no ``/proc``. The field reads 0 without permission to trace
        the process, so call it for this user's processes only.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return os.waitstatus_to_exitcode(int(fields[49])) if fields[0] == b"Z" else None
    except (OSError, ValueError, IndexError):
        return None
