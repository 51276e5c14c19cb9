"""Processes by identity: a recorded pid may belong to another process by now."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def birth(pid: int) -> str | None:
    """An identity of this process among those with the same pid; None when it has ended.

    Linux: the start time in clock ticks since boot, field 22 of ``/proc/PID/stat`` (proc(5)), which does not
    depend on the wall clock. Elsewhere: psutil's creation time.
    """
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        fields = stat.rpartition(b")")[2].split()
        return None if fields[0] in {b"Z", b"X"} else fields[19].decode("ascii")
    import psutil

    try:
        found = psutil.Process(pid)
        return None if found.status() == psutil.STATUS_ZOMBIE else f"{found.create_time():.3f}"
    except psutil.Error:
        return None


def send(pid: int, born: str, number: signal.Signals) -> bool:
    """Signal the process with the identity *born*, and no other.

    Returns:
        Whether it was signalled.
    """
    if pid <= 1 or birth(pid) != born:
        return False
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True
