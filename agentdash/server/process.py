"""Processes by identity: a pid alone may have been given to another process since it was written down."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def birth(pid: int) -> str | None:
    """What tells this process from an earlier or later one with the same pid; None when it has ended.

    Linux: the start time in clock ticks since boot, field 22 of ``/proc/PID/stat`` (proc(5)), which no change
    of the wall clock moves. Elsewhere: psutil's creation time.
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
    """Signal the process that was *born* then, and no other.

    Returns:
        Whether it was there to be signalled.
    """
    if pid <= 1 or birth(pid) != born:
        return False
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True
